// What PostgreSQL does for each kind of change, however it is spelled. Measured on PostgreSQL 11 to
// 18: tests/e2e/test_locks.py runs the operations and reads pg_locks. docs/operations.md says the
// rules in words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/pending/column_type.h"
#include "drift/pending/ledger.h"
#include "drift/pending/operation.h"

namespace drift::pending {

// How a default is computed: once, so that no row is touched, or for each row.
enum class Default { kNone, kOnce, kEachRow, kUnknown };

struct NewColumn {
  std::string name;
  ColumnType type;
  bool not_null = false;
  Default fallback = Default::kNone;
  bool identity = false;
  bool stored = false;  // GENERATED ALWAYS AS (...) STORED
  bool virtual_generated = false;
  bool generated_by_version = false;  // GENERATED with neither word
  bool primary = false, unique = false, index = false, check = false;
  std::vector<std::string> referred;  // tables of foreign keys
  // A foreign key in the same command as a column without default has nothing to check.
  bool references_checked = true;
};

void add_column(Ledger& ledger, Operation& operation, const NewColumn& column);
void drop_column(Ledger& ledger, Operation& operation, const std::string& column);
// `using_expression`: more than a plain cast.
void change_type(Ledger& ledger, Operation& operation, const ColumnType& from, const ColumnType& to,
                 bool using_expression);
void set_not_null(Ledger& ledger, Operation& operation, const std::string& column, bool already);
// AEL, and nobody notices: defaults, DROP NOT NULL and their like.
void instant(Ledger& ledger, Operation& operation, Lock lock = Lock::kAccessExclusive);
void rename(Ledger& ledger, Operation& operation);

struct NewIndex {
  bool concurrently = false;
  bool only = false;  // ON ONLY a partitioned table
};
void create_index(Ledger& ledger, Operation& operation, const NewIndex& index);
void drop_index(Ledger& ledger, Operation& operation, bool concurrently);
// What PostgreSQL refuses inside a transaction.
void outside_transaction(Ledger& ledger, Operation& operation, const char* what);

void add_foreign_key(Ledger& ledger, Operation& operation, const std::string& referred, bool valid);
// CHECK, UNIQUE, PRIMARY KEY and EXCLUDE.
// `indexes`: builds an index, as all but CHECK do.
void add_constraint(Ledger& ledger, Operation& operation, bool scans, bool indexes);
void validate_constraint(Ledger& ledger, Operation& operation);
// `is_foreign_key`: nothing where it is not said.
void drop_constraint(Ledger& ledger, Operation& operation, std::optional<bool> is_foreign_key);

void create_table(Ledger& ledger, Operation& operation, const std::vector<std::string>& referred,
                  bool certain);
void drop_table(Ledger& ledger, Operation& operation, const std::string& table);
void write_rows(Ledger& ledger, Operation& operation);

// The column of a CHECK that says "column IS NOT NULL" and no more; "" for any other.
std::string not_null_column(const std::string& condition);

}  // namespace drift::pending
