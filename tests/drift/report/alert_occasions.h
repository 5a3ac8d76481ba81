// Before, now and acknowledgement: what the tests of the alert decision have in common.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "drift/report/alert_decision.h"
#include "drift/verdict/findings.h"

namespace drift::report {

using std::chrono::days;
using std::chrono::hours;
using verdict::Finding;
using verdict::Severity;
using verdict::Status;

inline const TimePoint kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + hours{3};

inline Finding finding(const std::string& kind, const std::vector<std::string>& subjects) {
  return {kind, Severity::kWarning, verdict::fingerprint(kind, subjects), "m", "a", subjects};
}

inline KnownFinding known(const Finding& finding) {
  return {finding.kind, finding.fingerprint, finding.subjects};
}

inline const Finding kPendingB = finding("pending_revisions", {"b"});
inline const Finding kPendingBC = finding("pending_revisions", {"b", "c"});
inline const Finding kStranger = finding("unknown_revision", {"x"});

// Numbers of reports: this run makes the 30th, and a day has one.
inline Sight sight(days before) {
  return {kNow - before, 30 - static_cast<std::uint64_t>(before.count())};
}
inline const Sight kThisRun = sight(days{0});

inline Seen::Drift seen_drift(days since, bool acknowledged = false) {
  return {sight(since), {known(kPendingB)}, acknowledged};
}
inline Told told(hours ago, std::optional<Told::Drift> drift,
                 std::optional<Seen::Failing> failing = {}) {
  return {sight(std::chrono::floor<days>(ago + hours{23})), kNow - ago, "first_drift",
          std::move(drift), std::move(failing)};
}
inline Told::Drift told_drift(days since) { return {sight(since), {known(kPendingB)}}; }
inline const Seen::Failing kFailing{sight(days{3}), "access_denied"};

// What runs before saw, and what the destination was told.
struct Before {
  std::optional<Seen> seen;
  Destination destination;
};

inline Before before(std::optional<Seen> seen, std::optional<Told> told, std::string unknown = "") {
  return {std::move(seen), {"the topic", std::move(told), std::move(unknown)}};
}

inline const std::vector<std::pair<std::string, Before>> kBefore = {
    {"nothing", before({}, {})},
    {"unreadable", before({}, {}, "the store cannot be read: access denied")},
    {"synced", before(Seen{}, told(hours{24}, {}))},
    {"untold_drift", before(Seen{seen_drift(days{3}), {}}, {})},
    {"drift", before(Seen{seen_drift(days{3}), {}}, told(hours{24}, told_drift(days{3})))},
    {"old_drift",
     before(Seen{seen_drift(days{20}), {}}, told(hours{24 * 7 - 1}, told_drift(days{20})))},
    {"drift_after_another",
     before(Seen{seen_drift(days{1}), {}}, told(hours{48}, told_drift(days{9})))},
    {"acknowledged",
     before(Seen{seen_drift(days{20}, true), {}}, told(hours{24 * 10}, told_drift(days{20})))},
    {"acknowledged_untold", before(Seen{seen_drift(days{20}, true), {}}, {})},
    {"failing", before(Seen{{}, kFailing}, told(hours{3}, {}, kFailing))},
    {"untold_failing", before(Seen{{}, kFailing}, {})},
    {"old_failing", before(Seen{{}, kFailing}, told(hours{23}, {}, kFailing))},
    {"drift_then_failing",
     before(Seen{seen_drift(days{3}), kFailing}, told(hours{3}, told_drift(days{3}), kFailing))},
    {"failing_again", before(Seen{{}, Seen::Failing{sight(days{1}), "access_denied"}},
                             told(hours{20}, {}, kFailing))},
};

inline const Before& before_named(const std::string& name) {
  for (const auto& [known_name, before] : kBefore) {
    if (known_name == name) return before;
  }
  throw std::out_of_range(name);
}

inline AlertOccasion occasion(const std::string& name) {
  if (name == "synced") return {kThisRun, Status::kSynced, {}, ""};
  if (name == "same_drift") return {kThisRun, Status::kBehind, {kPendingB}, ""};
  if (name == "more_pending") return {kThisRun, Status::kBehind, {kPendingBC}, ""};
  if (name == "stranger") return {kThisRun, Status::kUnknownRevision, {kStranger, kPendingB}, ""};
  if (name == "failure") return {kThisRun, Status::kError, {}, "access_denied"};
  return {kThisRun, Status::kError, {}, "timed_out"};
}

inline constexpr std::array kOccasions = {"synced",   "same_drift", "more_pending",
                                          "stranger", "failure",    "other_failure"};
inline constexpr std::array kAcknowledgements = {"none", "valid", "expired", "withdrawn"};

// Given ten days ago for the pending revision b.
inline std::optional<Acknowledgement> acknowledgement(const std::string& name) {
  if (name == "none") return std::nullopt;
  const TimePoint until = name == "expired" ? kNow - hours{1} : kNow + days{3};
  Acknowledgement given{until,
                        kNow - days{10},
                        "ops@db1",
                        "deploy on Monday",
                        {known(kPendingB)},
                        sight(days{0}).sequence};
  if (name == "withdrawn") given.withdrawn = Withdrawal{kNow - hours{2}, "dev@db2"};
  return given;
}

inline AlertDecision decide(const Before& before, const AlertOccasion& now,
                            const std::optional<Acknowledgement>& acknowledged = {},
                            const AlertRules& rules = {}) {
  return decide_alert(before.seen, now, {before.destination}, acknowledged, rules);
}

// What the next run finds where the destination accepted what it was sent, and where it did not.
inline Before accepted(const Before& before, const AlertDecision& made) {
  Before next{made.seen, before.destination};
  const DestinationDecision& one = made.destinations.at(0);
  next.destination.unknown_because.clear();
  if (one.send) next.destination.told = one.after;
  return next;
}
inline Before lost(const Before& before, const AlertDecision& made) {
  return {made.seen, before.destination};
}

inline AlertOccasion after_days(const std::string& name, int count) {
  AlertOccasion now = occasion(name);
  now.sight = {kNow + days{count}, kThisRun.sequence + static_cast<std::uint64_t>(count)};
  return now;
}

}  // namespace drift::report
