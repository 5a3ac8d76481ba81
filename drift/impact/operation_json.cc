#include "drift/impact/operation_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/impact/impact.h"
#include "drift/impact/operation_text.h"
#include "drift/pending/rule_book.h"

namespace drift::impact {
namespace {

using Json = nlohmann::ordered_json;
using pending::Operation;

Json known(const std::string& text) { return text.empty() ? Json() : Json(valid_utf8(text)); }

template <typename Value>
Json known(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

Json texts(const std::vector<std::string>& all) {
  Json array = Json::array();
  for (const std::string& one : all) array.push_back(valid_utf8(one));
  return array;
}

double rounded(double seconds) { return std::round(seconds * 1'000) / 1'000; }

}  // namespace

Json operation_json(const Operation& operation, const LiveTables& live) {
  Json document;
  document["operation"] = known(operation.operation);
  if (operation.operation == "execute") document["command"] = known(operation.command);
  document["table"] = known(operation.table);
  document["columns"] = texts(operation.columns);
  document["index"] = known(operation.index);
  document["constraint"] = known(operation.constraint);
  document["to"] = known(operation.to);
  document["locks"] = locks_json(operation.locks);
  document["rewrites"] = known(operation.rewrites);
  document["scans"] = known(operation.scans);
  document["severity"] = word_of(operation.severity);
  document["line"] = operation.line;
  document["conditional"] = operation.conditional;
  document["opaque"] = operation.opaque;
  if (operation.opaque) document["reason"] = valid_utf8(operation.reason);
  document["notes"] = texts(operation.notes);
  document["rules"] = Json::array();
  for (const pending::Hazard& hazard : operation.hazards) {
    const pending::Rule* rule = pending::find_rule(hazard.rule);
    document["rules"].push_back({{"rule", hazard.rule},
                                 {"severity", word_of(hazard.severity)},
                                 {"suppressed", known(hazard.suppressed)},
                                 {"safe", rule == nullptr ? Json() : known(rule->safe)}});
  }
  document["seconds"] = nullptr;
  bool unknown = false;
  if (const auto time = time_of(operation, live, unknown)) {
    document["seconds"] = {{"from", rounded(time->from)}, {"to", rounded(time->to)}};
  }
  if (live.asked) document["wait"] = known(wait_in_words(operation, live));
  return document;
}

Json revision_json(const pending::RevisionOperations& revision, const LiveTables& live) {
  Json array = Json::array();
  for (const Operation& operation : revision.operations) {
    array.push_back(operation_json(operation, live));
  }
  return array;
}

Json locks_json(const pending::Locks& locks) {
  Json document = Json::object();
  for (const auto& [table, lock] : locks) document[valid_utf8(table)] = word_of(lock);
  return document;
}

Json tables_json(const LiveTables& live) {
  Json tables = Json::object();
  for (const auto& [name, table] : live.tables) {
    Json holders = Json::array();
    for (const LockHolder& one : table.holders) {
      holders.push_back({{"mode", word_of(one.lock)},
                         {"count", one.count},
                         {"pid", one.pid == 0 ? Json() : Json(one.pid)},
                         {"seconds", one.seconds ? Json(rounded(*one.seconds)) : Json()},
                         {"state", known(one.state)},
                         {"program", known(one.program)}});
    }
    tables[valid_utf8(name)] = {{"name", valid_utf8(table.name)},
                                {"kind", std::string(1, table.kind)},
                                {"parts", table.parts},
                                {"bytes", known(table.total_bytes)},
                                {"heap_bytes", known(table.heap_bytes)},
                                {"rows", known(table.rows)},
                                {"owner", known(table.owner)},
                                {"lock_timeout_ms", known(table.lock_timeout_ms)},
                                {"lock_holders", std::move(holders)}};
  }
  return {{"read", live.read && live.why_not.empty()},
          {"because", known(live.why_not)},
          {"server_version", live.server_version == 0 ? Json() : Json(live.server_version)},
          {"left_out", live.left_out},
          {"tables", std::move(tables)}};
}

}  // namespace drift::impact
