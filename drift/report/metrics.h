// What a run says to those who count: CloudWatch and Prometheus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/report.h"

namespace drift::report {

// The figures of one report. What could not be told is left out, never 0.
struct Measures {
  std::string target;
  bool could_not_tell = false;
  bool drift_detected = false;
  std::size_t pending = 0;
  // Since reports first saw it; 0 without drift. Nothing where a clock must have been wrong.
  std::optional<std::int64_t> drift_age_seconds;
  // Differences of the schema that fail; nothing where it was not compared.
  std::optional<std::size_t> schema_differences;
  // Findings of health; nothing where none of its kinds was read.
  std::optional<std::size_t> health_findings;
  // What of the report and its alerts did not get through; see Report::undelivered.
  std::size_t undelivered = 0;
  std::int64_t run_ms = 0;
  TimePoint at;
};
// Of a report that was delivered, or could not be.
Measures measures_of(const Report& report);

// One figure as CloudWatch shows it; `unit` is one of its own: Count, Seconds, Milliseconds.
struct Metric {
  const char* name;
  const char* unit;
  std::int64_t value;
};

// One line of JSON that CloudWatch takes from a function's log as metrics in the namespace
// SchemaDrift, by `dimension` (Target, Fleet) of the value `whose`; without a newline.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
std::string embedded_metrics(const char* dimension, std::string_view whose, TimePoint at,
                             const std::vector<Metric>& metrics);

// That line of one report: the metrics DriftDetected,
// PendingRevisions, DriftAgeSeconds, SchemaDifferences, HealthFindings, CouldNotTell, Undelivered
// and RunDuration, by Target.
std::string embedded_metrics(const Measures& measures);

// The text that node_exporter's textfile collector reads; all targets of one run.
// https://prometheus.io/docs/instrumenting/exposition_formats/
std::string prometheus_metrics(const std::vector<Measures>& targets);

}  // namespace drift::report
