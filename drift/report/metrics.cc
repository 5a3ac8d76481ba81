#include "drift/report/metrics.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "drift/base/printable.h"
#include "drift/report/age.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

// A backslash, a quote and a line feed are all that a label's value must escape.
std::string label(const std::string& value) {
  std::string escaped;
  for (const char c : valid_utf8(value)) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

struct Gauge {
  std::string_view name, help;
  // Nothing where the run does not know.
  std::function<std::optional<std::string>(const Measures&)> value;
};

const std::vector<Gauge>& gauges() {
  const auto when_known = [](auto read) {
    return [read](const Measures& m) -> std::optional<std::string> {
      if (m.could_not_tell) return std::nullopt;
      return fmt::format("{}", read(m));
    };
  };
  static const std::vector<Gauge> all = {
      {"schema_drift_could_not_tell", "1 where the last run could not compare the two sides.",
       [](const Measures& m) { return m.could_not_tell ? "1" : "0"; }},
      {"schema_drift_detected", "1 where production and the repository differ; none if not known.",
       when_known([](const Measures& m) { return m.drift_detected ? 1 : 0; })},
      {"schema_drift_pending_revisions", "Revisions that production has not applied.",
       when_known([](const Measures& m) { return m.pending; })},
      {"schema_drift_age_seconds", "Time since a report first saw the drift; 0 without drift.",
       [](const Measures& m) -> std::optional<std::string> {
         if (m.could_not_tell || !m.drift_age_seconds) return std::nullopt;
         return fmt::format("{}", *m.drift_age_seconds);
       }},
      {"schema_drift_schema_differences",
       "Differences of the schema that fail; none where it was not compared.",
       [](const Measures& m) -> std::optional<std::string> {
         if (!m.schema_differences) return std::nullopt;
         return fmt::format("{}", *m.schema_differences);
       }},
      {"schema_drift_health_findings",
       "What is wrong with the schema by itself; none where that was not read.",
       [](const Measures& m) -> std::optional<std::string> {
         if (!m.health_findings) return std::nullopt;
         return fmt::format("{}", *m.health_findings);
       }},
      {"schema_drift_undelivered",
       "What of the last run's report and alerts did not get through; 0 where all did.",
       [](const Measures& m) { return fmt::format("{}", m.undelivered); }},
      {"schema_drift_run_duration_seconds", "How long the comparison took.",
       [](const Measures& m) {
         return fmt::format("{:.3f}", static_cast<double>(m.run_ms) / 1000.0);
       }},
      {"schema_drift_last_run_timestamp_seconds", "When the last run began.",
       [](const Measures& m) { return fmt::format("{}", m.at.time_since_epoch().count()); }},
  };
  return all;
}

}  // namespace

Measures measures_of(const Report& report) {
  Measures measures;
  measures.target = report.target;
  measures.could_not_tell = report.status == verdict::Status::kError;
  measures.drift_detected = !measures.could_not_tell && report.status != verdict::Status::kSynced;
  measures.pending = report.pending.size();
  measures.undelivered = report.undelivered.size();
  // A drift that no report saw before is new.
  measures.drift_age_seconds = 0;
  if (const auto since = measures.drift_detected ? first_seen(report) : std::nullopt) {
    measures.drift_age_seconds = (report.timestamp - *since).count();
    if (!can_have_been(*since, report.timestamp)) measures.drift_age_seconds.reset();
  }
  if (report.schema && report.schema->compared()) {
    measures.schema_differences = report.schema->failing;
  }
  if (report.schema) measures.health_findings = health_findings(*report.schema);
  measures.run_ms = report.duration_ms;
  measures.at = report.timestamp;
  return measures;
}

std::string embedded_metrics(const char* dimension, std::string_view whose, TimePoint at,
                             const std::vector<Metric>& metrics) {
  Json definitions = Json::array();
  for (const Metric& metric : metrics) {
    definitions.push_back({{"Name", metric.name}, {"Unit", metric.unit}});
  }
  Json directive;
  directive["Namespace"] = "SchemaDrift";
  directive["Dimensions"] = Json::array({Json::array({dimension})});
  directive["Metrics"] = std::move(definitions);
  Json document;
  document["_aws"]["Timestamp"] = at.time_since_epoch().count() * 1000;
  document["_aws"]["CloudWatchMetrics"] = Json::array({std::move(directive)});
  document[dimension] = valid_utf8(whose);
  for (const Metric& metric : metrics) document[metric.name] = metric.value;
  return document.dump();
}

std::string embedded_metrics(const Measures& measures) {
  std::vector<Metric> metrics;
  const auto add_count = [&](const char* name, const std::optional<std::size_t>& count) {
    if (count) metrics.push_back({name, "Count", static_cast<std::int64_t>(*count)});
  };
  if (!measures.could_not_tell) {
    add_count("DriftDetected", measures.drift_detected ? 1 : 0);
    add_count("PendingRevisions", measures.pending);
    if (measures.drift_age_seconds) {
      metrics.push_back({"DriftAgeSeconds", "Seconds", *measures.drift_age_seconds});
    }
  }
  add_count("SchemaDifferences", measures.schema_differences);
  add_count("HealthFindings", measures.health_findings);
  add_count("CouldNotTell", measures.could_not_tell ? 1 : 0);
  add_count("Undelivered", measures.undelivered);
  metrics.push_back({"RunDuration", "Milliseconds", measures.run_ms});
  return embedded_metrics("Target", measures.target, measures.at, metrics);
}

std::string prometheus_metrics(const std::vector<Measures>& targets) {
  std::string text;
  for (const Gauge& gauge : gauges()) {
    std::string lines;
    for (const Measures& target : targets) {
      if (const auto value = gauge.value(target)) {
        lines += fmt::format("{}{{target=\"{}\"}} {}\n", gauge.name, label(target.target), *value);
      }
    }
    if (lines.empty()) continue;
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", gauge.name, gauge.help) + lines;
  }
  return text;
}

}  // namespace drift::report
