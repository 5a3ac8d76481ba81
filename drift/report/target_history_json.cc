#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/report/acknowledgement_standing.h"
#include "drift/report/alert_json.h"
#include "drift/report/target_history.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

Json row(const PastRun& run) {
  Json drift;
  if (run.could_tell) drift = run.status != "synced";
  return {{"timestamp", rfc3339(run.timestamp)},
          {"run_id", run.run_id},
          {"target", run.target},
          {"status", run.status},
          {"drift_detected", std::move(drift)},
          {"since", run.since ? Json(rfc3339(*run.since)) : Json(nullptr)},
          {"what", run.what},
          {"pending", run.pending},
          {"alert", {{"kind", run.alert_kind}, {"due", run.alert_due}}},
          {"undelivered", run.undelivered},
          {"duration_ms", run.duration_ms},
          {"report", run.place}};
}

Json target_json(const TargetHistory& history, const Period& period) {
  Json target;
  target["target"] = history.target;
  target["latest"] = history.latest ? row(past_run(*history.latest, "")) : Json(nullptr);
  if (history.latest) {
    target["latest"].erase("report");
    const std::uint64_t sequence = history.latest->sequence.value_or(0);
    target["latest"]["sequence"] = sequence == 0 ? Json(nullptr) : Json(sequence);
    target["latest"]["sha256"] = history.latest_sha256;
  }
  target["runs"] = runs_by_status(history);
  target["missed_nights"] = missed_nights(history, period);
  target["acknowledgement"] = nullptr;
  if (history.acknowledgement) {
    const Acknowledgement& given = *history.acknowledgement;
    const StoredReport* latest = history.latest ? &*history.latest : nullptr;
    Json acknowledgement;
    acknowledgement["state"] = standing_name(standing_of(given, latest, period.until));
    acknowledgement.update(acknowledgement_json(given));
    target["acknowledgement"] = std::move(acknowledgement);
  }
  target["reports"] = Json::array();
  for (const PastRun& run : history.reports) target["reports"].push_back(row(run));
  return target;
}

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    result.append(4, ' ').append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
}

}  // namespace

std::string list_json(const std::vector<PastRun>& runs) {
  Json rows = Json::array();
  for (const PastRun& run : runs) rows.push_back(row(run));
  return rows.dump(2) + "\n";
}

void summary_json(const std::vector<TargetHistory>& targets, const Period& period,
                  const std::function<void(std::string_view)>& write) {
  Json document;
  document["since"] = rfc3339(period.since);
  document["until"] = rfc3339(period.until);
  document["limit_met"] = period.limit_met ? Json(*period.limit_met) : Json(nullptr);
  document["targets"] = Json::array();
  // All but the end of the empty list: "[]", a line end and "}".
  std::string text = document.dump(2);
  write(std::string_view(text).substr(0, text.size() - 3));
  const char* separator = "\n";
  for (const TargetHistory& history : targets) {
    write(separator + indented(target_json(history, period).dump(2)));
    separator = ",\n";
  }
  write(targets.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace drift::report
