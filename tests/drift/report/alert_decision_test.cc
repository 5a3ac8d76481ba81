#include "drift/report/alert_decision.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tests/drift/report/alert_occasions.h"

namespace drift::report {
namespace {

TEST(AlertDecision, TellsAgainWhatWasNotAccepted) {
  for (const auto& [name, before] : kBefore) {
    for (const char* now : kOccasions) {
      for (const char* acknowledged : kAcknowledgements) {
        const auto given = acknowledgement(acknowledged);
        const AlertDecision made = decide(before, occasion(now), given);
        EXPECT_TRUE(decide(before, occasion(now), given, {days{7}, true}).send);
        if (!made.send || occasion(now).status == Status::kSynced) continue;
        const AlertDecision again = decide(lost(before, made), after_days(now, 1), given);
        EXPECT_TRUE(again.send) << name << ", " << now << ", " << acknowledged;
      }
    }
  }
}

// And what was accepted is not told again the same day.
TEST(AlertDecision, TellsNothingTwice) {
  for (const auto& [name, before] : kBefore) {
    for (const char* now : kOccasions) {
      for (const char* acknowledged : kAcknowledgements) {
        const auto given = acknowledgement(acknowledged);
        const AlertDecision made = decide(before, occasion(now), given);
        AlertOccasion later = occasion(now);
        later.sight = {kNow + hours{1}, kThisRun.sequence + 1};
        EXPECT_FALSE(decide(accepted(before, made), later, given).send)
            << name << ", " << now << ", " << acknowledged;
      }
    }
  }
}

TEST(AlertDecision, EndsADriftThatWasToldThoughTheNewsOfItWasLost) {
  const Before& before = before_named("drift");
  const AlertDecision made = decide(before, occasion("synced"));
  EXPECT_EQ(decide(lost(before, made), after_days("synced", 1)).kind, AlertKind::kRecovered);
}

TEST(AlertDecision, DecidesForEachDestinationByWhatThatOneWasTold) {
  const Before& knows = before_named("drift");
  const std::vector<Destination> both = {knows.destination, {"a new one"}};
  const AlertDecision made = decide_alert(knows.seen, occasion("same_drift"), both, {}, {});
  ASSERT_EQ(made.destinations.size(), 2u);
  EXPECT_FALSE(made.destinations[0].send);
  EXPECT_EQ(made.destinations[0].kind, AlertKind::kDriftUnchanged);
  EXPECT_TRUE(made.destinations[1].send);
  EXPECT_EQ(made.destinations[1].kind, AlertKind::kFirstDrift);
  // The report speaks of the one that is sent.
  EXPECT_EQ(foremost(made), &made.destinations[1]);
  EXPECT_TRUE(made.send);
  EXPECT_EQ(made.reason, made.destinations[1].reason);
  EXPECT_EQ(for_destination(made, made.destinations[0]).kind, AlertKind::kDriftUnchanged);
}

TEST(AlertDecision, WithoutADestinationNobodyIsTold) {
  const AlertDecision made =
      decide_alert(before_named("drift").seen, occasion("same_drift"), {}, {}, {days{7}, true});
  EXPECT_FALSE(made.send);
  EXPECT_EQ(made.kind, AlertKind::kNoDestination);
  EXPECT_EQ(made.reason, "no destination for alerts is given (--alerts)");
  EXPECT_TRUE(made.seen.drift);
}

TEST(AlertDecision, SendsToAllWhereTheReportCouldNotBeStored) {
  const Before& before = before_named("drift");
  AlertDecision made = decide_alert(before.seen, occasion("same_drift"),
                                    {before.destination, {"a new one"}}, {}, {});
  send_to_all(made, AlertKind::kReportNotStored, "the report could not be stored");
  EXPECT_TRUE(made.destinations[0].send);
  EXPECT_EQ(made.destinations[0].reason, "the report could not be stored");
  EXPECT_EQ(made.destinations[0].after.kind, "report_not_stored");
  EXPECT_EQ(made.destinations[1].kind, AlertKind::kFirstDrift);
  EXPECT_EQ(made.kind, AlertKind::kReportNotStored);
}

TEST(AlertDecision, KeepsSinceWhenAcrossRunsAndFailures) {
  Before state = before_named("nothing");
  const auto night = [&](const char* now, int day) {
    const AlertDecision made = decide(state, after_days(now, day));
    state = accepted(state, made);
    return made;
  };
  night("same_drift", 0);
  ASSERT_TRUE(state.seen->drift);
  EXPECT_EQ(state.seen->drift->first, kThisRun);
  night("failure", 1);
  ASSERT_TRUE(state.seen->drift);
  ASSERT_TRUE(state.seen->failing);
  const Sight failing_since = state.seen->failing->first;
  night("other_failure", 2);
  EXPECT_EQ(state.seen->failing->first, failing_since);
  EXPECT_EQ(state.seen->failing->kind, "timed_out");
  const AlertDecision changed = night("more_pending", 3);
  EXPECT_EQ(changed.kind, AlertKind::kDriftChanged);
  EXPECT_EQ(changed.seen.drift->first, kThisRun);
  EXPECT_EQ(changed.destinations[0].after.drift->first, kThisRun);
  EXPECT_FALSE(changed.seen.failing);
  EXPECT_FALSE(changed.destinations[0].after.failing);
  EXPECT_EQ(changed.changes, std::vector<std::string>{"new in pending_revisions: c"});
}

TEST(AlertDecision, RemindsOnceInEachPeriod) {
  for (const auto& [now, expected] : std::vector<std::pair<const char*, std::vector<int>>>{
           {"same_drift", {0, 7, 14, 21, 28}}, {"failure", {0, 1, 2, 3, 4}}}) {
    Before state = before_named("nothing");
    std::vector<int> sent;
    for (int hour = 0; hour <= 30 * 24 && sent.size() < expected.size(); hour += 6) {
      AlertOccasion later = occasion(now);
      later.sight = {kNow + hours{hour}, kThisRun.sequence + static_cast<std::uint64_t>(hour)};
      const AlertDecision made = decide(state, later);
      if (made.send) sent.push_back(hour / 24);
      state = accepted(state, made);
    }
    EXPECT_EQ(sent, expected) << now;
  }
}

TEST(AlertDecision, TellsAChangeAgainstWhatWasToldNotAgainstTheQuietRun) {
  // Acknowledged: c joins in silence. Once that is over, c is news.
  Before state = before_named("drift");
  state = accepted(state, decide(state, occasion("more_pending"), acknowledgement("valid")));
  EXPECT_EQ(state.destination.told->drift->findings, std::vector<KnownFinding>{known(kPendingB)});
  EXPECT_TRUE(state.seen->drift->acknowledged);
  const AlertDecision made = decide(state, after_days("more_pending", 1));
  EXPECT_EQ(made.kind, AlertKind::kDriftChanged);
  EXPECT_EQ(made.changes, std::vector<std::string>{"new in pending_revisions: c"});
}

TEST(AlertDecision, SaysWhatCameAndWhatWent) {
  AlertOccasion now = occasion("stranger");
  now.findings = {kStranger};
  EXPECT_EQ(
      decide(before_named("drift"), now).changes,
      (std::vector<std::string>{"gone from pending_revisions: b", "new in unknown_revision: x"}));
}

TEST(AlertDecision, PendingThatAnUnknownRowHidesIsNotSaidToBeGone) {
  AlertOccasion diverged = occasion("stranger");
  diverged.status = Status::kDiverged;
  AlertOccasion hidden = occasion("stranger");
  hidden.findings = {kStranger};
  Before state = before_named("synced");
  state = accepted(state, decide(state, diverged));
  for (int night = 0; night < 2; ++night) {
    const AlertDecision made = decide(state, hidden);
    EXPECT_EQ(made.kind, AlertKind::kDriftUnchanged);
    EXPECT_EQ(made.seen.drift->findings.size(), 2u);
    state = accepted(state, made);
  }
  EXPECT_EQ(decide(state, diverged).kind, AlertKind::kDriftUnchanged);
  // Another row hides it as well, but then it is another drift that is told.
  hidden.findings = {finding("unknown_revision", {"y"})};
  EXPECT_EQ(decide(state, hidden).kind, AlertKind::kDriftChanged);
}

TEST(AlertDecision, TellsAChangeOfMoreSubjectsThanItKeeps) {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back(std::to_string(i));
  AlertOccasion now = occasion("same_drift");
  now.findings = {finding("pending_revisions", many)};
  Before state = before_named("synced");
  state = accepted(state, decide(state, now));
  EXPECT_TRUE(state.destination.told->drift->findings.front().subjects.empty());
  EXPECT_EQ(decide(state, now).kind, AlertKind::kDriftUnchanged);
  many.emplace_back("one more");
  now.findings = {finding("pending_revisions", many)};
  EXPECT_EQ(decide(state, now).changes,
            std::vector<std::string>{"the findings are not those that were told"});
}

TEST(AlertDecision, DoesNotTrustATellingOfTheFuture) {
  Before state = before_named("drift");
  state.destination.told->at = kNow + days{400};
  EXPECT_EQ(decide(state, occasion("same_drift")).kind, AlertKind::kDriftReminder);
  state = before_named("failing");
  state.destination.told->at = kNow + days{400};
  EXPECT_EQ(decide(state, occasion("failure")).kind, AlertKind::kCannotTellReminder);
}

TEST(AlertDecision, SaysNoAgeThatCannotBe) {
  Before state = before_named("old_drift");
  state.seen->drift->first.at = state.destination.told->drift->first.at = kNow + days{400};
  EXPECT_EQ(decide(state, occasion("same_drift")).reason,
            "the same drift was first seen at 2027-12-25T03:00:00Z");
}

// --- acknowledgements --------------------------------------------------------------------------

TEST(AlertDecision, KeepsADriftThatWasAcknowledgedFromTheStart) {
  Before state = before_named("synced");
  state = accepted(state, decide(state, occasion("same_drift"), acknowledgement("valid")));
  ASSERT_TRUE(state.seen->drift);
  EXPECT_EQ(state.seen->drift->first, kThisRun);
  EXPECT_TRUE(state.seen->drift->acknowledged);
  const AlertDecision over = decide(state, after_days("same_drift", 2), acknowledgement("expired"));
  EXPECT_EQ(over.kind, AlertKind::kAcknowledgementExpired);
  EXPECT_EQ(over.seen.drift->first, kThisRun);
  EXPECT_FALSE(over.seen.drift->acknowledged);
  ASSERT_TRUE(over.seen.drift->resumed);
}

TEST(AlertDecision, ToldForAnotherReasonAnAcknowledgedDriftStaysAcknowledged) {
  const Before& before = before_named("drift");
  const AlertDecision made =
      decide(before, occasion("same_drift"), acknowledgement("valid"), {days{7}, true});
  EXPECT_EQ(made.kind, AlertKind::kEveryRun);
  EXPECT_TRUE(made.seen.drift->acknowledged);
  EXPECT_EQ(
      decide(accepted(before, made), after_days("same_drift", 1), acknowledgement("valid")).kind,
      AlertKind::kDriftAcknowledged);
}

TEST(AlertDecision, ANewsThatWasLostAtTheEndOfAnAcknowledgementIsToldLater) {
  const Before& before = before_named("acknowledged");
  const AlertDecision over = decide(before, occasion("same_drift"), acknowledgement("expired"));
  Before state = lost(before, over);
  const AlertDecision again =
      decide(state, after_days("same_drift", 1), acknowledgement("expired"));
  EXPECT_EQ(again.kind, AlertKind::kAcknowledgementExpired);
  state = accepted(state, again);
  EXPECT_FALSE(decide(state, after_days("same_drift", 2), acknowledgement("expired")).send);
}

TEST(AlertDecision, AnAcknowledgementEndsWithTheDriftThatItWasGivenFor) {
  // Given for report 30; the drift went, and came back in report 32 with the same findings.
  Before state = before_named("acknowledged");
  const auto given = acknowledgement("valid");
  EXPECT_FALSE(decide(state, occasion("same_drift"), given).send);
  state = accepted(state, decide(state, after_days("synced", 1), given));
  const AlertDecision back = decide(state, after_days("same_drift", 2), given);
  EXPECT_EQ(back.kind, AlertKind::kFirstDrift);
  EXPECT_FALSE(back.seen.drift->acknowledged);
}

TEST(AlertDecision, TheOrderOfReportsCountsNotTheClock) {
  // The acknowledgement's clock was a year ahead; by number it was given before this drift.
  auto given = acknowledgement("valid");
  given->at = kNow + days{365};
  given->until = kNow + days{370};
  given->sequence = kThisRun.sequence - 1;
  EXPECT_TRUE(decide(before_named("synced"), occasion("same_drift"), given).send);
  // One of a release that did not count reports goes by the clock.
  given->sequence = 0;
  EXPECT_FALSE(decide(before_named("synced"), occasion("same_drift"), given).send);
  given->at = kNow - days{1};
  EXPECT_TRUE(decide(before_named("synced"), occasion("same_drift"), given).send);
}

TEST(AlertDecision, AnAcknowledgementCoversMorePendingWhileOneOfItsOwnIsPending) {
  const Acknowledgement given = *acknowledgement("valid");
  EXPECT_TRUE(covers(given, kPendingB));
  EXPECT_TRUE(covers(given, kPendingBC));
  EXPECT_FALSE(covers(given, finding("pending_revisions", {"c"})));
  EXPECT_FALSE(covers(given, kStranger));
}

TEST(AlertDecision, AnAcknowledgedRowCoversNoOtherRow) {
  Acknowledgement given = *acknowledgement("valid");
  given.findings = {known(kStranger)};
  EXPECT_TRUE(covers(given, kStranger));
  EXPECT_FALSE(covers(given, finding("unknown_revision", {"y"})));
  EXPECT_FALSE(covers(given, finding("unknown_revision", {"x", "y"})));
}

TEST(AlertDecision, OfMoreSubjectsThanAreKeptOnlyTheSameAreCovered) {
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back(std::to_string(i));
  Acknowledgement given = *acknowledgement("valid");
  given.findings = known_findings({finding("pending_revisions", many)});
  EXPECT_TRUE(covers(given, finding("pending_revisions", many)));
  many.emplace_back("one more");
  EXPECT_FALSE(covers(given, finding("pending_revisions", many)));
}

// --- words --------------------------------------------------------------------------------------

struct Reason {
  std::string before, now, acknowledgement, reason;
};

TEST(AlertDecision, GivesItsReasonInWords) {
  const std::vector<Reason> reasons = {
      {"nothing", "same_drift", "none", "no earlier run of this target at this ref is known"},
      {"nothing", "failure", "none", "no earlier run of this target at this ref is known"},
      {"unreadable", "same_drift", "none",
       "nothing is known of what was told before: the store cannot be read: access denied"},
      {"unreadable", "failure", "none",
       "nothing is known of what was told before: the store cannot be read: access denied"},
      {"synced", "same_drift", "none", "no run before this one is known to have seen it"},
      {"failing", "same_drift", "none", "no run before this one is known to have seen it"},
      {"synced", "failure", "none", "the last run that is known could tell"},
      {"untold_drift", "same_drift", "none",
       "first seen at 2026-11-17T03:00:00Z, and no record says that it was told"},
      {"untold_failing", "failure", "none",
       "no run could tell since 2026-11-17T03:00:00Z, and no record says that this was told"},
      {"drift_after_another", "same_drift", "none",
       "first seen at 2026-11-19T03:00:00Z; the drift that was told at 2026-11-18T03:00:00Z is "
       "another one"},
      {"drift", "same_drift", "none",
       "the same drift was told at 2026-11-19T03:00:00Z; it is told again from 2026-11-26 on"},
      {"old_drift", "same_drift", "none",
       "the same drift was first seen at 2026-10-31T03:00:00Z, 20 days ago"},
      {"drift", "same_drift", "valid",
       "acknowledged by ops@db1 until 2026-11-23T03:00:00Z: deploy on Monday"},
      {"drift_then_failing", "same_drift", "valid",
       "it can be told again; the drift is acknowledged by ops@db1 until 2026-11-23T03:00:00Z: "
       "deploy on Monday"},
      {"acknowledged", "same_drift", "expired",
       "the acknowledgement by ops@db1 has expired on 2026-11-20; the drift was first seen at "
       "2026-10-31T03:00:00Z, 20 days ago"},
      {"acknowledged", "same_drift", "withdrawn",
       "the acknowledgement by ops@db1 was withdrawn by dev@db2 at 2026-11-20T01:00:00Z; the drift "
       "was first seen at 2026-10-31T03:00:00Z, 20 days ago"},
      {"acknowledged", "same_drift", "none",
       "the acknowledgement of this drift is no longer there"},
      {"drift", "more_pending", "none", "the drift is not what it was when it was last told"},
      {"drift", "synced", "none", "the drift that was first seen at 2026-11-17T03:00:00Z is over"},
      {"failing", "synced", "none",
       "it can be told again, after a run that could not at 2026-11-17T03:00:00Z"},
      {"failing", "other_failure", "none",
       "the reason is another one than was told (access_denied)"},
      {"failing", "failure", "none", "the same failure was told at 2026-11-20T00:00:00Z"},
      {"old_failing", "failure", "none",
       "no run could tell since 2026-11-17T03:00:00Z, 3 days ago"},
      {"drift_then_failing", "same_drift", "none",
       "it can be told again, and the drift first seen at 2026-11-17T03:00:00Z is still there"},
      {"synced", "synced", "none", "nothing to tell"},
  };
  for (const Reason& row : reasons) {
    EXPECT_EQ(
        decide(before_named(row.before), occasion(row.now), acknowledgement(row.acknowledgement))
            .reason,
        row.reason)
        << row.before << ", " << row.now;
  }
  EXPECT_EQ(decide(before_named("synced"), occasion("synced"), {}, {days{7}, true}).reason,
            "every run is told (--notify-on-success)");
}

}  // namespace
}  // namespace drift::report
