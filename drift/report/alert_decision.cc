#include "drift/report/alert_decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::report {
namespace {

using std::chrono::hours;
using verdict::Finding;
using verdict::Status;

constexpr std::string_view kPending = "pending_revisions";
constexpr std::size_t kMostListed = 10;

// 64 bits: enough to keep a handful of destinations apart, and nothing to learn from.
std::string key_of(const std::string& text) { return aws::sha256_hex(text).substr(0, 16); }

std::string day(TimePoint time) { return rfc3339(time).substr(0, 10); }

// ", 3 days ago"; nothing where a clock was wrong.
std::string ago(TimePoint then, TimePoint now) {
  if (then > now) return {};
  const auto days = std::chrono::floor<std::chrono::days>(now - then).count();
  if (days == 0) return ", less than a day ago";
  return fmt::format(", {} ago", counted(static_cast<std::uint64_t>(days), "day"));
}

// A clock that was wrong once must not keep people uninformed: an alert of the future counts as
// long ago.
bool reminder_due(TimePoint last, TimePoint now, hours period) {
  return last > now || now - last >= period - kReminderSlack;
}

bool by_kind_and_fingerprint(const KnownFinding& a, const KnownFinding& b) {
  return std::tie(a.kind, a.fingerprint) < std::tie(b.kind, b.fingerprint);
}

bool same(const std::vector<KnownFinding>& one, const std::vector<KnownFinding>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const KnownFinding& a, const KnownFinding& b) {
                      return a.kind == b.kind && a.fingerprint == b.fingerprint;
                    });
}

// The subjects of one kind, whichever of its findings they stand in.
std::vector<std::string> subjects_of(const std::vector<KnownFinding>& findings,
                                     const std::string& kind) {
  std::vector<std::string> all;
  for (const KnownFinding& finding : findings) {
    if (finding.kind == kind) {
      all.insert(all.end(), finding.subjects.begin(), finding.subjects.end());
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> changes_between(const std::vector<KnownFinding>& before,
                                         const std::vector<KnownFinding>& now) {
  std::vector<std::string> kinds;
  for (const auto* list : {&before, &now}) {
    for (const KnownFinding& finding : *list) kinds.push_back(finding.kind);
  }
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());

  std::vector<std::string> changes;
  for (const std::string& kind : kinds) {
    const std::vector<std::string> was = subjects_of(before, kind);
    const std::vector<std::string> is = subjects_of(now, kind);
    std::vector<std::string> came;
    std::vector<std::string> went;
    std::set_difference(is.begin(), is.end(), was.begin(), was.end(), std::back_inserter(came));
    std::set_difference(was.begin(), was.end(), is.begin(), is.end(), std::back_inserter(went));
    if (!came.empty())
      changes.push_back(fmt::format("new in {}: {}", kind, listed(came, kMostListed)));
    if (!went.empty())
      changes.push_back(fmt::format("gone from {}: {}", kind, listed(went, kMostListed)));
  }
  // More subjects than are kept, or the same ones divided otherwise.
  if (changes.empty()) changes.emplace_back("the findings are not those that were told");
  return changes;
}

bool covers_all(const Acknowledgement& acknowledgement, const std::vector<Finding>& findings) {
  return std::all_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return covers(acknowledgement, finding); });
}

// Whether it was given for this drift, in whatever state it is now. A drift that was first seen in
// a later report is another one: the one that it was given for is over.
bool given_for(const Acknowledgement& acknowledgement, const Sight& first,
               const std::vector<Finding>& findings) {
  return !earlier({acknowledgement.at, acknowledgement.sequence}, first) &&
         covers_all(acknowledgement, findings);
}

// A row that was looked for in vain hides what is pending: where it is the row of before, those
// revisions are still known to have been so, and nothing says that they went.
std::vector<KnownFinding> findings_since(const Seen& before, const AlertOccasion& now) {
  std::vector<KnownFinding> all = known_findings(now.findings);
  if (now.status != Status::kUnknownRevision || !before.drift) return all;
  std::vector<KnownFinding> with_pending = all;
  for (const KnownFinding& known : before.drift->findings) {
    if (known.kind == kPending) with_pending.insert(with_pending.begin(), known);
  }
  std::sort(with_pending.begin(), with_pending.end(), by_kind_and_fingerprint);
  return same(with_pending, before.drift->findings) ? with_pending : all;
}

