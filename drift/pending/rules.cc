#include "drift/pending/rules.h"

#include <utility>

#include "drift/base/text.h"
#include "drift/pending/sql_rules.h"

namespace drift::pending {
namespace {

void scan(Operation& operation, bool existed, const char* rule, Work work = Work::kScan) {
  if (!existed) return;
  operation.scans = true;
  operation.hazard(rule, Severity::kHigh, work);
}

}  // namespace

void instant(Ledger& ledger, Operation& operation, Lock lock) {
  ledger.lock(operation, operation.table, lock);
  if (ledger.existed(operation.table)) operation.at_least(Severity::kLow);
}

void add_column(Ledger& ledger, Operation& operation, const NewColumn& column) {
  const bool existed = ledger.existed(operation.table);
  ledger.lock(operation, operation.table, Lock::kAccessExclusive);
  for (const std::string& referred : column.referred) {
    ledger.lock(operation, referred, Lock::kShareRowExclusive);
    if (ledger.existed(referred)) operation.at_least(Severity::kLow);
    ledger.add_foreign_key(operation.table, "", {column.name}, referred);
    if (operation.to.empty()) operation.to = referred;
  }
  if (!existed) return;
  operation.at_least(Severity::kLow);
  const bool stored =
      column.stored || (column.generated_by_version && ledger.server_version() < 18);
  const bool is_virtual = column.virtual_generated || (column.generated_by_version && !stored);
  if (column.identity || stored || column.type.serial || column.type.checked_domain ||
      column.fallback == Default::kEachRow) {
    operation.rewrites = true;
  } else if (column.fallback == Default::kUnknown) {
    operation.rewrites = std::nullopt;
    operation.notes.push_back("the catalog knows whether its default is computed for each row");
  } else if (!column.type.known() && !is_virtual) {
    operation.rewrites = std::nullopt;
    operation.notes.push_back("a domain with a constraint would write the table anew");
  } else if (ledger.server_version() < 11 && column.fallback == Default::kOnce) {
    operation.rewrites = true;
  }
  // A type that nobody knows is hardly ever a domain; a default that nobody knows may be anything.
  const bool unknown_default = column.fallback == Default::kUnknown;
  if (operation.rewrites.value_or(unknown_default)) {
    operation.hazard("add-column-rewrite", Severity::kHigh, Work::kRewrite);
  }
  const bool filled = column.fallback != Default::kNone || column.identity || stored ||
                      is_virtual || column.type.serial;
  if (column.not_null && !filled) {
    operation.hazard("add-column-not-null");
    operation.notes.push_back(
        "cannot succeed where the table has rows: NOT NULL without a default");
  }
  constexpr const char* kRule = "add-column-constraint";
  if (column.unique || column.primary || column.index) scan(operation, true, kRule, Work::kIndex);
  if (column.check && column.fallback != Default::kNone) scan(operation, true, kRule);
  if (!column.referred.empty() && column.references_checked) scan(operation, true, kRule);
}

void drop_column(Ledger& ledger, Operation& operation, const std::string& column) {
  ledger.forget_column(operation.table, column);
  ledger.lock(operation, operation.table, Lock::kAccessExclusive);
  for (const std::string& referred : ledger.referred_by_column(operation.table, column)) {
    ledger.lock(operation, referred, Lock::kAccessExclusive);
  }
  if (ledger.existed(operation.table)) {
    operation.hazard("drop-column");
    operation.notes.push_back("loses data, and running code may still use the column");
  }
}

void change_type(Ledger& ledger, Operation& operation, const ColumnType& said, const ColumnType& to,
                 bool using_expression) {
  instant(ledger, operation);
  const std::string column = operation.columns.empty() ? "" : operation.columns.back();
  ColumnType from = said;
  if (const auto* live = ledger.catalog_column(operation.table, column); live) {
    from = written_type(live->type, ledger);
    if (!said.known()) operation.notes.push_back("its type in production is " + live->type);
  }
  ledger.forget_column(operation.table, column);
  if (!ledger.existed(operation.table)) return;
  const auto rewritten =
      using_expression ? std::optional(true) : rewritten_by(from, to, ledger.server_version());
  if (!rewritten) {
    operation.rewrites = std::nullopt;
    operation.notes.push_back(
        to.known() && !from.known()
            ? "whether the table is written anew depends on the type that the column has: "
              "existing_type= would say"
            : "whether the table is written anew depends on types that only the catalog knows");
  } else if (*rewritten) {
    operation.rewrites = true;
  } else if (depends_on_time_zone(from, to)) {
    operation.notes.push_back("writes the table anew where TimeZone is not UTC");
  }
  if (operation.rewrites.value_or(true)) {
    operation.hazard("change-type", Severity::kHigh, Work::kRewrite);
  }
}

void set_not_null(Ledger& ledger, Operation& operation, const std::string& column, bool already) {
  instant(ledger, operation);
  if (const auto* live = ledger.catalog_column(operation.table, column); live && live->not_null) {
    if (!already) operation.notes.push_back("the column is NOT NULL already");
    already = true;
  }
  const bool proved =
      ledger.server_version() >= 12 && ledger.proves_not_null(operation.table, column);
  if (!already && proved) operation.notes.push_back("a validated CHECK proves it: nothing is read");
  if (!already && !proved) scan(operation, ledger.existed(operation.table), "set-not-null");
}

void rename(Ledger& ledger, Operation& operation) {
  for (const std::string& column : operation.columns) {
    ledger.forget_column(operation.table, column);
  }
  instant(ledger, operation);
  if (!ledger.existed(operation.table)) return;
  operation.hazard("rename");
  operation.notes.push_back("breaks code that runs with the old name");
}

void outside_transaction(Ledger& ledger, Operation& operation, const char* what) {
  if (ledger.autocommit()) return;
  if (ledger.committed()) {
    operation.notes.push_back(
        "after COMMIT by hand this works with psycopg2 and fails with psycopg 3, which begins "
        "another transaction");
    return;
  }
  operation.hazard("concurrently-in-transaction");
  operation.notes.push_back(std::string("cannot succeed: ") + what +
                            " is refused inside a transaction; put it into autocommit_block()");
}

void create_index(Ledger& ledger, Operation& operation, const NewIndex& index) {
  const bool existed = ledger.existed(operation.table);
  ledger.add_index(operation.index, operation.table);
  if (index.concurrently) {
    ledger.lock(operation, operation.table, Lock::kShareUpdateExclusive);
    if (existed) {
      operation.at_least(Severity::kLow);
      operation.scans = true;
    }
    outside_transaction(ledger, operation, "CREATE INDEX CONCURRENTLY");
    return;
  }
  ledger.lock(operation, operation.table, Lock::kShare);
  if (existed) operation.at_least(Severity::kLow);
  if (!index.only) scan(operation, existed, "create-index", Work::kIndex);
}

void drop_index(Ledger& ledger, Operation& operation, bool concurrently) {
  if (operation.table.empty()) operation.table = ledger.table_of_index(operation.index);
  if (operation.table.empty()) {
    operation.notes.push_back("only the catalog knows the table of the index");
    operation.at_least(Severity::kLow);
  }
  instant(ledger, operation, concurrently ? Lock::kShareUpdateExclusive : Lock::kAccessExclusive);
  if (concurrently) outside_transaction(ledger, operation, "DROP INDEX CONCURRENTLY");
}

void add_foreign_key(Ledger& ledger, Operation& operation, const std::string& referred,
                     bool valid) {
  instant(ledger, operation, Lock::kShareRowExclusive);
  ledger.lock(operation, referred, Lock::kShareRowExclusive);
  if (ledger.existed(referred)) operation.at_least(Severity::kLow);
  ledger.add_foreign_key(operation.table, operation.constraint, operation.columns, referred);
  operation.to = referred;
  if (valid) scan(operation, ledger.existed(operation.table), "add-foreign-key");
}

void add_constraint(Ledger& ledger, Operation& operation, bool scans, bool indexes) {
  instant(ledger, operation);
  if (!scans) return;
  scan(operation, ledger.existed(operation.table), indexes ? "add-unique" : "add-check",
       indexes ? Work::kIndex : Work::kScan);
}

void validate_constraint(Ledger& ledger, Operation& operation) {
  instant(ledger, operation, Lock::kShareUpdateExclusive);
  if (const auto referred = ledger.foreign_key(operation.table, operation.constraint)) {
    ledger.lock(operation, *referred, Lock::kRowShare);
  }
  ledger.validate(operation.table, operation.constraint);
  if (ledger.existed(operation.table)) operation.scans = true;
}

void drop_constraint(Ledger& ledger, Operation& operation, std::optional<bool> is_foreign_key) {
  instant(ledger, operation);
  const auto referred = ledger.foreign_key(operation.table, operation.constraint);
  if (referred && is_foreign_key.value_or(true)) {
    ledger.lock(operation, *referred, Lock::kAccessExclusive);
  } else if (is_foreign_key.value_or(false) && ledger.existed(operation.table)) {
    operation.notes.push_back(
        "the table that the foreign key refers to is locked too; only the "
        "catalog knows which");
  }
  ledger.drop_foreign_key(operation.table, operation.constraint);
  ledger.drop_check(operation.table, operation.constraint);
}

void create_table(Ledger& ledger, Operation& operation, const std::vector<std::string>& referred,
                  bool certain) {
  for (const std::string& table : referred) {
    if (table == operation.table) continue;
    ledger.lock(operation, table, Lock::kShareRowExclusive);
    if (ledger.existed(table)) operation.at_least(Severity::kLow);
  }
  ledger.create_table(operation.table, certain);
}

void drop_table(Ledger& ledger, Operation& operation, const std::string& table) {
  ledger.lock(operation, table, Lock::kAccessExclusive);
  if (ledger.existed(table)) {
    operation.hazard("drop-table");
    operation.notes.push_back("loses data");
  }
  for (const std::string& referred : ledger.referred_by(table)) {
    ledger.lock(operation, referred, Lock::kAccessExclusive);
    if (ledger.existed(referred)) operation.at_least(Severity::kLow);
  }
}

void write_rows(Ledger& ledger, Operation& operation) {
  ledger.lock(operation, operation.table, Lock::kRowExclusive);
  if (ledger.existed(operation.table)) operation.hazard("data-change", Severity::kMedium);
}

std::string not_null_column(const std::string& condition) {
  std::string text = ascii_lower(condition);
  const auto strip = [&] {
    while (!text.empty() && (text.front() == ' ' || text.front() == '(')) text.erase(0, 1);
    while (!text.empty() && (text.back() == ' ' || text.back() == ')')) text.pop_back();
  };
  strip();
  constexpr std::string_view kEnd = " is not null";
  if (!text.ends_with(kEnd)) return "";
  text.resize(text.size() - kEnd.size());
  strip();
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return plain ? text : "";
}

}  // namespace drift::pending
