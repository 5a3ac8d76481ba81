#include "drift/report/stored_operations.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;
using pending::Lock;
using pending::Severity;

const Json& part(const Json& object, const char* name) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string text(const Json& object, const char* name) {
  const Json& value = part(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

bool truth(const Json& object, const char* name) {
  const Json& value = part(object, name);
  return value.is_boolean() && value.get<bool>();
}

std::optional<std::uint64_t> count(const Json& object, const char* name) {
  const Json& value = part(object, name);
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::vector<std::string> texts(const Json& object, const char* name) {
  std::vector<std::string> all;
  const Json& value = part(object, name);
  if (!value.is_array()) return all;
  for (const Json& one : value) {
    if (one.is_string()) all.push_back(one.get<std::string>());
  }
  return all;
}

// The value of the enumeration that has this word, else the first.
template <typename Enum>
Enum of_word(const std::string& word, Enum last) {
  using Number = std::underlying_type_t<Enum>;
  for (Number i = 0; i <= static_cast<Number>(last); ++i) {
    if (word_of(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return static_cast<Enum>(0);
}

pending::Locks locks(const Json& object) {
  pending::Locks all;
  if (!object.is_object()) return all;
  for (const auto& [table, mode] : object.items()) {
    if (!mode.is_string()) continue;
    all[table] = of_word(mode.get<std::string>(), Lock::kAccessExclusive);
  }
  return all;
}

StoredOperation operation(const Json& json) {
  StoredOperation stored;
  pending::Operation& one = stored.operation;
  one.operation = text(json, "operation");
  one.command = text(json, "command");
  one.table = text(json, "table");
  one.columns = texts(json, "columns");
  one.index = text(json, "index");
  one.constraint = text(json, "constraint");
  one.to = text(json, "to");
  one.locks = locks(part(json, "locks"));
  one.severity = of_word(text(json, "severity"), Severity::kHigh);
  one.line = static_cast<int>(std::min<std::uint64_t>(count(json, "line").value_or(0), 1'000'000));
  one.conditional = truth(json, "conditional");
  one.opaque = truth(json, "opaque");
  one.reason = text(json, "reason");
  one.notes = texts(json, "notes");
  if (const Json& rules = part(json, "rules"); rules.is_array()) {
    for (const Json& rule : rules) {
      one.hazards.push_back({text(rule, "rule"), of_word(text(rule, "severity"), Severity::kHigh),
                             pending::Work::kNone, "", text(rule, "suppressed")});
    }
  }
  stored.wait = text(json, "wait");
  return stored;
}

impact::LockHolder holder(const Json& json) {
  impact::LockHolder one;
  one.lock = of_word(text(json, "mode"), Lock::kAccessExclusive);
  one.count = count(json, "count").value_or(1);
  one.pid = static_cast<std::int64_t>(count(json, "pid").value_or(0));
  if (const Json& seconds = part(json, "seconds"); seconds.is_number()) {
    one.seconds = seconds.get<double>();
  }
  one.state = text(json, "state");
  one.program = text(json, "program");
  return one;
}

impact::LiveTables live_tables(const Json& production, const std::string& database) {
  impact::LiveTables live;
  if (!production.is_object()) return live;
  live.asked = true;
  live.database = database;
  live.why_not = text(production, "because");
  live.left_out = count(production, "left_out").value_or(0);
  const Json& tables = part(production, "tables");
  // "read" is of sizes and sessions both.
  live.read = truth(production, "read") || (tables.is_object() && !tables.empty());
  if (!tables.is_object()) return live;
  for (const auto& [name, json] : tables.items()) {
    impact::LiveTable& table = live.tables[name];
    table.name = text(json, "name");
    if (const std::string kind = text(json, "kind"); kind.size() == 1) table.kind = kind[0];
    table.parts = count(json, "parts").value_or(0);
    table.total_bytes = count(json, "bytes");
    table.heap_bytes = count(json, "heap_bytes");
    table.rows = count(json, "rows");
    table.owner = text(json, "owner");
    table.lock_timeout_ms = count(json, "lock_timeout_ms");
    const Json& holders = part(json, "lock_holders");
    if (!holders.is_array()) continue;
    for (const Json& one : holders) table.holders.push_back(holder(one));
  }
  return live;
}

}  // namespace

StoredOperations stored_operations(const Json& report) {
  StoredOperations all;
  const Json& about = part(report, "operations");
  all.why_not = text(about, "because");
  all.left_out = all.count = count(about, "left_out").value_or(0);
  all.live = live_tables(part(about, "production"), text(part(report, "production"), "database"));
  const Json& pending = part(report, "pending");
  if (!pending.is_array()) return all;
  std::size_t held = 0;
  for (const Json& item : pending) {
    const Json& operations = part(item, "operations");
    if (!operations.is_array() || operations.empty()) continue;
    StoredRevision revision{
        text(item, "revision"), text(item, "path"), locks(part(item, "tables")), {}};
    for (const Json& json : operations) {
      ++all.count;
      if (truth(json, "opaque")) ++all.opaque;
      if (text(json, "severity") == word_of(Severity::kHigh)) ++all.high;
      if (held++ < kMostOperationsHeld) revision.operations.push_back(operation(json));
    }
    if (!revision.operations.empty()) all.revisions.push_back(std::move(revision));
  }
  return all;
}

}  // namespace drift::report
