#include "drift/check/batch_list.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::check {
namespace {

FleetRun a_run() {
  FleetRun run;
  run.execution = "night-1";
  run.id = run_id_of(run.execution);
  run.started = *parse_rfc3339("2026-11-21T03:00:00Z");
  return run;
}

TEST(BatchList, GivesEachBatchAsTheEventOfTheFunction) {
  const std::vector<Batch> batches = {
      {0, 5, {{"orders", "", {}}, {"shops", "shop_1", {}}}},
      {1, 5, {{"gone", "", Error{Fault::kSqlFailed, "databases_from of gone failed", "ask it"}}}}};
  EXPECT_EQ(batches_json(batches, a_run()),
            R"([{"action":"fleet-batch","run":"night-1","started":"2026-11-21T03:00:00Z",)"
            R"("batch":0,"at_once":5,"targets":[{"target":"orders"},)"
            R"({"target":"shops","database":"shop_1"}]},)"
            R"({"action":"fleet-batch","run":"night-1","started":"2026-11-21T03:00:00Z",)"
            R"("batch":1,"at_once":5,"targets":[{"target":"gone",)"
            R"("impossible":{"kind":"sql_failed",)"
            R"("message":"databases_from of gone failed","hint":"ask it"}}]}])"
            "\n");
  const std::vector<Batch> again = read_batches(batches_json(batches, a_run()));
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].at_once, 5U);
  EXPECT_EQ(again[0].items[1].target, "shops");
  EXPECT_EQ(again[0].items[1].database, "shop_1");
  EXPECT_EQ(again[1].number, 1U);
  ASSERT_TRUE(again[1].items[0].impossible);
  EXPECT_EQ(again[1].items[0].impossible->fault, Fault::kSqlFailed);
  EXPECT_EQ(again[1].items[0].impossible->hint, "ask it");
}

TEST(BatchList, RefusesWhatIsNoBatch) {
  const auto refused = [](const char* event, const std::string& why) {
    expect_error(thrown_by([&] { read_batch(event); }), Fault::kUsage, "the batch " + why,
                 "batches come from the step \"fleet-list\", and are passed on as they are");
  };
  refused("{", "is not JSON");
  refused("[]", "is not a JSON object");
  refused("{}", "has no number \"batch\"");
  refused(R"({"batch": -1, "at_once": 1})", "has no number \"batch\"");
  refused(R"({"batch": 1, "at_once": 1, "targets": []})", "has no \"targets\"");
  refused(R"({"batch": 1, "at_once": 1, "targets": ["a"]})",
          "has a target that is not a JSON object");
  refused(R"({"batch": 1, "at_once": 1, "targets": [{}]})", "has a target without a name");
  refused(R"({"batch": 1, "at_once": 1, "targets": [{"target": 1}]})",
          "has \"target\", which is not text");
  refused(R"({"batch": 1, "at_once": 1, "targets": [{"target": "a", "impossible": "x"}]})",
          "has \"impossible\", which is not a JSON object");
  expect_error(thrown_by([] { read_batches("{}"); }), Fault::kUsage, "the batch is not in an array",
               "batches come from the step \"fleet-list\", and are passed on as they are");
}

TEST(BatchList, OneExecutionIsOneRunOnEveryMachine) {
  EXPECT_EQ(run_id_of("night-1"), run_id_of("night-1"));
  EXPECT_NE(run_id_of("night-1"), run_id_of("night-2"));
  EXPECT_EQ(run_id_of("night-1").size(), 16U);
}

}  // namespace
}  // namespace drift::check
