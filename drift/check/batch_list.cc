#include "drift/check/batch_list.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::check {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kHint =
    "batches come from the step \"fleet-list\", and are passed on as they are";

[[noreturn]] void refuse(const std::string& why) {
  throw Error{Fault::kUsage, "the batch " + why, kHint};
}

std::size_t number(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) {
    refuse(fmt::format("has no number \"{}\"", name));
  }
  return found->get<std::size_t>();
}

std::string text(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if (!found->is_string()) refuse(fmt::format("has \"{}\", which is not text", name));
  return *found;
}

// One that a later version knows is of the configuration: that is where the list looks.
Fault fault_named(const std::string& word) {
  for (int i = 0; i <= static_cast<int>(Fault::kInternal); ++i) {
    if (fault_name(static_cast<Fault>(i)) == word) return static_cast<Fault>(i);
  }
  return Fault::kConfiguration;
}

std::optional<Error> impossible_in(const Json& item) {
  const auto found = item.find("impossible");
  if (found == item.end()) return std::nullopt;
  if (!found->is_object()) refuse("has \"impossible\", which is not a JSON object");
  return Error{fault_named(text(*found, "kind")), text(*found, "message"), text(*found, "hint")};
}

Batch batch_in(const Json& event) {
  if (!event.is_object()) refuse("is not a JSON object");
  Batch batch;
  batch.number = number(event, "batch");
  batch.at_once = number(event, "at_once");
  const auto targets = event.find("targets");
  if (targets == event.end() || !targets->is_array() || targets->empty()) {
    refuse("has no \"targets\"");
  }
  for (const Json& item : *targets) {
    if (!item.is_object()) refuse("has a target that is not a JSON object");
    batch.items.push_back({text(item, "target"), text(item, "database"), impossible_in(item)});
    if (batch.items.back().target.empty()) refuse("has a target without a name");
  }
  return batch;
}

Json item_json(const BatchItem& item) {
  Json json = {{"target", item.target}};
  if (!item.database.empty()) json["database"] = valid_utf8(item.database);
  if (const auto& error = item.impossible) {
    json["impossible"] = {{"kind", fault_name(error->fault)},
                          {"message", valid_utf8(error->what())},
                          {"hint", valid_utf8(error->hint)}};
  }
  return json;
}

}  // namespace

std::string run_id_of(const std::string& execution) {
  return aws::sha256_hex(execution).substr(0, 16);
}

std::string batches_json(const std::vector<Batch>& batches, const FleetRun& fleet) {
  Json all = Json::array();
  for (const Batch& batch : batches) {
    Json items = Json::array();
    for (const BatchItem& item : batch.items) items.push_back(item_json(item));
    all.push_back({{"action", "fleet-batch"},
                   {"run", fleet.execution},
                   {"started", rfc3339(fleet.started)},
                   {"batch", batch.number},
                   {"at_once", batch.at_once},
                   {"targets", std::move(items)}});
  }
  return all.dump() + "\n";
}

Batch read_batch(const std::string& event) {
  const Json json = Json::parse(event, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) refuse("is not JSON");
  return batch_in(json);
}

std::vector<Batch> read_batches(const std::string& json) {
  const Json all = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!all.is_array()) refuse("is not in an array");
  std::vector<Batch> batches;
  for (const Json& one : all) batches.push_back(batch_in(one));
  return batches;
}

}  // namespace drift::check
