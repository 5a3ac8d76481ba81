#include "drift/report/alert_json.h"

#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/report/stored_report.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

Json known(const std::vector<KnownFinding>& findings) {
  Json array = Json::array();
  for (const KnownFinding& finding : findings) {
    Json subjects = Json::array();
    for (const std::string& subject : finding.subjects) subjects.push_back(valid_utf8(subject));
    array.push_back({{"kind", finding.kind},
                     {"fingerprint", finding.fingerprint},
                     {"subjects", std::move(subjects)}});
  }
  return array;
}

Json state_json(const AlertState& state) {
  Json drift;
  if (state.drift) {
    drift = {{"since", rfc3339(state.drift->since)},
             {"alerted_at", rfc3339(state.drift->alerted_at)},
             {"acknowledged", state.drift->acknowledged},
             {"told", known(state.drift->told)}};
  }
  Json failing;
  if (state.failing) {
    failing = {{"since", rfc3339(state.failing->since)},
               {"alerted_at", rfc3339(state.failing->alerted_at)},
               {"kind", state.failing->kind}};
  }
  return {
      {"drift", std::move(drift)}, {"failing", std::move(failing)}, {"delivered", state.delivered}};
}

}  // namespace

Json acknowledgement_json(const Acknowledgement& acknowledgement) {
  Json withdrawn;
  if (acknowledgement.withdrawn) {
    withdrawn = {{"at", rfc3339(acknowledgement.withdrawn->at)},
                 {"by", valid_utf8(acknowledgement.withdrawn->by)}};
    if (!acknowledgement.withdrawn->reason.empty()) {
      withdrawn["reason"] = valid_utf8(acknowledgement.withdrawn->reason);
    }
  }
  return {
      {"until", rfc3339(acknowledgement.until)},
      {"at", rfc3339(acknowledgement.at)},
      {"by", valid_utf8(acknowledgement.by)},
      {"reason", valid_utf8(acknowledgement.reason)},
      {"findings", known(acknowledgement.findings)},
      {"sequence", acknowledgement.sequence == 0 ? Json(nullptr) : Json(acknowledgement.sequence)},
      {"withdrawn", std::move(withdrawn)}};
}

Json alert_json(const std::optional<AlertDecision>& decision,
                const std::optional<Acknowledgement>& acknowledgement) {
  if (!decision) return nullptr;
  Json changes = Json::array();
  for (const std::string& change : decision->changes) changes.push_back(valid_utf8(change));
  return {
      {"send", decision->send},
      {"kind", alert_kind_name(decision->kind)},
      {"reason", valid_utf8(decision->reason)},
      {"changes", std::move(changes)},
      {"acknowledgement", acknowledgement ? acknowledgement_json(*acknowledgement) : Json(nullptr)},
      {"state", state_json(decision->after)}};
}

std::string to_json(const std::string& target, const Acknowledgement& acknowledgement) {
  Json document;
  document["schema_version"] = kSchemaVersion;
  document["target"] = valid_utf8(target);
  document.update(acknowledgement_json(acknowledgement));
  return document.dump(2) + "\n";
}

}  // namespace drift::report
