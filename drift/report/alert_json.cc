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

Json number_or_null(std::uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

// The first report that saw it.
void add_first(Json& object, const Sight& first) {
  object["since"] = rfc3339(first.at);
  object["sequence"] = number_or_null(first.sequence);
}

Json failing_json(const std::optional<Seen::Failing>& failing) {
  Json object;
  if (failing) {
    add_first(object, failing->first);
    object["kind"] = failing->kind;
  }
  return object;
}

Json seen_json(const Seen& seen) {
  Json drift;
  if (seen.drift) {
    add_first(drift, seen.drift->first);
    drift["findings"] = known(seen.drift->findings);
    drift["acknowledged"] = seen.drift->acknowledged;
    drift["resumed"] = nullptr;
    if (seen.drift->resumed) {
      drift["resumed"] = {{"at", rfc3339(seen.drift->resumed->at)},
                          {"sequence", number_or_null(seen.drift->resumed->sequence)}};
    }
  }
  return {{"drift", std::move(drift)}, {"failing", failing_json(seen.failing)}};
}

Json texts(const std::vector<std::string>& sentences) {
  Json array = Json::array();
  for (const std::string& sentence : sentences) array.push_back(valid_utf8(sentence));
  return array;
}

Json destinations_json(const std::vector<DestinationDecision>& destinations) {
  Json array = Json::array();
  for (const DestinationDecision& one : destinations) {
    array.push_back({{"destination", valid_utf8(one.destination)},
                     {"send", one.send},
                     {"kind", alert_kind_name(one.kind)},
                     {"reason", valid_utf8(one.reason)},
                     {"changes", texts(one.changes)}});
  }
  return array;
}

// The head of what lies beside the reports.
Json memory_json(const Place& place) {
  return {{"schema_version", kSchemaVersion},
          {"target", valid_utf8(place.target)},
          {"repository", valid_utf8(place.repository)},
          {"ref", valid_utf8(place.ref)}};
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
  return {{"until", rfc3339(acknowledgement.until)},
          {"at", rfc3339(acknowledgement.at)},
          {"by", valid_utf8(acknowledgement.by)},
          {"reason", valid_utf8(acknowledgement.reason)},
          {"findings", known(acknowledgement.findings)},
          {"sequence", number_or_null(acknowledgement.sequence)},
          {"withdrawn", std::move(withdrawn)}};
}

Json alert_json(const std::optional<AlertDecision>& decision,
                const std::optional<Acknowledgement>& acknowledgement) {
  if (!decision) return nullptr;
  // The same in the report that goes to one destination: it is the stored one.
  const DestinationDecision* const first = foremost(*decision);
  return {
      {"send", first != nullptr && first->send},
      {"kind", alert_kind_name(first == nullptr ? AlertKind::kNoDestination : first->kind)},
      {"reason", valid_utf8(first == nullptr ? decision->reason : first->reason)},
      {"changes", texts(first == nullptr ? std::vector<std::string>{} : first->changes)},
      {"destinations", destinations_json(decision->destinations)},
      {"acknowledgement", acknowledgement ? acknowledgement_json(*acknowledgement) : Json(nullptr)},
      {"seen", seen_json(decision->seen)}};
}

std::string to_json(const Place& place, const Seen& seen, const Sight& by) {
  Json document = memory_json(place);
  document["at"] = rfc3339(by.at);
  document["sequence"] = number_or_null(by.sequence);
  document.update(seen_json(seen));
  return document.dump(2) + "\n";
}

std::string to_json(const Place& place, const std::string& destination, const Told& told) {
  Json drift;
  if (told.drift) {
    add_first(drift, told.drift->first);
    drift["findings"] = known(told.drift->findings);
  }
  Json document = memory_json(place);
  document["destination"] = valid_utf8(destination);
  document["told_at"] = rfc3339(told.at);
  document["kind"] = told.kind;
  document["report"] = {{"timestamp", rfc3339(told.by.at)},
                        {"sequence", number_or_null(told.by.sequence)}};
  document["drift"] = std::move(drift);
  document["failing"] = failing_json(told.failing);
  return document.dump(2) + "\n";
}

std::string to_json(const std::string& target, const Acknowledgement& acknowledgement) {
  Json document;
  document["schema_version"] = kSchemaVersion;
  document["target"] = valid_utf8(target);
  document.update(acknowledgement_json(acknowledgement));
  return document.dump(2) + "\n";
}

}  // namespace drift::report
