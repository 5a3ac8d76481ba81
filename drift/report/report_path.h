// Where each thing is kept in the place of reports (a folder, a bucket): the only file that knows.
//
//   YYYY/MM/DD/TARGET-YYYYMMDDTHHMMSSZ-RUNID[-SUFFIX].json  reports and records, never replaced
//   latest/TARGET.json            the target's last report
//   latest/seen/TARGET/KEY.json   what runs saw, by seen_key()
//   latest/told/TARGET/KEY.json   what a destination was told, by told_key()
//   acks/TARGET.json              the target's last acknowledgement
//   fleet/YYYY-MM-DD.json, .html  what a fleet came to that day: its last run, and the page
//   fleet/work/RUNID/NAME.json    what the steps of one fleet's run hand to one another
//   summary/YYYY-MM-DD.html       the page of a weekly summary
//
// What has another name is passed over. The policies in cron/ grant by these paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drift/base/clock.h"

namespace drift::report {

// What a name may end in: of a report that could not be stored at once and says so, and of the
// second one of a run whose alert failed; of the records of `ack` and of `reports prune`, which are
// beside reports and are none.
inline constexpr std::string_view kSpooledSuffix = "spooled";
inline constexpr std::string_view kUndeliveredSuffix = "undelivered";
inline constexpr std::string_view kAckSuffix = "ack";
inline constexpr std::string_view kPrunedSuffix = "pruned";

// What names a dated report or record.
struct ReportName {
  std::string target;
  TimePoint timestamp;
  std::string run_id;
  std::string suffix;  // "" for the report itself, or one of the above
};

bool is_report(const ReportName& name);

// "TARGET-20261120T030000Z-RUNID[-SUFFIX].json", and with its folder: "2026/11/20/TARGET-...".
std::string file_name(const ReportName& name);
std::string dated_path(const ReportName& name);
// The inverse of file_name; nothing for any other text.
std::optional<ReportName> parse_file_name(std::string_view text);

// "2026/11/20", and whether the last part of "2026", "2026/11" or "2026/11/20" can be one of these.
std::string dated_folder(TimePoint timestamp);
bool is_part_of_date(std::string_view folder);

inline constexpr std::string_view kLatestFolder = "latest/";
inline constexpr std::string_view kAcknowledgementFolder = "acks/";
std::string latest_path(std::string_view target);
std::string acknowledgement_path(std::string_view target);
// The target of a file right below one of these two folders; nothing for any other file.
std::optional<std::string> target_of(std::string_view file_name);

std::string seen_path(std::string_view target, std::string_view key);
std::string told_path(std::string_view target, std::string_view key);

// "fleet/2026-11-21.json" and "fleet/2026-11-21.html": of the day on which the run began.
std::string fleet_path(TimePoint started, std::string_view end);
// `name`: "targets", "batch-7".
std::string fleet_work_path(std::string_view run_id, std::string_view name);
std::string summary_path(TimePoint now);

// What `doctor --write-test` puts where a report of today would be, because that is what a run must
// be able to write; no report has such a name.
std::string write_test_path(TimePoint now, std::string_view run_id);

}  // namespace drift::report
