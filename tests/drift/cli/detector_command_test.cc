#include "drift/cli/detector_command.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::cli {
namespace {

constexpr const char* kForm =
    "send {}, or {\"ref\": \"main\", \"targets\": [\"orders\"], \"dry_run\": true}";

void expect_plain(const std::string& payload) {
  const DetectorEvent event = read_detector_event(payload);
  EXPECT_EQ(event.ref, std::nullopt) << payload;
  EXPECT_TRUE(event.targets.empty()) << payload;
  EXPECT_FALSE(event.dry_run) << payload;
}

TEST(DetectorEvent, OfASchedulerAsksForTheConfiguredRun) {
  for (const char* payload : {"", " \n", "null", "{}"}) expect_plain(payload);
  // A rule's event.
  expect_plain(R"({"version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
    "time": "2026-11-20T03:00:00Z", "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/nightly"], "detail": {}})");
  // EventBridge Scheduler's, without an input of its own.
  expect_plain(R"({"version": "0", "id": "d32c5kddcf5bb8c3", "detail-type": "Scheduled Event",
    "source": "aws.scheduler", "account": "123456789012", "time": "2026-11-20T03:00:00Z",
    "region": "eu-central-1", "resources": [], "detail": "{}"})");
}

TEST(DetectorEvent, OverridesByHand) {
  const DetectorEvent event = read_detector_event(
      R"({"ref": "release", "targets": ["orders", "billing"], "dry_run": true})");
  EXPECT_EQ(event.ref, "release");
  EXPECT_EQ(event.targets, (std::vector<std::string>{"orders", "billing"}));
  EXPECT_TRUE(event.dry_run);
  EXPECT_EQ(read_detector_event(R"({"targets": "orders"})").targets,
            std::vector<std::string>{"orders"});
  EXPECT_EQ(read_detector_event(
                R"({"source": "deploys", "detail-type": "before", "detail": {"ref": "v2"}})")
                .ref,
            "v2");
}

TEST(DetectorEvent, RefusesWhatItCannotRead) {
  const auto refused = [](const char* payload, const std::string& why, const char* hint = kForm) {
    expect_error(thrown_by([&] { read_detector_event(payload); }), Fault::kUsage,
                 "the event " + why, hint);
  };
  refused("{", "is not JSON");
  refused("[]", "is not a JSON object");
  refused("\"main\"", "is not a JSON object");
  refused(R"({"ref": 1})", "has \"ref\", which is not text");
  refused(R"({"ref": ""})", "has \"ref\", which is not text");
  refused(R"({"targets": []})", "has \"targets\", which is empty");
  refused(R"({"targets": [3]})", "has \"targets\", which is not text");
  refused(R"({"dry_run": "yes"})", "has \"dry_run\", which is neither true nor false");
  refused(R"({"target": "orders"})", "has the key \"target\", which is not known",
          "did you mean \"targets\"?");
  refused(R"({"something": 1})", "has the key \"something\", which is not known");
  refused(R"({"source": "s", "detail-type": "d", "detail": [1]})",
          "has a \"detail\" that is not a JSON object");
}

}  // namespace
}  // namespace drift::cli
