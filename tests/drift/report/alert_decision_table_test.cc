#include "drift/report/alert_decision.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/drift/report/alert_occasions.h"

// The whole table of what was before, what is now and what somebody acknowledged.
namespace drift::report {
namespace {

struct Row {
  std::string before, now, none, valid, expired, withdrawn;
};

// Every (before, now, acknowledgement). A name that ends in '.' is quiet.
const std::vector<Row> kTable = {
    {"nothing", "synced", "synced.", "synced.", "synced.", "synced."},
    {"nothing", "same_drift", "first_drift", "drift_acknowledged.", "first_drift", "first_drift"},
    {"nothing", "more_pending", "first_drift", "drift_acknowledged.", "first_drift", "first_drift"},
    {"nothing", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"nothing", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"nothing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"unreadable", "synced", "synced.", "synced.", "synced.", "synced."},
    {"unreadable", "same_drift", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"unreadable", "more_pending", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"unreadable", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"unreadable", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"unreadable", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"synced", "synced", "synced.", "synced.", "synced.", "synced."},
    {"synced", "same_drift", "first_drift", "drift_acknowledged.", "first_drift", "first_drift"},
    {"synced", "more_pending", "first_drift", "drift_acknowledged.", "first_drift", "first_drift"},
    {"synced", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"synced", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"synced", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"untold_drift", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"untold_drift", "same_drift", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"untold_drift", "more_pending", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"untold_drift", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"untold_drift", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"untold_drift", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"drift", "same_drift", "drift_unchanged.", "drift_acknowledged.", "drift_unchanged.",
     "drift_unchanged."},
    {"drift", "more_pending", "drift_changed", "drift_acknowledged.", "drift_changed",
     "drift_changed"},
    {"drift", "stranger", "drift_changed", "drift_changed", "drift_changed", "drift_changed"},
    {"drift", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"old_drift", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"old_drift", "same_drift", "drift_reminder", "drift_acknowledged.", "drift_reminder",
     "drift_reminder"},
    {"old_drift", "more_pending", "drift_changed", "drift_acknowledged.", "drift_changed",
     "drift_changed"},
    {"old_drift", "stranger", "drift_changed", "drift_changed", "drift_changed", "drift_changed"},
    {"old_drift", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"old_drift", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift_after_another", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"drift_after_another", "same_drift", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"drift_after_another", "more_pending", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"drift_after_another", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"drift_after_another", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift_after_another", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell",
     "cannot_tell"},
    {"acknowledged", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"acknowledged", "same_drift", "acknowledgement_expired", "drift_acknowledged.",
     "acknowledgement_expired", "acknowledgement_withdrawn"},
    {"acknowledged", "more_pending", "drift_changed", "drift_acknowledged.",
     "acknowledgement_expired", "acknowledgement_withdrawn"},
    {"acknowledged", "stranger", "drift_changed", "drift_changed", "drift_changed",
     "drift_changed"},
    {"acknowledged", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"acknowledged", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"acknowledged_untold", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"acknowledged_untold", "same_drift", "first_drift", "drift_acknowledged.",
     "acknowledgement_expired", "acknowledgement_withdrawn"},
    {"acknowledged_untold", "more_pending", "first_drift", "drift_acknowledged.",
     "acknowledgement_expired", "acknowledgement_withdrawn"},
    {"acknowledged_untold", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"acknowledged_untold", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"acknowledged_untold", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell",
     "cannot_tell"},
    {"failing", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"failing", "same_drift", "first_drift", "can_tell_again", "first_drift", "first_drift"},
    {"failing", "more_pending", "first_drift", "can_tell_again", "first_drift", "first_drift"},
    {"failing", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"failing", "failure", "cannot_tell_unchanged.", "cannot_tell_unchanged.",
     "cannot_tell_unchanged.", "cannot_tell_unchanged."},
    {"failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"untold_failing", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"untold_failing", "same_drift", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"untold_failing", "more_pending", "first_drift", "drift_acknowledged.", "first_drift",
     "first_drift"},
    {"untold_failing", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"untold_failing", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"untold_failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"old_failing", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"old_failing", "same_drift", "first_drift", "can_tell_again", "first_drift", "first_drift"},
    {"old_failing", "more_pending", "first_drift", "can_tell_again", "first_drift", "first_drift"},
    {"old_failing", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"old_failing", "failure", "cannot_tell_reminder", "cannot_tell_reminder",
     "cannot_tell_reminder", "cannot_tell_reminder"},
    {"old_failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"drift_then_failing", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"drift_then_failing", "same_drift", "can_tell_again", "can_tell_again", "can_tell_again",
     "can_tell_again"},
    {"drift_then_failing", "more_pending", "drift_changed", "can_tell_again", "drift_changed",
     "drift_changed"},
    {"drift_then_failing", "stranger", "drift_changed", "drift_changed", "drift_changed",
     "drift_changed"},
    {"drift_then_failing", "failure", "cannot_tell_unchanged.", "cannot_tell_unchanged.",
     "cannot_tell_unchanged.", "cannot_tell_unchanged."},
    {"drift_then_failing", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell",
     "cannot_tell"},
    {"failing_again", "synced", "recovered", "recovered", "recovered", "recovered"},
    {"failing_again", "same_drift", "first_drift", "can_tell_again", "first_drift", "first_drift"},
    {"failing_again", "more_pending", "first_drift", "can_tell_again", "first_drift",
     "first_drift"},
    {"failing_again", "stranger", "first_drift", "first_drift", "first_drift", "first_drift"},
    {"failing_again", "failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
    {"failing_again", "other_failure", "cannot_tell", "cannot_tell", "cannot_tell", "cannot_tell"},
};

TEST(AlertDecision, FollowsTheTable) {
  ASSERT_EQ(kTable.size(), kBefore.size() * kOccasions.size());
  std::size_t next = 0;
  for (const auto& [name, before] : kBefore) {
    for (const char* now : kOccasions) {
      const Row& row = kTable[next++];
      ASSERT_EQ(row.before, name);
      ASSERT_EQ(row.now, now);
      const std::array expected = {row.none, row.valid, row.expired, row.withdrawn};
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const AlertDecision made =
            decide(before, occasion(now), acknowledgement(kAcknowledgements[i]));
        std::string kind{alert_kind_name(made.kind)};
        if (!made.send) kind += '.';
        EXPECT_EQ(kind, expected[i]) << name << ", " << now << ", " << kAcknowledgements[i];
        EXPECT_FALSE(made.reason.empty());
        EXPECT_EQ(made.destinations.at(0).destination, "the topic");
        EXPECT_EQ(made.destinations[0].after.kind, alert_kind_name(made.kind));
      }
    }
  }
}

// Whatever was before: what was not accepted is told the next time, and who asks for every run gets
// every run.

}  // namespace
}  // namespace drift::report
