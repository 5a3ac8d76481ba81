#include "drift/impact/operation_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/pending/rule_book.h"

namespace drift::impact {
namespace {

using pending::Lock;
using pending::Operation;
using pending::Severity;

std::string held_text(const pending::RevisionOperations& revision, const LiveTables& live) {
  pending::Locks held;
  for (const Operation& operation : revision.operations) {
    if (operation.autocommit) continue;
    for (const auto& [table, lock] : operation.locks) {
      held[table] = std::max(held[table], lock);
    }
  }
  std::string tables;
  for (const auto& [table, lock] : held) {
    tables += fmt::format("{}{} ({})", tables.empty() ? "" : ", ", printable(table), word_of(lock));
  }
  if (tables.empty()) return "";
  TimeRange sum;
  bool unknown_any = false;
  for (const Operation& operation : revision.operations) {
    if (operation.autocommit) continue;
    bool unknown = false;
    if (const auto time = time_of(operation, live, unknown)) sum += *time;
    unknown_any = unknown_any || unknown;
  }
  const std::string time = !unknown_any  ? in_words(sum)
                           : sum.to == 0 ? "for a time that nobody can tell"
                                         : in_words(sum) + " and what nobody can tell";
  return fmt::format("  holds to the end of its transaction: {}, {}\n", tables, time);
}

}  // namespace

std::string shown(const Operation& operation, bool with_table) {
  if (operation.opaque && operation.command.empty()) {
    return fmt::format("cannot read {}", printable(operation.reason));
  }
  std::string text = operation.operation == "execute" ? operation.command : operation.operation;
  if (with_table && !operation.table.empty()) text += " " + printable(operation.table);
  if (!operation.columns.empty() && operation.columns.size() <= 3) {
    std::string names;
    for (const std::string& column : operation.columns) {
      names += (names.empty() ? "" : ", ") + printable(column);
    }
    text += " (" + names + ")";
  }
  if (!operation.index.empty()) text += " " + printable(operation.index);
  if (!operation.constraint.empty()) text += " " + printable(operation.constraint);
  if (!operation.to.empty()) text += " → " + printable(operation.to);
  return text;
}

std::string size_in_words(const LiveTables& live, const std::string& name) {
  const auto found = live.tables.find(name);
  if (found == live.tables.end()) return live.read ? "not found in production" : "size unknown";
  const LiveTable& table = found->second;
  std::string text = table.total_bytes ? bytes_in_words(*table.total_bytes) : "never analysed";
  if (table.rows) text += ", " + rows_in_words(*table.rows);
  if (table.parts > 0)
    text += fmt::format(" in {}",
                        counted(table.parts, table.kind == 'p' ? "partition" : "child table"));
  return text;
}

std::string wait_in_words(const Operation& operation, const LiveTables& live) {
  Lock strongest = Lock::kNone;
  for (const auto& [table, lock] : operation.locks) strongest = std::max(strongest, lock);
  if (strongest == Lock::kNone) return "";
  bool unknown = false;
  const auto time = time_of(operation, live, unknown);
  std::string text = fmt::format("{}: {} ", word_of(strongest), who_waits(strongest));
  if (unknown) return text + "for a time that nobody can tell";
  return text + (time ? in_words(*time) : "under a second");
}

std::string safe_way(const Operation& operation) {
  const pending::Hazard* gravest = nullptr;
  for (const pending::Hazard& hazard : operation.hazards) {
    if (hazard.severity <= Severity::kLow || !hazard.suppressed.empty()) continue;
    if (gravest == nullptr || hazard.severity > gravest->severity) gravest = &hazard;
  }
  const pending::Rule* rule = gravest == nullptr ? nullptr : pending::find_rule(gravest->rule);
  return rule == nullptr ? "" : rule->safe;
}

std::string place_and_remarks(const Operation& operation, const std::string& file) {
  std::string text = fmt::format("  {}:{}\n", printable(file), operation.line);
  if (operation.opaque && !operation.command.empty()) {
    text += fmt::format("          cannot read it: {}\n", printable(operation.reason));
  }
  for (const pending::Hazard& hazard : operation.hazards) {
    if (hazard.suppressed.empty()) continue;
    text += fmt::format("          {} is ignored: {}\n", hazard.rule, shortened(hazard.suppressed));
  }
  for (const std::string& note : operation.notes) {
    text += fmt::format("          {}\n", printable(note));
  }
  return text;
}

std::string revision_text(const pending::RevisionOperations& revision, const LiveTables& live) {
  std::string text;
  for (const Operation& operation : revision.operations) {
    const bool existed = operation.locks.count(operation.table) > 0;
    text += fmt::format("  {:<6}  ", word_of(operation.severity));
    if (existed) {
      text +=
          fmt::format("{}  {}  ", printable(operation.table), size_in_words(live, operation.table));
    }
    text += shown(operation, !existed);
    if (const std::string wait = wait_in_words(operation, live); !wait.empty()) text += "  " + wait;
    for (const auto& [table, lock] : operation.locks) {
      if (table == operation.table) continue;
      text += fmt::format("  {} on {} ({})", word_of(lock), printable(table),
                          size_in_words(live, table));
    }
    if (operation.conditional) text += ", on a condition";
    if (const std::string safe = safe_way(operation); !safe.empty()) text += "  → " + safe;
    text += place_and_remarks(operation, revision.file);
  }
  text += held_text(revision, live);
  for (const std::string& sentence : queue_of(revision.tables, live)) {
    text += "  queue: " + sentence + "\n";
  }
  if (const std::string timeout = lock_timeout_in_words(revision.tables, live); !timeout.empty()) {
    text += "  lock_timeout: " + timeout + "\n";
  }
  return text;
}

std::string sizes_in_words(const LiveTables& live) {
  if (!live.asked) return "sizes not read: no database was asked";
  if (!live.read) return fmt::format("sizes not read: {}", printable(live.why_not));
  std::string text =
      fmt::format("sizes of {}, by its last VACUUM or ANALYZE", printable(live.database));
  if (!live.why_not.empty()) text += "; sessions not read: " + printable(live.why_not);
  if (live.left_out > 0) text += fmt::format("; {} not asked for", counted(live.left_out, "table"));
  return text;
}

}  // namespace drift::impact
