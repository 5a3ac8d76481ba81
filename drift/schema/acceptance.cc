#include "drift/schema/acceptance.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"

namespace drift::schema {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& object, const char* name) {
  return object.at(name).get<std::string>();
}

// Throws Json's own error, as `at` does.
TimePoint time(const Json& object, const char* name) {
  const auto parsed = parse_rfc3339(text(object, name));
  if (!parsed) throw Json::other_error::create(501, "no time", nullptr);
  return *parsed;
}

}  // namespace

AcceptanceState state_of(const Acceptance& acceptance, TimePoint now) {
  if (acceptance.withdrawn) return AcceptanceState::kWithdrawn;
  return acceptance.until && *acceptance.until <= now ? AcceptanceState::kExpired
                                                      : AcceptanceState::kInForce;
}

std::string state_in_words(const Acceptance& acceptance, TimePoint now) {
  switch (state_of(acceptance, now)) {
    case AcceptanceState::kWithdrawn:
      return fmt::format("withdrawn at {} by {}", rfc3339(acceptance.withdrawn->at),
                         printable(acceptance.withdrawn->by));
    case AcceptanceState::kExpired:
      return fmt::format("expired on {}", rfc3339(*acceptance.until).substr(0, 10));
    case AcceptanceState::kInForce: break;
  }
  return acceptance.until ? fmt::format("in force until {}", rfc3339(*acceptance.until))
                          : "in force until it is withdrawn";
}

std::string acceptance_in_words(const Acceptance& acceptance) {
  return fmt::format("accepted by {} at {}: {}", printable(acceptance.by), rfc3339(acceptance.at),
                     printable(acceptance.reason));
}

std::string to_json(const Acceptance& acceptance) {
  Json document;
  document["format"] = 1;
  document["target"] = valid_utf8(acceptance.target);
  document["version_rows"] = Json::array();
  for (const std::string& row : acceptance.version_rows) {
    document["version_rows"].push_back(valid_utf8(row));
  }
  document["at"] = rfc3339(acceptance.at);
  document["by"] = valid_utf8(acceptance.by);
  document["reason"] = valid_utf8(acceptance.reason);
  document["until"] = acceptance.until ? Json(rfc3339(*acceptance.until)) : Json(nullptr);
  document["root"] = acceptance.root;
  document["snapshot"] = acceptance.snapshot;
  document["withdrawn"] = nullptr;
  if (acceptance.withdrawn) {
    document["withdrawn"] = {{"at", rfc3339(acceptance.withdrawn->at)},
                             {"by", valid_utf8(acceptance.withdrawn->by)},
                             {"reason", valid_utf8(acceptance.withdrawn->reason)}};
  }
  return document.dump(2) + "\n";
}

std::optional<Acceptance> read_acceptance(std::string_view json) {
  try {
    const Json document = Json::parse(json);
    if (document.at("format") != 1) return std::nullopt;
    Acceptance read;
    read.target = text(document, "target");
    read.version_rows = document.at("version_rows").get<std::vector<std::string>>();
    std::sort(read.version_rows.begin(), read.version_rows.end());
    read.at = time(document, "at");
    read.by = text(document, "by");
    read.reason = text(document, "reason");
    if (!document.at("until").is_null()) read.until = time(document, "until");
    read.root = text(document, "root");
    read.snapshot = text(document, "snapshot");
    if (const Json& withdrawn = document.at("withdrawn"); !withdrawn.is_null()) {
      read.withdrawn = Acceptance::Withdrawal{time(withdrawn, "at"), text(withdrawn, "by"),
                                              text(withdrawn, "reason")};
    }
    return read.version_rows.empty() ? std::nullopt : std::optional(std::move(read));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace drift::schema