// What is known once this run is over; `acknowledged` tells whether somebody wants no alert of it.
Seen with_this_run(const Seen& before, const AlertOccasion& now, bool acknowledged) {
  Seen seen;
  if (now.status == Status::kError) {
    seen.drift = before.drift;
    seen.failing =
        Seen::Failing{before.failing ? before.failing->first : now.sight, now.failure_kind};
    return seen;
  }
  if (now.status == Status::kSynced) return seen;
  Seen::Drift drift{before.drift ? before.drift->first : now.sight, findings_since(before, now),
                    acknowledged};
  if (before.drift && !acknowledged) {
    drift.resumed = before.drift->acknowledged ? now.sight : before.drift->resumed;
  }
  seen.drift = std::move(drift);
  return seen;
}

struct Occasion {
  const std::optional<Seen>& before;
  const AlertOccasion& now;
  const Seen& seen;  // with this run
  const std::optional<Acknowledgement>& acknowledgement;
  bool given_for_this;  // the acknowledgement, whether it still holds or not
  bool acknowledged;    // it holds
  const AlertRules& rules;
};

// The decision for one destination.
class Decision {
 public:
  Decision(const Occasion& occasion, const Destination& destination)
      : before_(occasion.before.value_or(Seen{})),
        occasion_(occasion),
        now_(occasion.now),
        told_(destination.told.value_or(Told{})),
        unknown_because_(destination.unknown_because) {
    decision_.destination = destination.name;
  }

  DestinationDecision make() {
    switch (now_.status) {
      case Status::kError: failing(); break;
      case Status::kSynced: synced(); break;
      default: drifting();
    }
    if (!decision_.send && occasion_.rules.every_run) {
      send(AlertKind::kEveryRun, "every run is told (--notify-on-success)");
    }
    remember();
    return std::move(decision_);
  }

 private:
  void send(AlertKind kind, std::string reason) { set(true, kind, std::move(reason)); }
  void keep_quiet(AlertKind kind, std::string reason) { set(false, kind, std::move(reason)); }
  void set(bool send, AlertKind kind, std::string reason) {
    decision_.send = send;
    decision_.kind = kind;
    decision_.reason = std::move(reason);
  }

  bool unknown() const { return !unknown_because_.empty(); }
  std::string nothing_known() const {
    return "nothing is known of what was told before: " + unknown_because_;
  }
  std::string first_run() const { return "no earlier run of this target at this ref is known"; }

  void failing() {
    const Seen::Failing& failure = *occasion_.seen.failing;
    const auto& last = told_.failing;
    if (unknown()) {
      send(AlertKind::kCannotTell, nothing_known());
    } else if (!last || last->first != failure.first) {
      send(AlertKind::kCannotTell,
           before_.failing
               ? fmt::format("no run could tell since {}, and no record says that this was told",
                             rfc3339(failure.first.at))
           : occasion_.before ? "the last run that is known could tell"
                              : first_run());
    } else if (last->kind != now_.failure_kind) {
      send(AlertKind::kCannotTell,
           fmt::format("the reason is another one than was told ({})", last->kind));
    } else if (reminder_due(told_.at, now_.sight.at, kFailingReminder)) {
      send(AlertKind::kCannotTellReminder,
           fmt::format("no run could tell since {}{}", rfc3339(failure.first.at),
                       ago(failure.first.at, now_.sight.at)));
    } else {
      keep_quiet(AlertKind::kCannotTellUnchanged,
                 fmt::format("the same failure was told at {}", rfc3339(told_.at)));
    }
  }

  // Whoever was told nothing of it may have heard of it all the same: from a person, or by an alert
  // that no record speaks of.
  void synced() {
    if (told_.drift || before_.drift) {
      const Sight& first = told_.drift ? told_.drift->first : before_.drift->first;
      send(AlertKind::kRecovered,
           fmt::format("the drift that was first seen at {} is over", rfc3339(first.at)));
    } else if (told_.failing || before_.failing) {
      const Sight& first = told_.failing ? told_.failing->first : before_.failing->first;
      send(
          AlertKind::kRecovered,
          fmt::format("it can be told again, after a run that could not at {}", rfc3339(first.at)));
    } else {
      keep_quiet(AlertKind::kSynced, "nothing to tell");
    }
  }

