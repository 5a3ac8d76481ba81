#include <nlohmann/json.hpp>

#include "drift/report/target_history.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

Json row(const StoredReport& report, const std::string& place) {
  Json drift;
  if (!report.failure) drift = report.status != "synced";
  const auto since = trouble_since(report);
  return {{"timestamp", rfc3339(report.timestamp)},
          {"run_id", report.run_id},
          {"target", report.target},
          {"status", report.status},
          {"drift_detected", std::move(drift)},
          {"since", since ? Json(rfc3339(*since)) : Json(nullptr)},
          {"what", in_short(report)},
          {"pending", report.pending.size()},
          {"alert", {{"kind", report.alert_kind}, {"sent", report.alert_sent}}},
          {"undelivered", report.undelivered},
          {"duration_ms", report.duration_ms},
          {"report", place}};
}

}  // namespace

std::string list_json(const std::vector<std::pair<StoredReport, std::string>>& reports) {
  Json rows = Json::array();
  for (const auto& [report, place] : reports) rows.push_back(row(report, place));
  return rows.dump(2) + "\n";
}

std::string summary_json(const std::vector<TargetHistory>& targets, const Period& period) {
  Json document;
  document["since"] = rfc3339(period.since);
  document["until"] = rfc3339(period.until);
  document["targets"] = Json::array();
  for (const TargetHistory& history : targets) {
    Json target;
    target["target"] = history.target;
    target["latest"] = history.latest ? row(*history.latest, "") : Json(nullptr);
    if (history.latest) target["latest"].erase("report");
    target["runs"] = runs_by_status(history);
    Json all = Json::array();
    for (std::size_t i = 0; i < history.reports.size(); ++i) {
      all.push_back(row(history.reports[i], history.places[i]));
    }
    target["reports"] = std::move(all);
    document["targets"].push_back(std::move(target));
  }
  return document.dump(2) + "\n";
}

}  // namespace drift::report
