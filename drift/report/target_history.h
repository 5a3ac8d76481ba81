// The stored reports of one target over a while, and what they come to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/stored_report.h"

namespace drift::report {

// What lists, pages and summaries say of one report: a few hundred bytes, so that those of years
// can be held at once.
struct PastRun {
  TimePoint timestamp;
  std::string run_id;
  std::string target;
  std::string status;
  bool could_tell = true;
  std::optional<TimePoint> since;  // trouble_since()
  std::string what;                // in_short()
  std::size_t pending = 0;
  std::string alert_kind;
  bool alert_due = false;  // as it was decided; `undelivered` has what did not get through
  std::vector<std::string> undelivered;
  std::int64_t duration_ms = 0;
  std::string place;
};
PastRun past_run(const StoredReport& report, std::string place);

struct TargetHistory {
  std::string target;
  // Newest first, all within the time asked for; may be empty.
  std::vector<PastRun> reports;
  // The target's last report, though it may be older than the time asked for.
  std::optional<StoredReport> latest;
  std::string latest_sha256;  // of its bytes
  // The target's last one, ended or not; nothing where there is none, or none that can be read.
  std::optional<Acknowledgement> acknowledgement;
};

// "report 41, sha256 0f3a..." of the latest one: what to note outside the store. "" without one.
std::string evidence(const TargetHistory& history);

struct Period {
  TimePoint since, until;
  // As many reports were asked for (--limit), and there are older ones: `since` is that of the
  // oldest that was read. Nothing where all of the period was read.
  std::optional<std::size_t> limit_met = std::nullopt;
};

// "only the newest 50 reports were read (--limit 50)"; "" where all were.
std::string limit_sentence(const Period& period);

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

// Nights of `period` that went by without a run: whole days that are missing between two runs, and
// after the last one each night whose run is more than two hours late. What was before the first
// run is not counted, because nobody knows whether there should have been one.
std::size_t missed_nights(const TargetHistory& history, const Period& period);

// Whether nothing has run for longer than kSilence at the end of `period`.
bool is_silent(const TargetHistory& history, const Period& period);

// Whether the target's acknowledgement belongs into an account of `period`: it is in force, or
// there is trouble, or it was given, taken back or over within it. False where there is none.
bool tells_acknowledgement(const TargetHistory& history, const Period& period);

// "2026-11-20 03:00".
std::string minute_text(TimePoint time);

// How many runs of each status there were.
std::map<std::string, std::size_t> runs_by_status(const TargetHistory& history);

// Since when the target's last report has had drift, or could not tell; nothing where it is synced.
std::optional<TimePoint> trouble_since(const StoredReport& report);

// "3 revisions are pending", "cannot tell: connection refused", "": what a line has room for.
std::string in_short(const StoredReport& report);

// Of every report a line: when, target, status, what, and where it lies. A final newline.
std::string list_text(const std::vector<PastRun>& runs);
std::string list_json(const std::vector<PastRun>& runs);

// The weekly mail: what is not as it should be first, then everything in one line a target.
std::string summary_text(const std::vector<TargetHistory>& targets, const Period& period);
// In parts for `write`: every run of a year is a line here.
void summary_json(const std::vector<TargetHistory>& targets, const Period& period,
                  const std::function<void(std::string_view)>& write);

}  // namespace drift::report
