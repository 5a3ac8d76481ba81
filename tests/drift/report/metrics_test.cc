#include "drift/report/metrics.h"

#include <gtest/gtest.h>

namespace drift::report {
namespace {

using verdict::Status;

const TimePoint kRunTime{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

Report report_of(const std::string& target, Status status) {
  Report report;
  report.timestamp = kRunTime;
  report.target = target;
  report.status = status;
  report.duration_ms = 1234;
  return report;
}

Report behind() {
  Report report = report_of("orders", Status::kBehind);
  report.pending.resize(3);
  report.alert = AlertDecision{};
  report.alert->seen.drift = Seen::Drift{{kRunTime - std::chrono::days{2}, 7}, {}};
  return report;
}

TEST(EmbeddedMetrics, AreOneLineThatCloudWatchTakes) {
  EXPECT_EQ(embedded_metrics(measures_of(behind())),
            R"({"_aws":{"Timestamp":1795143600000,"CloudWatchMetrics":[{"Namespace":"SchemaDrift",)"
            R"("Dimensions":[["Target"]],"Metrics":[{"Name":"DriftDetected","Unit":"Count"},)"
            R"({"Name":"PendingRevisions","Unit":"Count"},)"
            R"({"Name":"DriftAgeSeconds","Unit":"Seconds"},{"Name":"CouldNotTell","Unit":"Count"},)"
            R"({"Name":"Undelivered","Unit":"Count"},)"
            R"({"Name":"RunDuration","Unit":"Milliseconds"}]}]},"Target":"orders",)"
            R"("DriftDetected":1,"PendingRevisions":3,"DriftAgeSeconds":172800,"CouldNotTell":0,)"
            R"("Undelivered":0,"RunDuration":1234})");
}

TEST(EmbeddedMetrics, OfARunThatCouldNotTellClaimNothingElse) {
  const std::string line = embedded_metrics(measures_of(report_of("orders", Status::kError)));
  EXPECT_NE(line.find("\"CouldNotTell\":1"), std::string::npos);
  for (const char* unknown : {"DriftDetected", "PendingRevisions", "DriftAgeSeconds"}) {
    EXPECT_EQ(line.find(unknown), std::string::npos) << unknown;
  }
}

TEST(Metrics, CountWhatDidNotGetThrough) {
  Report report = behind();
  report.undelivered = {"cannot store the report", "cannot send the alert"};
  const Measures measures = measures_of(report);
  EXPECT_NE(embedded_metrics(measures).find("\"Undelivered\":2"), std::string::npos);
  EXPECT_NE(prometheus_metrics({measures}).find("schema_drift_undelivered{target=\"orders\"} 2\n"),
            std::string::npos);
}

TEST(Metrics, OfTheSchemaAreLeftOutWhereItWasNotComparedOrNotRead) {
  Report report = report_of("shop", Status::kSchemaDrift);
  report.schema.emplace();
  report.schema->not_compared_because = "x";
  EXPECT_EQ(embedded_metrics(measures_of(report)).find("SchemaDifferences"), std::string::npos);
  EXPECT_EQ(embedded_metrics(measures_of(report)).find("HealthFindings"), std::string::npos);
  report.schema->not_compared_because.clear();
  report.schema->expected.emplace();
  report.schema->failing = 3;
  report.schema->health.coverage["invalid_index"] = "read";
  report.schema->health.counts["invalid_index"] = 2;
  const std::string line = embedded_metrics(measures_of(report));
  EXPECT_NE(line.find("\"SchemaDifferences\":3,\"HealthFindings\":2"), std::string::npos) << line;
  const std::string text = prometheus_metrics({measures_of(report)});
  EXPECT_NE(text.find("schema_drift_schema_differences{target=\"shop\"} 3\n"), std::string::npos);
  EXPECT_NE(text.find("schema_drift_health_findings{target=\"shop\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("schema_drift_detected{target=\"shop\"} 1\n"), std::string::npos);
}

TEST(Metrics, AnAgeThatCannotBeIsLeftOut) {
  for (const TimePoint since : {TimePoint{}, kRunTime + std::chrono::days{1}}) {
    Report report = behind();
    report.alert->seen.drift->first.at = since;
    const Measures measures = measures_of(report);
    EXPECT_EQ(embedded_metrics(measures).find("DriftAgeSeconds"), std::string::npos);
    EXPECT_EQ(prometheus_metrics({measures}).find("schema_drift_age_seconds"), std::string::npos);
  }
  Report now = behind();
  now.alert->seen.drift->first.at = kRunTime;
  EXPECT_EQ(measures_of(now).drift_age_seconds, 0);
}

TEST(PrometheusMetrics, LeaveOutWhatIsNotKnown) {
  const std::string text =
      prometheus_metrics({measures_of(behind()), measures_of(report_of("a\"b\\c", Status::kError)),
                          measures_of(report_of("shop", Status::kSynced))});
  EXPECT_EQ(
      text,
      "# HELP schema_drift_could_not_tell 1 where the last run could not compare the two sides.\n"
      "# TYPE schema_drift_could_not_tell gauge\n"
      "schema_drift_could_not_tell{target=\"orders\"} 0\n"
      "schema_drift_could_not_tell{target=\"a\\\"b\\\\c\"} 1\n"
      "schema_drift_could_not_tell{target=\"shop\"} 0\n"
      "# HELP schema_drift_detected 1 where production and the repository differ; none if not "
      "known.\n"
      "# TYPE schema_drift_detected gauge\n"
      "schema_drift_detected{target=\"orders\"} 1\n"
      "schema_drift_detected{target=\"shop\"} 0\n"
      "# HELP schema_drift_pending_revisions Revisions that production has not applied.\n"
      "# TYPE schema_drift_pending_revisions gauge\n"
      "schema_drift_pending_revisions{target=\"orders\"} 3\n"
      "schema_drift_pending_revisions{target=\"shop\"} 0\n"
      "# HELP schema_drift_age_seconds Time since a report first saw the drift; 0 without drift.\n"
      "# TYPE schema_drift_age_seconds gauge\n"
      "schema_drift_age_seconds{target=\"orders\"} 172800\n"
      "schema_drift_age_seconds{target=\"shop\"} 0\n"
      "# HELP schema_drift_undelivered What of the last run's report and alerts did not get "
      "through; 0 where all did.\n"
      "# TYPE schema_drift_undelivered gauge\n"
      "schema_drift_undelivered{target=\"orders\"} 0\n"
      "schema_drift_undelivered{target=\"a\\\"b\\\\c\"} 0\n"
      "schema_drift_undelivered{target=\"shop\"} 0\n"
      "# HELP schema_drift_run_duration_seconds How long the comparison took.\n"
      "# TYPE schema_drift_run_duration_seconds gauge\n"
      "schema_drift_run_duration_seconds{target=\"orders\"} 1.234\n"
      "schema_drift_run_duration_seconds{target=\"a\\\"b\\\\c\"} 1.234\n"
      "schema_drift_run_duration_seconds{target=\"shop\"} 1.234\n"
      "# HELP schema_drift_last_run_timestamp_seconds When the last run began.\n"
      "# TYPE schema_drift_last_run_timestamp_seconds gauge\n"
      "schema_drift_last_run_timestamp_seconds{target=\"orders\"} 1795143600\n"
      "schema_drift_last_run_timestamp_seconds{target=\"a\\\"b\\\\c\"} 1795143600\n"
      "schema_drift_last_run_timestamp_seconds{target=\"shop\"} 1795143600\n");
}

}  // namespace
}  // namespace drift::report
