#include "drift/report/alert_decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>
#include <utility>

#include "drift/base/printable.h"

namespace drift::report {
namespace {

using std::chrono::hours;
using verdict::Finding;
using verdict::Status;

constexpr std::string_view kPending = "pending_revisions";

std::string day(TimePoint time) { return rfc3339(time).substr(0, 10); }

std::string age(TimePoint since, TimePoint now) {
  const auto days = std::chrono::floor<std::chrono::days>(now - since).count();
  if (days <= 0) return "less than a day";
  return fmt::format("{} day{}", days, days == 1 ? "" : "s");
}

// A clock that was wrong once must not keep people uninformed: an alert of the future counts as
// long ago.
bool reminder_due(TimePoint last, TimePoint now, hours period) {
  return last > now || now - last >= period - kReminderSlack;
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

std::string listed(const std::vector<std::string>& subjects) {
  constexpr std::size_t kMost = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(subjects.size(), kMost); ++i) {
    if (i > 0) text += ", ";
    text += printable(subjects[i]);
  }
  if (subjects.size() > kMost) text += fmt::format(" and {} more", subjects.size() - kMost);
  return text;
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
    if (!came.empty()) changes.push_back(fmt::format("new in {}: {}", kind, listed(came)));
    if (!went.empty()) changes.push_back(fmt::format("gone from {}: {}", kind, listed(went)));
  }
  // More subjects than are kept, or the same ones divided otherwise.
  if (changes.empty()) changes.emplace_back("the findings are not those of the last alert");
  return changes;
}

bool covers_all(const Acknowledgement& acknowledgement, const std::vector<Finding>& findings) {
  return std::all_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return covers(acknowledgement, finding); });
}

class Decision {
 public:
  Decision(const std::optional<AlertState>& before, const std::string& unknown_because,
           const AlertOccasion& now, const std::optional<Acknowledgement>& acknowledgement,
           const AlertRules& rules)
      : before_(before.value_or(AlertState{})),
        known_before_(before.has_value()),
        unknown_because_(unknown_because),
        now_(now),
        acknowledgement_(acknowledgement),
        rules_(rules) {}

