// The stored reports of one target over a while, and what they come to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/report/stored_report.h"

namespace drift::report {

struct TargetHistory {
  std::string target;
  // Newest first, all within the time asked for; may be empty.
  std::vector<StoredReport> reports;
  std::vector<std::string> places;  // of `reports`
  // The target's last report, though it may be older than the time asked for.
  std::optional<StoredReport> latest;
};

struct Period {
  TimePoint since, until;
};

// A stretch of time in which one status held: from a run to the next one, but no longer than
// kSilence. What is between is a gap: nothing ran.
struct Stretch {
  TimePoint begin, end;
  std::string status;  // "" for a gap
};

// After this long without a run nobody knows any more. A nightly run may begin two hours late.
inline constexpr std::chrono::hours kSilence{26};

// In the order of time, without overlap, all of `period`; before the first run is a gap.
std::vector<Stretch> stretches(const TargetHistory& history, const Period& period);

// How many runs of each status there were.
std::map<std::string, std::size_t> runs_by_status(const TargetHistory& history);

// Since when the target's last report has had drift, or could not tell; nothing where it is synced.
std::optional<TimePoint> trouble_since(const StoredReport& report);

// "3 revisions are pending", "cannot tell: connection refused", "": what a line has room for.
std::string in_short(const StoredReport& report);

// Of every report a line: when, target, status, what, and where it lies. A final newline.
std::string list_text(const std::vector<std::pair<StoredReport, std::string>>& reports);
std::string list_json(const std::vector<std::pair<StoredReport, std::string>>& reports);

// The weekly mail: what is not as it should be first, then everything in one line a target.
std::string summary_text(const std::vector<TargetHistory>& targets, const Period& period);
std::string summary_json(const std::vector<TargetHistory>& targets, const Period& period);

}  // namespace drift::report