  void drifting() {
    const Seen::Drift& drift = *occasion_.seen.drift;
    if (occasion_.acknowledged) {
      acknowledged();
      return;
    }
    if (unknown()) {
      send(AlertKind::kFirstDrift, nothing_known());
      return;
    }
    const auto& last = told_.drift;
    const bool same_drift = last && last->first == drift.first;
    if (last && !same(last->findings, drift.findings)) {
      decision_.changes = changes_between(last->findings, drift.findings);
    }
    const bool resumed = drift.resumed && (!last || earlier(told_.by, *drift.resumed));
    if (resumed && occasion_.given_for_this) {
      acknowledgement_over();
    } else if (!last) {
      send(AlertKind::kFirstDrift,
           before_.drift      ? fmt::format("first seen at {}, and no record says that it was told",
                                            rfc3339(drift.first.at))
           : occasion_.before ? "no run before this one is known to have seen it"
                              : first_run());
    } else if (!same_drift) {
      send(AlertKind::kFirstDrift,
           fmt::format("first seen at {}; the drift that was told at {} is another one",
                       rfc3339(drift.first.at), rfc3339(told_.at)));
    } else if (!decision_.changes.empty()) {
      send(AlertKind::kDriftChanged, "the drift is not what it was when it was last told");
    } else if (resumed) {
      send(AlertKind::kAcknowledgementExpired,
           "the acknowledgement of this drift is no longer there");
    } else if (told_.failing) {
      send(AlertKind::kCanTellAgain,
           fmt::format("it can be told again, and the drift first seen at {} is still there",
                       rfc3339(drift.first.at)));
    } else if (reminder_due(told_.at, now_.sight.at, occasion_.rules.reminder)) {
      send(AlertKind::kDriftReminder,
           fmt::format("the same drift was first seen at {}{}", rfc3339(drift.first.at),
                       ago(drift.first.at, now_.sight.at)));
    } else {
      keep_quiet(AlertKind::kDriftUnchanged,
                 fmt::format("the same drift was told at {}; it is told again from {} on",
                             rfc3339(told_.at), day(told_.at + occasion_.rules.reminder)));
    }
  }

  void acknowledged() {
    const Acknowledgement& given = *occasion_.acknowledgement;
    const std::string words = fmt::format("acknowledged by {} until {}: {}", printable(given.by),
                                          rfc3339(given.until), printable(given.reason));
    if (told_.failing) {
      send(AlertKind::kCanTellAgain, "it can be told again; the drift is " + words);
    } else {
      keep_quiet(AlertKind::kDriftAcknowledged, words);
    }
  }

  void acknowledgement_over() {
    const Acknowledgement& given = *occasion_.acknowledgement;
    const Seen::Drift& drift = *occasion_.seen.drift;
    const std::string since =
        fmt::format("; the drift was first seen at {}{}", rfc3339(drift.first.at),
                    ago(drift.first.at, now_.sight.at));
    if (given.withdrawn) {
      send(AlertKind::kAcknowledgementWithdrawn,
           fmt::format("the acknowledgement by {} was withdrawn by {} at {}{}", printable(given.by),
                       printable(given.withdrawn->by), rfc3339(given.withdrawn->at), since));
    } else {
      send(AlertKind::kAcknowledgementExpired,
           fmt::format("the acknowledgement by {} has expired on {}{}", printable(given.by),
                       day(given.until), since));
    }
  }

  void remember() {
    Told& after = decision_.after;
    after.by = now_.sight;
    after.at = now_.sight.at;
    after.kind = alert_kind_name(decision_.kind);
    after.failing = occasion_.seen.failing;
    if (now_.status == Status::kError) {
      after.drift = told_.drift;
    } else if (occasion_.seen.drift) {
      after.drift = Told::Drift{occasion_.seen.drift->first, occasion_.seen.drift->findings};
    }
  }

  const Seen before_;
  const Occasion& occasion_;
  const AlertOccasion& now_;
  const Told told_;
  const std::string& unknown_because_;
  DestinationDecision decision_;
};

AlertDecision with_foremost(AlertDecision decision) {
  if (const DestinationDecision* shown = foremost(decision)) {
    return for_destination(decision, *shown);
  }
  decision.reason = "no destination for alerts is given (--alerts)";
  return decision;
}

}  // namespace

