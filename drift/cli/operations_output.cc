#include "drift/cli/operations_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::cli {
namespace {

using pending::Operation;
using pending::Severity;

nlohmann::ordered_json known(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(valid_utf8(text));
}

nlohmann::ordered_json known(const std::optional<bool>& truth) {
  return truth ? nlohmann::ordered_json(*truth) : nlohmann::ordered_json();
}

nlohmann::ordered_json document_of(const Operation& operation) {
  nlohmann::ordered_json document;
  document["operation"] = known(operation.operation);
  if (operation.operation == "execute") document["command"] = known(operation.command);
  document["table"] = known(operation.table);
  document["columns"] = nlohmann::ordered_json::array();
  for (const std::string& column : operation.columns) {
    document["columns"].push_back(valid_utf8(column));
  }
  document["index"] = known(operation.index);
  document["constraint"] = known(operation.constraint);
  document["to"] = known(operation.to);
  document["locks"] = locks_document(operation.locks);
  document["rewrites"] = known(operation.rewrites);
  document["scans"] = known(operation.scans);
  document["severity"] = word_of(operation.severity);
  document["line"] = operation.line;
  document["conditional"] = operation.conditional;
  document["opaque"] = operation.opaque;
  if (operation.opaque) document["reason"] = valid_utf8(operation.reason);
  document["notes"] = nlohmann::ordered_json::array();
  for (const std::string& note : operation.notes) document["notes"].push_back(valid_utf8(note));
  return document;
}

std::string shown(const Operation& operation) {
  if (operation.opaque && operation.command.empty()) {
    return fmt::format("cannot read {}", printable(operation.reason));
  }
  std::string text = operation.operation == "execute" ? operation.command : operation.operation;
  if (!operation.table.empty()) text += " " + printable(operation.table);
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

}  // namespace

nlohmann::ordered_json locks_document(const pending::Locks& locks) {
  auto document = nlohmann::ordered_json::object();
  for (const auto& [table, lock] : locks) document[valid_utf8(table)] = word_of(lock);
  return document;
}

nlohmann::ordered_json operations_document(const pending::RevisionOperations& revision) {
  auto document = nlohmann::ordered_json::array();
  for (const Operation& operation : revision.operations) {
    document.push_back(document_of(operation));
  }
  return document;
}

std::string operations_text(const pending::RevisionOperations& revision) {
  std::string text;
  for (const Operation& operation : revision.operations) {
    text += fmt::format("  {:<6}  {}", word_of(operation.severity), shown(operation));
    for (const auto& [table, lock] : operation.locks) {
      const bool own = table == operation.table;
      text += fmt::format("  {}{}", word_of(lock), own ? "" : " on " + printable(table));
    }
    if (operation.rewrites.value_or(false)) text += ", writes it anew";
    if (operation.scans.value_or(false)) text += ", reads all of it";
    if (operation.conditional) text += ", on a condition";
    text += fmt::format("  {}:{}\n", printable(revision.file), operation.line);
    if (operation.opaque && !operation.command.empty()) {
      text += fmt::format("          cannot read it: {}\n", printable(operation.reason));
    }
    for (const std::string& note : operation.notes) {
      text += fmt::format("          {}\n", printable(note));
    }
  }
  return text;
}

std::string operations_summary(const pending::UpgradeOperations& operations, int server_version,
                               bool said) {
  std::size_t count = 0, opaque = 0;
  std::string first;
  for (const pending::RevisionOperations& revision : operations.revisions) {
    count += revision.operations.size();
    for (const Operation& operation : revision.operations) {
      if (!operation.opaque) continue;
      ++opaque;
      if (first.empty()) first = fmt::format("{}:{}", printable(revision.file), operation.line);
    }
  }
  if (count == 0) return "";
  std::string text = fmt::format("{} of {} read", count - opaque, counted(count, "operation"));
  if (opaque > 0) text += fmt::format("; {} could not be, the first at {}", opaque, first);
  return text + fmt::format(
                    ". Rules of PostgreSQL {}{}. Alembic's default is one transaction for "
                    "all: locks are held to its end.\n",
                    server_version, said ? "" : " (--server-version says another)");
}

}  // namespace drift::cli
