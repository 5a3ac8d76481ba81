// What is known of the database between two operations: which tables the migrations made, which of
// them are new, and which locks the transaction holds.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "drift/pending/column_type.h"
#include "drift/pending/known_catalog.h"
#include "drift/pending/operation.h"

namespace drift::pending {

class Ledger {
 public:
  explicit Ledger(int server_version) : server_version_(server_version) {}

  int server_version() const { return server_version_; }
  // What the migrations made is the same on every server.
  void set_server_version(int version) { server_version_ = version; }

  // Whether what follows is the upgrade that is asked about, or what was applied before it.
  void set_asked(bool asked) { asked_ = asked; }
  void begin_transaction();
  void set_autocommit(bool autocommit) { autocommit_ = autocommit; }
  // COMMIT as a statement of its own.
  void commit();
  bool autocommit() const { return autocommit_; }
  bool committed() const { return committed_; }

  // Whether the table was there before the upgrade; what nobody created here was.
  bool existed(const std::string& table) const;
  void create_table(const std::string& table, bool certain);
  void drop_table(const std::string& table);
  void rename_table(const std::string& from, const std::string& to);

  // Notes the lock in `operation` where the table existed before.
  void lock(Operation& operation, const std::string& table, Lock lock) const;
  // What waits behind `operation` because of the locks held since before it, and what it leaves
  // behind.
  void finish(Operation& operation);

  // What earlier operations made, as far as they could be read.
  void add_foreign_key(const std::string& table, const std::string& constraint,
                       const std::vector<std::string>& columns, const std::string& referred);
  std::vector<std::string> referred_by(const std::string& table) const;
  std::optional<std::string> foreign_key(const std::string& table,
                                         const std::string& constraint) const;
  std::vector<std::string> referred_by_column(const std::string& table,
                                              const std::string& column) const;
  void drop_foreign_key(const std::string& table, const std::string& constraint);
  void add_index(const std::string& index, const std::string& table);
  std::string table_of_index(const std::string& index) const;
  // A type that a migration created; `checked`: a domain with a constraint.
  void add_type(const std::string& name, bool checked);
  std::optional<bool> type_is_checked(const std::string& name) const;
  // A validated CHECK (column IS NOT NULL).
  void add_not_null_check(const std::string& table, const std::string& constraint,
                          const std::string& column, bool valid);
  void validate(const std::string& table, const std::string& constraint);
  bool proves_not_null(const std::string& table, const std::string& column) const;
  void drop_check(const std::string& table, const std::string& constraint);

  // What the catalog says at this point, which counts beside what migrations made.
  void take(const KnownCatalog& catalog);
  // A column as the catalog has it; nothing where it was not read, or an operation changed it.
  const KnownCatalog::Column* catalog_column(const std::string& table,
                                             const std::string& column) const;
  void forget_column(const std::string& table, const std::string& column);

 private:
  struct ForeignKey {
    std::string constraint, referred;
    std::vector<std::string> columns;
  };
  struct NotNullCheck {
    std::string constraint, column;
    bool valid = false;
  };

  int server_version_;
  bool asked_ = true;
  bool autocommit_ = false;
  bool committed_ = false;
  std::set<std::string> known_;    // made by what was applied before
  std::set<std::string> created_;  // made by the upgrade
  Locks held_;
  std::map<std::string, std::vector<ForeignKey>> foreign_keys_;
  std::map<std::string, std::string> indexes_;
  std::map<std::string, bool> types_;
  std::map<std::string, std::vector<NotNullCheck>> checks_;
  std::map<std::pair<std::string, std::string>, KnownCatalog::Column> columns_;
};

}  // namespace drift::pending