std::vector<KnownFinding> known_findings(const std::vector<verdict::Finding>& findings) {
  std::vector<KnownFinding> kept;
  for (const verdict::Finding& finding : findings) {
    kept.push_back({finding.kind, finding.fingerprint, finding.subjects});
    if (kept.back().subjects.size() > kMaxKnownSubjects) kept.back().subjects.clear();
  }
  std::sort(kept.begin(), kept.end(), by_kind_and_fingerprint);
  return kept;
}

bool earlier(const Sight& one, const Sight& other) {
  if (one.sequence != 0 && other.sequence != 0) return one.sequence < other.sequence;
  return one.at < other.at;
}

std::string listed(const std::vector<std::string>& subjects, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(subjects.size(), most); ++i) {
    text += (i == 0 ? "" : ", ") + printable(subjects[i]);
  }
  return subjects.size() > most ? fmt::format("{} and {} more", text, subjects.size() - most)
                                : text;
}

std::string seen_key(const Place& place) { return key_of(place.repository + "\n" + place.ref); }

std::string told_key(const Place& place, const std::string& destination) {
  return key_of(place.repository + "\n" + place.ref + "\n" + destination);
}

// Of more subjects than are kept it is not known which were pending then.
bool covers(const Acknowledgement& acknowledgement, const Finding& finding) {
  const auto still_pending = [&](const KnownFinding& known) {
    return std::any_of(known.subjects.begin(), known.subjects.end(), [&](const std::string& one) {
      return std::find(finding.subjects.begin(), finding.subjects.end(), one) !=
             finding.subjects.end();
    });
  };
  return std::any_of(acknowledgement.findings.begin(), acknowledgement.findings.end(),
                     [&](const KnownFinding& known) {
                       if (known.kind != finding.kind) return false;
                       return known.fingerprint == finding.fingerprint ||
                              (finding.kind == kPending && still_pending(known));
                     });
}

std::string_view alert_kind_name(AlertKind kind) {
  static constexpr std::array<std::string_view, 16> kNames = {"first_drift",
                                                              "drift_changed",
                                                              "drift_reminder",
                                                              "drift_unchanged",
                                                              "drift_acknowledged",
                                                              "acknowledgement_expired",
                                                              "acknowledgement_withdrawn",
                                                              "cannot_tell",
                                                              "cannot_tell_reminder",
                                                              "cannot_tell_unchanged",
                                                              "can_tell_again",
                                                              "recovered",
                                                              "synced",
                                                              "every_run",
                                                              "report_not_stored",
                                                              "no_destination"};
  return kNames.at(static_cast<std::size_t>(kind));
}

AlertDecision decide_alert(const std::optional<Seen>& before, const AlertOccasion& now,
                           const std::vector<Destination>& destinations,
                           const std::optional<Acknowledgement>& acknowledgement,
                           const AlertRules& rules) {
  const Sight& first = before && before->drift ? before->drift->first : now.sight;
  const bool given_for_this = acknowledgement && given_for(*acknowledgement, first, now.findings);
  const bool holds =
      given_for_this && !acknowledgement->withdrawn && now.sight.at < acknowledgement->until;
  AlertDecision decision;
  decision.seen = with_this_run(before.value_or(Seen{}), now, holds);
  const Occasion occasion{before,         now,   decision.seen, acknowledgement,
                          given_for_this, holds, rules};
  for (const Destination& destination : destinations) {
    decision.destinations.push_back(Decision(occasion, destination).make());
  }
  return with_foremost(std::move(decision));
}

const DestinationDecision* foremost(const AlertDecision& decision) {
  const auto& all = decision.destinations;
  const auto sent =
      std::find_if(all.begin(), all.end(), [](const DestinationDecision& one) { return one.send; });
  if (sent != all.end()) return &*sent;
  return all.empty() ? nullptr : &all.front();
}

void send_to_all(AlertDecision& decision, AlertKind kind, const std::string& reason) {
  for (DestinationDecision& one : decision.destinations) {
    if (one.send) continue;
    one.send = true;
    one.kind = kind;
    one.reason = reason;
    one.after.kind = alert_kind_name(kind);
  }
  decision = with_foremost(std::move(decision));
}

AlertDecision for_destination(AlertDecision decision, const DestinationDecision& of) {
  decision.send = of.send;
  decision.kind = of.kind;
  decision.reason = of.reason;
  decision.changes = of.changes;
  return decision;
}

}  // namespace drift::report
