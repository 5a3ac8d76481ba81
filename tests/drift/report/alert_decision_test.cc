#include "drift/report/alert_decision.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "drift/verdict/findings.h"

namespace drift::report {
namespace {

using std::chrono::days;
using std::chrono::hours;
using verdict::Finding;
using verdict::Severity;
using verdict::Status;

const TimePoint kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} + hours{3};

Finding finding(const std::string& kind, const std::vector<std::string>& subjects) {
  return {kind, Severity::kWarning, verdict::fingerprint(kind, subjects), "m", "a", subjects};
}

KnownFinding known(const Finding& finding) {
  return {finding.kind, finding.fingerprint, finding.subjects};
}

const Finding kPendingB = finding("pending_revisions", {"b"});
const Finding kPendingBC = finding("pending_revisions", {"b", "c"});
const Finding kStranger = finding("unknown_revision", {"x"});

AlertState::Drift drift(days since, hours alerted, bool acknowledged = false) {
  return {kNow - since, kNow - alerted, {known(kPendingB)}, acknowledged};
}
AlertState::Failing failing(hours alerted) {
  return {kNow - days{3}, kNow - alerted, "access_denied"};
}

// What the run before left, by name.
const std::vector<std::pair<std::string, std::optional<AlertState>>> kBefore = {
    {"unknown", std::nullopt},
    {"synced", AlertState{}},
    {"drift", AlertState{drift(days{3}, hours{24}), {}, true}},
    {"old_drift", AlertState{drift(days{20}, hours{24 * 7 - 1}), {}, true}},
    {"acknowledged", AlertState{drift(days{20}, hours{24 * 10}, true), {}, true}},
    {"failing", AlertState{{}, failing(hours{3}), true}},
    {"old_failing", AlertState{{}, failing(hours{23}), true}},
    {"drift_then_failing", AlertState{drift(days{3}, hours{72}), failing(hours{3}), true}},
};

AlertOccasion occasion(const std::string& name) {
  if (name == "synced") return {kNow, Status::kSynced, {}, ""};
  if (name == "same_drift") return {kNow, Status::kBehind, {kPendingB}, ""};
  if (name == "more_pending") return {kNow, Status::kBehind, {kPendingBC}, ""};
  if (name == "stranger") return {kNow, Status::kUnknownRevision, {kStranger, kPendingB}, ""};
  if (name == "failure") return {kNow, Status::kError, {}, "access_denied"};
  return {kNow, Status::kError, {}, "timed_out"};
}

std::optional<Acknowledgement> acknowledgement(const std::string& name) {
  if (name == "none") return std::nullopt;
  const TimePoint until = name == "valid" ? kNow + days{3} : kNow - hours{1};
  return Acknowledgement{until, kNow - days{10}, "ops@db1", "deploy on Monday", {known(kPendingB)}};
}

struct Row {
  std::string before, now, without_acknowledgement, valid, expired;
};

// Every (before, now, acknowledgement). A name that ends in '.' is quiet.
const std::vector<Row> kTable = {
    {"unknown", "synced", "synced.", "synced.", "synced."},
    {"unknown", "same_drift", "first_drift", "drift_acknowledged.", "first_drift"},
    {"unknown", "more_pending", "first_drift", "drift_acknowledged.", "first_drift"},
    {"unknown", "stranger", "first_drift", "first_drift", "first_drift"},
    {"unknown", "failure", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"unknown", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"synced", "synced", "synced.", "synced.", "synced."},
    {"synced", "same_drift", "first_drift", "drift_acknowledged.", "first_drift"},
    {"synced", "more_pending", "first_drift", "drift_acknowledged.", "first_drift"},
    {"synced", "stranger", "first_drift", "first_drift", "first_drift"},
    {"synced", "failure", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"synced", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"drift", "synced", "recovered", "recovered", "recovered"},
    {"drift", "same_drift", "drift_unchanged.", "drift_acknowledged.", "drift_unchanged."},
    {"drift", "more_pending", "drift_changed", "drift_acknowledged.", "drift_changed"},
    {"drift", "stranger", "drift_changed", "drift_changed", "drift_changed"},
    {"drift", "failure", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"old_drift", "synced", "recovered", "recovered", "recovered"},
    {"old_drift", "same_drift", "drift_reminder", "drift_acknowledged.", "drift_reminder"},
    {"old_drift", "more_pending", "drift_changed", "drift_acknowledged.", "drift_changed"},
    {"old_drift", "stranger", "drift_changed", "drift_changed", "drift_changed"},
    {"old_drift", "failure", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"old_drift", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"acknowledged", "synced", "recovered", "recovered", "recovered"},
    {"acknowledged", "same_drift", "acknowledgement_expired", "drift_acknowledged.",
     "acknowledgement_expired"},
    {"acknowledged", "more_pending", "drift_changed", "drift_acknowledged.",
     "acknowledgement_expired"},
    {"acknowledged", "stranger", "drift_changed", "drift_changed", "drift_changed"},
    {"acknowledged", "failure", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"acknowledged", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"failing", "synced", "recovered", "recovered", "recovered"},
    {"failing", "same_drift", "first_drift", "drift_acknowledged.", "first_drift"},
    {"failing", "more_pending", "first_drift", "drift_acknowledged.", "first_drift"},
    {"failing", "stranger", "first_drift", "first_drift", "first_drift"},
    {"failing", "failure", "cannot_tell_unchanged.", "cannot_tell_unchanged.",
     "cannot_tell_unchanged."},
    {"failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"old_failing", "synced", "recovered", "recovered", "recovered"},
    {"old_failing", "same_drift", "first_drift", "drift_acknowledged.", "first_drift"},
    {"old_failing", "more_pending", "first_drift", "drift_acknowledged.", "first_drift"},
    {"old_failing", "stranger", "first_drift", "first_drift", "first_drift"},
    {"old_failing", "failure", "cannot_tell_reminder", "cannot_tell_reminder",
     "cannot_tell_reminder"},
    {"old_failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},

    {"drift_then_failing", "synced", "recovered", "recovered", "recovered"},
    {"drift_then_failing", "same_drift", "can_tell_again", "drift_acknowledged.", "can_tell_again"},
    {"drift_then_failing", "more_pending", "drift_changed", "drift_acknowledged.", "drift_changed"},
    {"drift_then_failing", "stranger", "drift_changed", "drift_changed", "drift_changed"},
    {"drift_then_failing", "failure", "cannot_tell_unchanged.", "cannot_tell_unchanged.",
     "cannot_tell_unchanged."},
    {"drift_then_failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell"},
};

constexpr std::array kOccasions = {"synced",   "same_drift", "more_pending",
                                   "stranger", "failure",    "other_failure"};
constexpr std::array kAcknowledgements = {"none", "valid", "expired"};

AlertDecision decide(const std::optional<AlertState>& before, const AlertOccasion& now,
                     const std::optional<Acknowledgement>& acknowledged = {},
                     const AlertRules& rules = {}) {
  return decide_alert(before, "this is the target's first report", now, acknowledged, rules);
}

TEST(AlertDecision, FollowsTheTable) {
  ASSERT_EQ(kTable.size(), kBefore.size() * kOccasions.size());
  std::size_t next = 0;
  for (const auto& [name, before] : kBefore) {
    for (const char* now : kOccasions) {
      const Row& row = kTable[next++];
      ASSERT_EQ(row.before, name);
      ASSERT_EQ(row.now, now);
      const std::array expected = {row.without_acknowledgement, row.valid, row.expired};
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const AlertDecision made =
            decide(before, occasion(now), acknowledgement(kAcknowledgements[i]));
        std::string kind{alert_kind_name(made.kind)};
        if (!made.send) kind += '.';
        EXPECT_EQ(kind, expected[i]) << name << ", " << now << ", " << kAcknowledgements[i];
        EXPECT_FALSE(made.reason.empty());
      }
    }
  }
}

// Whatever was before: nobody is left uninformed of an alert that was lost, nor where every run is
// to be told.
TEST(AlertDecision, TellsAgainWhatWasNotDelivered) {
  for (const auto& [name, before] : kBefore) {
    if (!before) continue;
    AlertState lost = *before;
    lost.delivered = false;
    for (const char* now : kOccasions) {
      for (const char* acknowledged : kAcknowledgements) {
        EXPECT_TRUE(decide(lost, occasion(now), acknowledgement(acknowledged)).send)
            << name << ", " << now;
        EXPECT_TRUE(
            decide(before, occasion(now), acknowledgement(acknowledged), {days{7}, true}).send)
            << name << ", " << now;
      }
    }
  }
}

TEST(AlertDecision, KeepsSinceWhenAcrossRuns) {
  AlertState state = decide(std::nullopt, occasion("same_drift")).after;
  ASSERT_TRUE(state.drift);
  EXPECT_EQ(state.drift->since, kNow);
  AlertOccasion later = occasion("failure");
  later.at = kNow + days{1};
  state = decide(state, later).after;
  ASSERT_TRUE(state.drift);
  ASSERT_TRUE(state.failing);
  later = occasion("more_pending");
  later.at = kNow + days{2};
  const AlertDecision changed = decide(state, later);
  EXPECT_EQ(changed.after.drift->since, kNow);
  EXPECT_EQ(changed.after.drift->alerted_at, later.at);
  EXPECT_FALSE(changed.after.failing);
  EXPECT_EQ(changed.changes, std::vector<std::string>{"new in pending_revisions: c"});
}

TEST(AlertDecision, RemindsOnceInEachPeriod) {
  AlertState state = decide(std::nullopt, occasion("same_drift")).after;
  std::vector<int> sent;
  for (int day = 1; day <= 30; ++day) {
    AlertOccasion now = occasion("same_drift");
    now.at = kNow + days{day};
    const AlertDecision made = decide(state, now);
    if (made.send) sent.push_back(day);
    state = made.after;
  }
  EXPECT_EQ(sent, (std::vector<int>{7, 14, 21, 28}));
}

TEST(AlertDecision, TellsAChangeAgainstWhatWasToldNotAgainstTheQuietRun) {
  // Acknowledged: c joins in silence. Once that is over, c is news.
  AlertState state{drift(days{3}, hours{24}), {}, true};
  state = decide(state, occasion("more_pending"), acknowledgement("valid")).after;
  EXPECT_EQ(state.drift->told, std::vector<KnownFinding>{known(kPendingB)});
  EXPECT_TRUE(state.drift->acknowledged);
  const AlertDecision made = decide(state, occasion("more_pending"));
  EXPECT_EQ(made.kind, AlertKind::kDriftChanged);
  EXPECT_EQ(made.changes, std::vector<std::string>{"new in pending_revisions: c"});
}

TEST(AlertDecision, SaysWhatCameAndWhatWent) {
  const AlertState state{drift(days{3}, hours{24}), {}, true};
  AlertOccasion now = occasion("stranger");
  now.findings = {kStranger};
  EXPECT_EQ(decide(state, now).changes, (std::vector<std::string>{"gone from pending_revisions: b",
                                                                  "new in unknown_revision: x"}));
}

TEST(AlertDecision, TellsAChangeOfMoreSubjectsThanItKeeps) {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back(std::to_string(i));
  AlertOccasion now = occasion("same_drift");
  now.findings = {finding("pending_revisions", many)};
  const AlertState state = decide(AlertState{}, now).after;
  EXPECT_TRUE(state.drift->told.front().subjects.empty());
  EXPECT_EQ(decide(state, now).kind, AlertKind::kDriftUnchanged);
  many.emplace_back("one more");
  now.findings = {finding("pending_revisions", many)};
  EXPECT_EQ(decide(state, now).changes,
            std::vector<std::string>{"the findings are not those of the last alert"});
}

TEST(AlertDecision, DoesNotTrustAnAlertOfTheFuture) {
  AlertState state{drift(days{3}, hours{24}), {}, true};
  state.drift->alerted_at = kNow + days{400};
  EXPECT_EQ(decide(state, occasion("same_drift")).kind, AlertKind::kDriftReminder);
}

TEST(AlertDecision, GivesItsReasonInWords) {
  EXPECT_EQ(decide(std::nullopt, occasion("same_drift")).reason,
            "nothing is known of earlier runs: this is the target's first report");
  EXPECT_EQ(decide(kBefore[2].second, occasion("same_drift")).reason,
            "the same drift was told at 2026-11-19T03:00:00Z; it is told again from 2026-11-26 on");
  EXPECT_EQ(decide(kBefore[3].second, occasion("same_drift")).reason,
            "the same drift has been there for 20 days, since 2026-10-31T03:00:00Z");
  EXPECT_EQ(decide(kBefore[2].second, occasion("same_drift"), acknowledgement("valid")).reason,
            "acknowledged by ops@db1 until 2026-11-23T03:00:00Z: deploy on Monday");
  EXPECT_EQ(decide(kBefore[4].second, occasion("same_drift"), acknowledgement("expired")).reason,
            "the acknowledgement by ops@db1 has expired on 2026-11-20; the drift was first seen 20 "
            "days ago");
  EXPECT_EQ(decide(kBefore[4].second, occasion("same_drift")).reason,
            "the acknowledgement of this drift is no longer there");
  EXPECT_EQ(decide(kBefore[2].second, occasion("synced")).reason,
            "the drift that was first seen at 2026-11-17T03:00:00Z is over");
  EXPECT_EQ(decide(kBefore[5].second, occasion("synced")).reason,
            "it can be told again, for the first time since 2026-11-17T03:00:00Z");
  EXPECT_EQ(decide(kBefore[5].second, occasion("other_failure")).reason,
            "the reason is another one than before (access_denied)");
  EXPECT_EQ(decide(kBefore[5].second, occasion("failure")).reason,
            "the same failure was told at 2026-11-20T00:00:00Z");
  EXPECT_EQ(decide(kBefore[6].second, occasion("failure")).reason,
            "it has not been possible to tell for 3 days, since 2026-11-17T03:00:00Z");
  EXPECT_EQ(
      decide(kBefore[7].second, occasion("same_drift")).reason,
      "it can be told again, and the drift first seen at 2026-11-17T03:00:00Z is still there");
}

}  // namespace
}  // namespace drift::report
