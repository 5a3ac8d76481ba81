// Whether a run has something to say: people stop reading mails that say the same every morning. So
// it is remembered what runs saw of a target at a ref, and what each destination has accepted about
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

// As later runs know them, sorted.
std::vector<KnownFinding> known_findings(const std::vector<verdict::Finding>& findings);

// "a, b and 3 more": the first `most` of them, printable.
std::string listed(const std::vector<std::string>& subjects, std::size_t most);

// A report: when it was made, and the how many-th of its target it is (0 where that is not known).
struct Sight {
  TimePoint at;
  std::uint64_t sequence = 0;

  bool operator==(const Sight&) const = default;
};

// By number where both have one: a clock may have been wrong, the count cannot be.
bool earlier(const Sight& one, const Sight& other);

// What the runs so far found of a target at one ref of one repository. No destination's business:
// it is known where nobody was told, too.
struct Seen {
  struct Drift {
    Sight first;  // since then no run saw it gone
    // As the last run that could tell found them: those pending too where a row hides them since.
    std::vector<KnownFinding> findings;
    bool acknowledged = false;  // so that run told nobody
    // The run at which an acknowledgement of it was over: who heard nothing since hears of it.
    std::optional<Sight> resumed = {};

    bool operator==(const Drift&) const = default;
  };
  struct Failing {
    Sight first;       // since then no run could tell
    std::string kind;  // Failure::kind of the last

    bool operator==(const Failing&) const = default;
  };
  std::optional<Drift> drift;  // it outlasts runs that could not tell
  std::optional<Failing> failing;

  bool operator==(const Seen&) const = default;
};

// What one destination accepted last of a target at one ref, so what its readers go by.
struct Told {
  struct Drift {
    Sight first;  // Seen::Drift::first
    std::vector<KnownFinding> findings;

    bool operator==(const Drift&) const = default;
  };
  Sight by;          // the report of which it was told
  TimePoint at;      // when it was accepted
  std::string kind;  // alert_kind_name()
  std::optional<Drift> drift;
  std::optional<Seen::Failing> failing;

  bool operator==(const Told&) const = default;
};

// Of which runs and destinations a memory speaks. `ref` as it was asked for ("HEAD" where none
// was), `repository` redacted: a URL that was read may be spelled otherwise, what was configured
// is the same in a run that could not read it.
struct Place {
  std::string target, repository, ref;
};

// The 16 hex digits that name the memory in the store. `destination`: AlertSink::identity().
std::string seen_key(const Place& place);
std::string told_key(const Place& place, const std::string& destination);

// The JSON of both as it is stored; keys in a fixed order. `by` is the run that saw it last,
// `destination` a name without secrets.
std::string to_json(const Place& place, const Seen& seen, const Sight& by);
std::string to_json(const Place& place, const std::string& destination, const Told& told);

// Why a text was refused: "is not JSON", "has no \"status\"". Completes a sentence.
struct StoredReportRefusal {
  std::string reason;
};
struct StoredSeen {
  Seen seen;
  Sight by;
};
std::variant<StoredSeen, StoredReportRefusal> read_seen(std::string_view json);
std::variant<Told, StoredReportRefusal> read_told(std::string_view json);

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

// Whether `finding` is one that `acknowledgement` was given for. More pending revisions are, as
// long as one of those that it was given for is still pending: who waits with a deploy expects more
// of them, and once it was made the wait is over. Any other new finding is not.
bool covers(const Acknowledgement& acknowledgement, const verdict::Finding& finding);

enum class AlertKind {
  kFirstDrift,
  kDriftChanged,
  kDriftReminder,
  kDriftUnchanged,          // quiet
  kDriftAcknowledged,       // quiet
  kAcknowledgementExpired,  // or it is no longer there
  kAcknowledgementWithdrawn,
  kCannotTell,  // not told before, or for another reason than was told
  kCannotTellReminder,
  kCannotTellUnchanged,  // quiet
  kCanTellAgain,         // the drift of before is still there
  kRecovered,            // from drift, or from not being able to tell
  kSynced,               // quiet
  kEveryRun,             // --notify-on-success
  kReportNotStored,      // quiet but for that
  kNoDestination,        // quiet: there is nobody to tell
};

// "first_drift", "drift_changed", ...: the words of the report's "alert.kind".
std::string_view alert_kind_name(AlertKind kind);

// What this run found.
struct AlertOccasion {
  Sight sight;
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

// One that an alert may go to, and what is known of it.
struct Destination {
  std::string name;  // AlertSink::name()
  // What it was told; nothing where that was never recorded.
  std::optional<Told> told = {};
  // Where it is not known whether it was told anything, why: completes "nothing is known of what
  // was told before: ". "" where it is known.
  std::string unknown_because = {};
};

// What one destination is sent.
struct DestinationDecision {
  std::string destination;
  bool send = false;
  AlertKind kind = AlertKind::kSynced;
  // One sentence for the report and the mail: why it is sent, or why not.
  std::string reason;
  // Sentences on what came and what went since it was told.
  std::vector<std::string> changes;
  // What it has been told once it has accepted this; `at` is left to whoever sends.
  Told after;
};

// Of all destinations. Decided before the report is stored, so it says what is to be done; what was
// done of it stands in the store's memory of each destination and, where it failed, in
// Report::undelivered.
struct AlertDecision {
  // What this reader is to know: in the alert to one destination the decision for that one, else
  // the foremost.
  bool send = false;
  AlertKind kind = AlertKind::kNoDestination;
  std::string reason;
  std::vector<std::string> changes;
  std::vector<DestinationDecision> destinations;
  Seen seen;  // with this run
};

// Not being able to tell is told again after a day: nobody watches production meanwhile.
inline constexpr std::chrono::hours kFailingReminder{24};
// A nightly run may begin a little earlier than the one before it.
inline constexpr std::chrono::hours kReminderSlack{2};

// `before` is what runs before this one saw; nothing where none is known. Pure.
// An acknowledgement silences drift, never a failure, and never the news that either is over.
AlertDecision decide_alert(const std::optional<Seen>& before, const AlertOccasion& now,
                           const std::vector<Destination>& destinations,
                           const std::optional<Acknowledgement>& acknowledgement,
                           const AlertRules& rules);

// The first that is sent, or the first of all; it stands for all in the report. Null where there is
// no destination.
const DestinationDecision* foremost(const AlertDecision& decision);

// Sends to every destination that would be kept quiet, for `reason`.
void send_to_all(AlertDecision& decision, AlertKind kind, const std::string& reason);

// `decision` as the alert to `of.destination` says it.
AlertDecision for_destination(AlertDecision decision, const DestinationDecision& of);

}  // namespace drift::report