  AlertDecision make() {
    switch (now_.status) {
      case Status::kError: failing(); break;
      case Status::kSynced: synced(); break;
      default: drifting();
    }
    if (!decision_.send && !before_.delivered) {
      send(AlertKind::kUndelivered, "the alert of the last run did not get through");
    }
    if (!decision_.send && rules_.every_run) {
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

  void failing() {
    const auto& last = before_.failing;
    if (!last) {
      send(AlertKind::kCannotTell, known_before_
                                       ? "the run before this one could tell"
                                       : "nothing is known of earlier runs: " + unknown_because_);
    } else if (last->kind != now_.failure_kind) {
      send(AlertKind::kCannotTell,
           fmt::format("the reason is another one than before ({})", last->kind));
    } else if (reminder_due(last->alerted_at, now_.at, kFailingReminder)) {
      send(AlertKind::kCannotTellReminder,
           fmt::format("it has not been possible to tell for {}, since {}",
                       age(last->since, now_.at), rfc3339(last->since)));
    } else {
      keep_quiet(AlertKind::kCannotTellUnchanged,
                 fmt::format("the same failure was told at {}", rfc3339(last->alerted_at)));
    }
  }

  void synced() {
    if (before_.drift) {
      send(AlertKind::kRecovered, fmt::format("the drift that was first seen at {} is over",
                                              rfc3339(before_.drift->since)));
    } else if (before_.failing) {
      send(AlertKind::kRecovered, fmt::format("it can be told again, for the first time since {}",
                                              rfc3339(before_.failing->since)));
    } else {
      keep_quiet(AlertKind::kSynced, "nothing to tell");
    }
  }

  void drifting() {
    const auto& last = before_.drift;
    const bool acknowledged = acknowledgement_ && covers_all(*acknowledgement_, now_.findings);
    if (acknowledged && now_.at < acknowledgement_->until) {
      keep_quiet(
          AlertKind::kDriftAcknowledged,
          fmt::format("acknowledged by {} until {}: {}", printable(acknowledgement_->by),
                      rfc3339(acknowledgement_->until), printable(acknowledgement_->reason)));
      return;
    }
    if (!last) {
      send(AlertKind::kFirstDrift, known_before_
                                       ? "the run before this one saw no drift"
                                       : "nothing is known of earlier runs: " + unknown_because_);
      return;
    }
    if (last->acknowledged && acknowledged) {
      send(AlertKind::kAcknowledgementExpired,
           fmt::format(
               "the acknowledgement by {} has expired on {}; the drift was first seen {} ago",
               printable(acknowledgement_->by), day(acknowledgement_->until),
               age(last->since, now_.at)));
      return;
    }
    const std::vector<KnownFinding> findings = known_findings(now_.findings);
    if (!same(last->told, findings)) {
      decision_.changes = changes_between(last->told, findings);
      send(AlertKind::kDriftChanged, "the drift is not what it was when it was last told");
    } else if (last->acknowledged) {
      send(AlertKind::kAcknowledgementExpired,
           "the acknowledgement of this drift is no longer there");
    } else if (before_.failing) {
      send(AlertKind::kCanTellAgain,
           fmt::format("it can be told again, and the drift first seen at {} is still there",
                       rfc3339(last->since)));
    } else if (reminder_due(last->alerted_at, now_.at, rules_.reminder)) {
      send(AlertKind::kDriftReminder, fmt::format("the same drift has been there for {}, since {}",
                                                  age(last->since, now_.at), rfc3339(last->since)));
    } else {
      keep_quiet(AlertKind::kDriftUnchanged,
                 fmt::format("the same drift was told at {}; it is told again from {} on",
                             rfc3339(last->alerted_at), day(last->alerted_at + rules_.reminder)));
    }
  }

  void remember() {
    AlertState& after = decision_.after;
    if (now_.status == Status::kError) {
      after.drift = before_.drift;
      after.failing = before_.failing.value_or(AlertState::Failing{now_.at, now_.at, ""});
      after.failing->kind = now_.failure_kind;
      if (decision_.send) after.failing->alerted_at = now_.at;
      return;
    }
    if (now_.status == Status::kSynced) return;
    AlertState::Drift drift =
        before_.drift.value_or(AlertState::Drift{now_.at, now_.at, {}, false});
    drift.acknowledged = decision_.kind == AlertKind::kDriftAcknowledged ||
                         // Told for another reason, and still nobody's news.
                         (acknowledgement_ && now_.at < acknowledgement_->until &&
                          covers_all(*acknowledgement_, now_.findings));
    if (decision_.send || drift.told.empty()) drift.told = known_findings(now_.findings);
    if (decision_.send) drift.alerted_at = now_.at;
    after.drift = std::move(drift);
  }

  const AlertState before_;
  const bool known_before_;
  const std::string& unknown_because_;
  const AlertOccasion& now_;
  const std::optional<Acknowledgement>& acknowledgement_;
  const AlertRules& rules_;
  AlertDecision decision_;
};

}  // namespace

std::vector<KnownFinding> known_findings(const std::vector<Finding>& findings) {
  std::vector<KnownFinding> kept;
  for (const Finding& finding : findings) {
    kept.push_back({finding.kind, finding.fingerprint, finding.subjects});
    if (kept.back().subjects.size() > kMaxKnownSubjects) kept.back().subjects.clear();
  }
  std::sort(kept.begin(), kept.end(), [](const KnownFinding& a, const KnownFinding& b) {
    return std::tie(a.kind, a.fingerprint) < std::tie(b.kind, b.fingerprint);
  });
  return kept;
}

bool covers(const Acknowledgement& acknowledgement, const Finding& finding) {
  return std::any_of(acknowledgement.findings.begin(), acknowledgement.findings.end(),
                     [&](const KnownFinding& known) {
                       if (known.kind != finding.kind) return false;
                       return known.fingerprint == finding.fingerprint || finding.kind == kPending;
                     });
}

std::string_view alert_kind_name(AlertKind kind) {
  static constexpr std::array<std::string_view, 14> kNames = {"first_drift",
                                                              "drift_changed",
                                                              "drift_reminder",
                                                              "drift_unchanged",
                                                              "drift_acknowledged",
                                                              "acknowledgement_expired",
                                                              "cannot_tell",
                                                              "cannot_tell_reminder",
                                                              "cannot_tell_unchanged",
                                                              "can_tell_again",
                                                              "recovered",
                                                              "synced",
                                                              "undelivered",
                                                              "every_run"};
  return kNames.at(static_cast<std::size_t>(kind));
}

AlertDecision decide_alert(const std::optional<AlertState>& before,
                           const std::string& unknown_because, const AlertOccasion& now,
                           const std::optional<Acknowledgement>& acknowledgement,
                           const AlertRules& rules) {
  return Decision(before, unknown_because, now, acknowledgement, rules).make();
}

}  // namespace drift::report
