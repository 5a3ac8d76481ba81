#include "drift/cli/detector_event.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/nearest.h"
#include "drift/base/printable.h"

namespace drift::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kForm =
    "send {}, or {\"ref\": \"main\", \"targets\": [\"orders\"], \"dry_run\": true}";

[[noreturn]] void refuse(const std::string& why, const std::string& hint = kForm) {
  throw Error{Fault::kUsage, "the event " + why, hint};
}

std::string text(const Json& value, const std::string& key) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value;
  refuse(fmt::format("has \"{}\", which is not text", key));
}

DetectorEvent from_object(const Json& object) {
  static const std::vector<std::string> kKeys = {"ref", "targets", "dry_run"};
  DetectorEvent event;
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) continue;
    if (key == "ref") {
      event.ref = text(value, key);
    } else if (key == "targets") {
      if (!value.is_array()) {
        event.targets.push_back(text(value, key));
        continue;
      }
      for (const Json& target : value) event.targets.push_back(text(target, key));
      // Nobody means "all" by naming none.
      if (event.targets.empty()) refuse("has \"targets\", which is empty");
    } else if (key == "dry_run") {
      if (!value.is_boolean()) refuse("has \"dry_run\", which is neither true nor false");
      event.dry_run = value;
    } else {
      const std::string near = nearest(key, kKeys);
      refuse(fmt::format("has the key \"{}\", which is not known", shortened(printable(key), 40)),
             near.empty() ? kForm : fmt::format("did you mean \"{}\"?", near));
    }
  }
  return event;
}

}  // namespace

DetectorEvent read_detector_event(const std::string& payload) {
  if (payload.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  // No exceptions: theirs quote the text.
  Json event = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (event.is_discarded()) refuse("is not JSON");
  if (event.is_null()) return {};
  if (!event.is_object()) refuse("is not a JSON object");
  const bool from_bridge = event.contains("detail-type") && event.contains("source");
  if (!from_bridge) return from_object(event);
  // EventBridge Scheduler writes its empty detail as a text: "{}".
  Json detail = event.contains("detail") ? event["detail"] : Json::object();
  if (detail.is_string()) detail = Json::parse(detail.get<std::string>(), nullptr, false);
  if (detail.is_null()) return {};
  if (!detail.is_object()) refuse("has a \"detail\" that is not a JSON object");
  return from_object(detail);
}

}  // namespace drift::cli
