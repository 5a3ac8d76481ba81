// Whether a run has something to say: people stop reading mails that say the same every morning.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/verdict/verdict.h"

namespace drift::report {

// A finding as far as later runs compare with it.
struct KnownFinding {
  std::string kind;
  std::string fingerprint;
  std::vector<std::string> subjects;  // sorted; at most kMaxKnownSubjects

  bool operator==(const KnownFinding&) const = default;
};

// Beyond these a change is told without saying which subjects came and went.
inline constexpr std::size_t kMaxKnownSubjects = 200;

// What a run leaves behind for the next one's decision. It stands in every report, so the last
// report is all that a run needs to know of those before it.
struct AlertState {
  // The drift as people were last told of it. It outlasts runs that could not tell.
  struct Drift {
    TimePoint since;       // the first report that saw it
    TimePoint alerted_at;  // the last run that told, or would have told but for acknowledgement
    std::vector<KnownFinding> told;
    bool acknowledged = false;  // the last run that saw it was quiet for that reason

    bool operator==(const Drift&) const = default;
  };
  // Since when runs could not tell, and why.
  struct Failing {
    TimePoint since;
    TimePoint alerted_at;
    std::string kind;  // Failure::kind

    bool operator==(const Failing&) const = default;
  };
  std::optional<Drift> drift;
  std::optional<Failing> failing;
  // False where an alert of that run did not get through; it is then told again.
  bool delivered = true;

  bool operator==(const AlertState&) const = default;
};

// As later runs know them, sorted.
std::vector<KnownFinding> known_findings(const std::vector<verdict::Finding>& findings);

// Who took an acknowledgement back, when, and why where they said so.
struct Withdrawal {
  TimePoint at;
  std::string by;
  std::string reason = {};

  bool operator==(const Withdrawal&) const = default;
};

// Somebody knows of the drift and does not want to hear of it until then.
struct Acknowledgement {
  TimePoint until;
  TimePoint at;
  std::string by;
  std::string reason;
  std::vector<KnownFinding> findings;  // those of the report that it was given for
  // The number of that report; 0 where it had none. Drift that was first seen in a later report is
  // another drift.
  std::uint64_t sequence = 0;
  std::optional<Withdrawal> withdrawn = {};

  bool operator==(const Acknowledgement&) const = default;
};

// Whether `finding` is one that `acknowledgement` was given for. Further pending revisions are:
// who waits with a deploy expects more of them. Any other new finding is not.
bool covers(const Acknowledgement& acknowledgement, const verdict::Finding& finding);

enum class AlertKind {
  kFirstDrift,
  kDriftChanged,
  kDriftReminder,
  kDriftUnchanged,     // quiet
  kDriftAcknowledged,  // quiet
  kAcknowledgementExpired,
  kCannotTell,  // the first run that could not, or another reason than before
  kCannotTellReminder,
  kCannotTellUnchanged,  // quiet
  kCanTellAgain,         // the drift of before is still there
  kRecovered,            // from drift, or from not being able to tell
  kSynced,               // quiet
  kUndelivered,          // the last run's alert did not get through
  kEveryRun,             // --notify-on-success
};

// "first_drift", "drift_changed", ...: the words of the report's "alert.kind".
std::string_view alert_kind_name(AlertKind kind);

// What this run found.
struct AlertOccasion {
  TimePoint at;
  verdict::Status status = verdict::Status::kError;
  std::vector<verdict::Finding> findings;
  std::string failure_kind;  // of an error
};

struct AlertRules {
  // The same drift is told again after this long.
  std::chrono::days reminder{7};
  // --notify-on-success: every run tells, as the job before this program did.
  bool every_run = false;
};

struct AlertDecision {
  bool send = false;
  AlertKind kind = AlertKind::kSynced;
  // One sentence for the report and the mail: why it is sent, or why not.
  std::string reason;
  // Sentences on what came and what went, of kDriftChanged.
  std::vector<std::string> changes;
  AlertState after;
};

// Not being able to tell is told again after a day: nobody watches production meanwhile.
inline constexpr std::chrono::hours kFailingReminder{24};
// A nightly run may begin a little earlier than the one before it.
inline constexpr std::chrono::hours kReminderSlack{2};

// `before` is nothing where no earlier report is known; `unknown_because` then completes the
// reason: "this is the target's first report", "the last report cannot be read: ...". Pure.
// An acknowledgement silences drift, never a failure, and never the news that drift is over.
AlertDecision decide_alert(const std::optional<AlertState>& before,
                           const std::string& unknown_because, const AlertOccasion& now,
                           const std::optional<Acknowledgement>& acknowledgement,
                           const AlertRules& rules);

}  // namespace drift::report
