#include "drift/pending/sql_rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "drift/pending/grammar.h"
#include "drift/pending/sql_statement.h"

namespace drift::pending {
namespace {

Operation opaque(const Operation& like, std::string reason) {
  Operation operation = like;
  operation.opaque = true;
  operation.reason = std::move(reason);
  operation.rewrites = operation.scans = std::nullopt;
  operation.hazard("unread");
  return operation;
}

}  // namespace

std::vector<Operation> operations_of_sql(const std::string& sql, const Operation& like,
                                         Ledger& ledger) {
  // The tree of a statement takes some hundred times its bytes.
  constexpr std::size_t kMostBytes = 4u << 20, kMostOfOne = 128u << 10, kMostAtOnce = 16u << 10;
  if (sql.size() > kMostBytes) return {opaque(like, "SQL of more than four megabytes")};
  if (sql.find('\0') != std::string::npos) return {opaque(like, "SQL with a NUL byte")};
  std::vector<Operation> operations;
  const auto add = [&](const Parsed& parsed) {
    for (const Node& statement : parsed.statements) {
      Operation operation = like;
      read_statement(statement, operation, ledger);
      ledger.finish(operation);
      operations.push_back(std::move(operation));
    }
  };
  if (sql.size() <= kMostAtOnce) {
    const Parsed whole = parse_sql(sql);
    if (whole.error.empty()) {
      add(whole);
      return operations;
    }
  }
  for (const std::string& piece : split_sql(sql)) {
    if (piece.size() > kMostOfOne) {
      operations.push_back(opaque(like, "a statement of more than 128 kilobytes"));
      continue;
    }
    const Parsed one = parse_sql(piece);
    if (one.error.empty()) {
      add(one);
    } else {
      operations.push_back(opaque(like, "SQL that PostgreSQL 15's grammar refuses: " + one.error));
    }
  }
  return operations;
}

}  // namespace drift::pending
