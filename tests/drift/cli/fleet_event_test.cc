#include "drift/cli/fleet_event.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::cli {
namespace {

TEST(ActionEvent, IsNothingWhereThereIsNoAction) {
  for (const char* payload : {"", "{", "[]", "null", "{}", R"({"ref": "main"})"}) {
    EXPECT_EQ(read_action_event(payload), std::nullopt) << payload;
  }
}

TEST(ActionEvent, AsksForAStepOfAFleet) {
  const auto list = read_action_event(
      R"({"action": "fleet-list", "run": "n", "started": "2026-11-21T03:00:00.123Z",
          "batch_size": 25, "batches_at_once": 4})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->action, Action::kFleetList);
  EXPECT_EQ(list->batch_size, 25U);
  EXPECT_EQ(list->batches_at_once, 4U);
  EXPECT_EQ(rfc3339(list->run.started), "2026-11-21T03:00:00Z");
  EXPECT_EQ(list->run.id, check::run_id_of("n"));
  const auto batch = read_action_event(
      R"({"action": "fleet-batch", "run": "n", "started": "2026-11-21T03:00:00Z", "batch": 7,
          "at_once": 4, "targets": [{"target": "a"}]})");
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->batch.number, 7U);
  EXPECT_EQ(batch->batch.items.size(), 1U);
  EXPECT_EQ(read_action_event(R"({"action": "summary"})")->action, Action::kSummary);
}

TEST(ActionEvent, OfTheLastStepSaysWhyBatchesWereLost) {
  const auto close = read_action_event(
      R"({"action": "fleet-close", "run": "n", "started": "2026-11-21T03:00:00Z", "fleet": "shops",
          "listed": {"bucket": "b"},
          "batches": [{"batch": 0, "targets": 3}, "odd", {"lost": {}}, {"batch": 2, "lost": {
            "Error": "Sandbox.Timedout",
            "Cause": "{\"errorType\": \"x\", \"errorMessage\": \"timed out after 9 s\"}"}}],
          "failure": {"Error": "States.DataLimitExceeded", "Cause": "too large"}})");
  ASSERT_TRUE(close);
  EXPECT_EQ(close->run.name, "shops");
  ASSERT_EQ(close->lost.size(), 1U);
  EXPECT_EQ(close->lost.at(2).error, "Sandbox.Timedout");
  EXPECT_EQ(close->lost.at(2).cause, "timed out after 9 s");
  ASSERT_TRUE(close->all_lost);
  EXPECT_EQ(close->all_lost->cause, "too large");
}

TEST(ActionEvent, RefusesWhatItCannotRead) {
  const auto refused = [](const char* payload, const std::string& why, const char* hint) {
    expect_error(thrown_by([&] { read_action_event(payload); }), Fault::kUsage, "the event " + why,
                 hint);
  };
  refused(R"({"action": "sumary"})", "asks for the action \"sumary\", which is not known",
          "there are fleet-list, fleet-batch, fleet-close, summary");
  refused(R"({"action": 3})", "asks for the action \"3\", which is not known",
          "there are fleet-list, fleet-batch, fleet-close, summary");
  refused(R"({"action": "summary", "days": 7})",
          "has the key \"days\", which summary does not know", "");
  refused(R"({"action": "fleet-list"})", "has no text \"run\"",
          "the state machine of cron/fleet.yaml gives it");
  refused(R"({"action": "fleet-list", "run": "n", "started": "today"})",
          "has \"started\", which is not a time of RFC 3339", "");
  refused(R"({"action": "fleet-list", "run": "n", "started": "2026-11-21T03:00:00Z",
              "batch_size": 0})",
          "has \"batch_size\", which is not a number from 1 to 10000", "");
}

}  // namespace
}  // namespace drift::cli
