#include "drift/report/fleet_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace drift::report {
namespace {

FleetRow row(const char* target, verdict::Status status) {
  FleetRow row;
  row.target = target;
  row.status = status;
  if (status == verdict::Status::kError) row.failure = Failure{"run", "timed_out", "late", "more"};
  row.stored_at = "s3://b/x.json";
  return row;
}

BatchResult a_result() {
  BatchResult result{"0123456789abcdef",
                     {row("a", verdict::Status::kBehind), row("b", verdict::Status::kError)},
                     {}};
  result.rows[0].pending = 2;
  result.rows[0].what = "2 revisions are pending";
  result.rows[1].undelivered = {"not stored"};
  PendingNews news;
  news.place = {"a", "github:example/shop", "HEAD"};
  news.timestamp = *parse_rfc3339("2026-11-21T03:00:07Z");
  news.news = {"a",
               verdict::Status::kBehind,
               AlertKind::kDriftChanged,
               verdict::Severity::kWarning,
               std::string("be\0hind", 7),
               "what",
               "action"};
  DestinationDecision one;
  one.destination = "arn:aws:sns:x";
  one.send = true;
  one.kind = AlertKind::kDriftChanged;
  one.reason = "why";
  one.changes = {"one came"};
  one.after.by = {news.timestamp, 41};
  one.after.at = news.timestamp;
  one.after.kind = "drift_changed";
  one.after.drift =
      Told::Drift{{news.timestamp, 40}, {{"pending_revisions", "00ff", {"c3", "d4"}}}};
  news.destinations.push_back(one);
  result.news.push_back(news);
  return result;
}

TEST(BatchResult, IsReadBackAsItWasWritten) {
  const BatchResult before = a_result();
  const auto read = read_batch_result(to_json(before));
  const auto* after = std::get_if<BatchResult>(&read);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(to_json(*after), to_json(before));
  EXPECT_EQ(after->run_id, before.run_id);
  EXPECT_EQ(after->rows[1].failure->kind, "timed_out");
  EXPECT_EQ(after->rows[1].undelivered, before.rows[1].undelivered);
  const PendingNews& news = after->news.front();
  EXPECT_EQ(news.news.cause, std::string("be\0hind", 7));
  EXPECT_EQ(news.news.severity, verdict::Severity::kWarning);
  EXPECT_EQ(news.destinations.front().kind, AlertKind::kDriftChanged);
  EXPECT_TRUE(news.destinations.front().after == before.news.front().destinations.front().after);
}

TEST(BatchResult, EveryStatusAndEveryKindComesBack) {
  for (int i = 0; i <= static_cast<int>(verdict::Status::kError); ++i) {
    BatchResult result = a_result();
    result.rows[0] = row("a", static_cast<verdict::Status>(i));
    const auto read = read_batch_result(to_json(result));
    ASSERT_TRUE(std::holds_alternative<BatchResult>(read)) << i;
    EXPECT_EQ(std::get<BatchResult>(read).rows[0].status, static_cast<verdict::Status>(i));
  }
  for (int i = 0; i <= static_cast<int>(AlertKind::kNoDestination); ++i) {
    BatchResult result = a_result();
    result.news[0].destinations[0].kind = static_cast<AlertKind>(i);
    const auto read = read_batch_result(to_json(result));
    ASSERT_TRUE(std::holds_alternative<BatchResult>(read)) << i;
  }
}

TEST(BatchResult, DamagedBytesAreNoResult) {
  const auto why = [](const std::string& json) {
    const auto read = read_batch_result(json);
    const auto* refusal = std::get_if<StoredReportRefusal>(&read);
    return refusal == nullptr ? "" : refusal->reason;
  };
  EXPECT_EQ(why("{"), "is not a JSON object");
  EXPECT_EQ(why("{}"), "is of another version of schema-drift");
  EXPECT_EQ(why(R"({"schema_version": 1})"), "is damaged");
  nlohmann::json odd = nlohmann::json::parse(to_json(a_result()));
  odd["rows"][0]["status"] = "fine";
  EXPECT_EQ(why(odd.dump()), "is damaged");
}

FleetReport a_fleet() {
  FleetReport fleet;
  fleet.fleet = "shops";
  fleet.run_id = "0123456789abcdef";
  fleet.started = *parse_rfc3339("2026-11-21T03:00:00Z");
  fleet.finished = *parse_rfc3339("2026-11-21T03:01:30Z");
  fleet.batches = 2;
  fleet.lost_batches = 1;
  fleet.rows = {row("c", verdict::Status::kError), row("b", verdict::Status::kBehind),
                row("a", verdict::Status::kSynced), row("d", verdict::Status::kAhead)};
  fleet.rows[1].undelivered = {"one", "two"};
  fleet.undelivered = {"three"};
  return fleet;
}

TEST(FleetReport, CountsEveryStatusAndSortsByName) {
  const auto json = nlohmann::json::parse(to_json(a_fleet()));
  EXPECT_EQ(json["target_count"], 4);
  EXPECT_EQ(json["statuses"]["error"], 1);
  EXPECT_EQ(json["statuses"]["diverged"], 0);
  std::string names;
  for (const auto& one : json["targets"]) names += one["target"].get<std::string>();
  EXPECT_EQ(names, "abcd");
  EXPECT_EQ(json["finished"], "2026-11-21T03:01:30Z");
}

TEST(FleetReport, HasMetricsOfTheFleetAlone) {
  const auto line = nlohmann::json::parse(embedded_metrics(a_fleet()));
  EXPECT_EQ(line["_aws"]["Timestamp"], 1795230090000);
  const auto& directive = line["_aws"]["CloudWatchMetrics"][0];
  EXPECT_EQ(directive["Dimensions"], nlohmann::json::parse(R"([["Fleet"]])"));
  EXPECT_EQ(directive["Metrics"].size(), 7U);
  EXPECT_EQ(line["Fleet"], "shops");
  EXPECT_EQ(line["Targets"], 4);
  EXPECT_EQ(line["Synced"], 1);
  EXPECT_EQ(line["Drifted"], 2);
  EXPECT_EQ(line["CouldNotTell"], 1);
  EXPECT_EQ(line["LostBatches"], 1);
  EXPECT_EQ(line["Undelivered"], 3);
  EXPECT_EQ(line["FleetDuration"], 90);
}

}  // namespace
}  // namespace drift::report
