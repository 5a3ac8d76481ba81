#include "drift/cli/fleet_event.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::cli {
namespace {

using Json = nlohmann::json;

struct Known {
  const char* name;
  Action action;
  std::set<std::string> keys;  // besides "action"
};

const std::vector<Known>& known_actions() {
  static const std::vector<Known> all = {
      {"fleet-list",
       Action::kFleetList,
       {"run", "started", "fleet", "batch_size", "batches_at_once"}},
      {"fleet-batch", Action::kFleetBatch, {"run", "started", "batch", "at_once", "targets"}},
      {"fleet-close",
       Action::kFleetClose,
       {"run", "started", "fleet", "listed", "batches", "failure"}},
      {"summary", Action::kSummary, {}}};
  return all;
}

[[noreturn]] void refuse(const std::string& why, const std::string& hint = {}) {
  throw Error{Fault::kUsage, "the event " + why, hint};
}

const Known& known(const Json& event) {
  const Json& word = event["action"];
  const std::string name = word.is_string() ? word.get<std::string>() : word.dump();
  std::vector<std::string> names;
  for (const Known& one : known_actions()) {
    if (name == one.name) return one;
    names.emplace_back(one.name);
  }
  refuse(
      fmt::format("asks for the action \"{}\", which is not known", shortened(printable(name), 40)),
      fmt::format("there are {}", joined(names)));
}

std::string text(const Json& event, const char* key) {
  const auto found = event.find(key);
  if (found != event.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
    return *found;
  }
  refuse(fmt::format("has no text \"{}\"", key), "the state machine of cron/fleet.yaml gives it");
}

std::size_t number(const Json& event, const char* key, std::size_t otherwise) {
  const auto found = event.find(key);
  if (found == event.end()) return otherwise;
  constexpr std::size_t kMost = 10'000;
  if (found->is_number_unsigned() && *found >= 1u && *found <= kMost) return *found;
  refuse(fmt::format("has \"{}\", which is not a number from 1 to {}", key, kMost));
}

check::FleetRun run_of(const Json& event) {
  check::FleetRun run;
  run.execution = text(event, "run");
  run.id = check::run_id_of(run.execution);
  run.name = event.contains("fleet") ? text(event, "fleet") : "fleet";
  const auto started = parse_rfc3339(text(event, "started"));
  if (!started) refuse("has \"started\", which is not a time of RFC 3339");
  run.started = *started;
  return run;
}

std::string text_or_empty(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// A function's failure comes as {"errorType", "errorMessage"}, those of the service as they are.
check::Lost lost_of(const Json& failure) {
  check::Lost lost{text_or_empty(failure, "Error"), text_or_empty(failure, "Cause")};
  const Json cause = Json::parse(lost.cause, nullptr, /*allow_exceptions=*/false);
  if (cause.is_object() && !text_or_empty(cause, "errorMessage").empty()) {
    lost.cause = text_or_empty(cause, "errorMessage");
  }
  return lost;
}

void read_close(const Json& event, ActionEvent& asked) {
  if (const auto failure = event.find("failure"); failure != event.end() && failure->is_object()) {
    asked.all_lost = lost_of(*failure);
  }
  const auto batches = event.find("batches");
  if (batches == event.end() || !batches->is_array()) return;
  for (const Json& batch : *batches) {
    // What a step gave that is not ours says nothing; its targets are missed by name.
    if (!batch.is_object() || !batch.contains("lost") || !batch["lost"].is_object()) continue;
    const auto number = batch.find("batch");
    if (number == batch.end() || !number->is_number_unsigned()) continue;
    asked.lost[*number] = lost_of(batch["lost"]);
  }
}

}  // namespace

std::optional<ActionEvent> read_action_event(const std::string& payload) {
  const Json event = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (!event.is_object() || !event.contains("action")) return std::nullopt;
  const Known& what = known(event);
  for (const auto& [key, value] : event.items()) {
    if (key == "action" || what.keys.count(key) > 0) continue;
    refuse(fmt::format("has the key \"{}\", which {} does not know", shortened(printable(key), 40),
                       what.name));
  }
  ActionEvent asked;
  asked.action = what.action;
  if (what.action == Action::kSummary) return asked;
  asked.run = run_of(event);
  asked.batch_size = number(event, "batch_size", asked.batch_size);
  asked.batches_at_once = number(event, "batches_at_once", asked.batches_at_once);
  if (what.action == Action::kFleetBatch) asked.batch = check::read_batch(payload);
  if (what.action == Action::kFleetClose) read_close(event, asked);
  return asked;
}

}  // namespace drift::cli
