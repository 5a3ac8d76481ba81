#include "drift/pending/ledger.h"

#include <algorithm>

namespace drift::pending {
namespace {

// Nobody has two tables of one name, one of them in a schema that the search path begins with.
std::string plain(const std::string& table) {
  return table.starts_with("public.") ? table.substr(7) : table;
}

bool keeps_others_out(Lock lock) { return lock >= Lock::kShare; }

}  // namespace

void Ledger::begin_transaction() {
  held_.clear();
  committed_ = false;
}

void Ledger::commit() {
  held_.clear();
  committed_ = true;
}

bool Ledger::existed(const std::string& table) const {
  return created_.find(plain(table)) == created_.end();
}

void Ledger::create_table(const std::string& table, bool certain) {
  const std::string name = plain(table);
  if (!asked_) {
    known_.insert(name);
  } else if (certain || known_.find(name) == known_.end()) {
    if (certain) created_.insert(name);
  }
}

void Ledger::drop_table(const std::string& table) {
  const std::string name = plain(table);
  known_.erase(name);
  created_.erase(name);
  foreign_keys_.erase(name);
  checks_.erase(name);
  std::erase_if(columns_, [&](const auto& one) { return one.first.first == name; });
}

void Ledger::rename_table(const std::string& from, const std::string& to) {
  const std::string before = plain(from), after = plain(to);
  for (std::set<std::string>* names : {&known_, &created_}) {
    if (names->erase(before) > 0) names->insert(after);
  }
  // A table that existed before keeps its lock under its new name.
  if (const auto held = held_.find(from); held != held_.end()) held_[to] = held->second;
  if (auto keys = foreign_keys_.extract(before)) {
    keys.key() = after;
    foreign_keys_.insert(std::move(keys));
  }
  for (auto& [table, keys] : foreign_keys_) {
    for (ForeignKey& key : keys) {
      if (plain(key.referred) == before) key.referred = to;
    }
  }
  for (auto& [index, table] : indexes_) {
    if (plain(table) == before) table = to;
  }
}

void Ledger::lock(Operation& operation, const std::string& table, Lock lock) const {
  if (table.empty() || !existed(table)) return;
  Lock& noted = operation.locks[table];
  noted = std::max(noted, lock);
}

void Ledger::finish(Operation& operation) {
  operation.autocommit = autocommit_;
  // An opaque operation may be anything; the rest stands for itself.
  const bool long_running = operation.rewrites.value_or(true) || operation.scans.value_or(true) ||
                            (operation.severity == Severity::kMedium && !operation.opaque);
  if (long_running && !operation.locks.empty()) {
    for (const auto& [table, lock] : held_) {
      if (!keeps_others_out(lock)) continue;
      if (operation.severity < Severity::kHigh) {
        operation.notes.push_back("the transaction holds " + std::string(word_of(lock)) + " on " +
                                  table + " since before");
      }
      operation.hazard("held-lock");
    }
  }
  if (autocommit_ || !asked_) return;
  for (const auto& [table, lock] : operation.locks) {
    Lock& held = held_[table];
    held = std::max(held, lock);
  }
}

void Ledger::add_foreign_key(const std::string& table, const std::string& constraint,
                             const std::vector<std::string>& columns, const std::string& referred) {
  if (referred.empty()) return;
  std::string name = constraint;
  if (name.empty() && !columns.empty()) {
    // PostgreSQL's own name for it.
    name = plain(table).substr(plain(table).find('.') + 1);
    for (const std::string& column : columns) name += "_" + column;
    name += "_fkey";
  }
  foreign_keys_[plain(table)].push_back({name, referred, columns});
}

std::vector<std::string> Ledger::referred_by(const std::string& table) const {
  std::vector<std::string> tables;
  if (const auto found = foreign_keys_.find(plain(table)); found != foreign_keys_.end()) {
    for (const ForeignKey& key : found->second) tables.push_back(key.referred);
  }
  return tables;
}

std::optional<std::string> Ledger::foreign_key(const std::string& table,
                                               const std::string& constraint) const {
  if (const auto found = foreign_keys_.find(plain(table)); found != foreign_keys_.end()) {
    for (const ForeignKey& key : found->second) {
      if (key.constraint == constraint) return key.referred;
    }
  }
  return std::nullopt;
}

std::vector<std::string> Ledger::referred_by_column(const std::string& table,
                                                    const std::string& column) const {
  std::vector<std::string> tables;
  if (const auto found = foreign_keys_.find(plain(table)); found != foreign_keys_.end()) {
    for (const ForeignKey& key : found->second) {
      if (std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end()) {
        tables.push_back(key.referred);
      }
    }
  }
  return tables;
}

void Ledger::drop_foreign_key(const std::string& table, const std::string& constraint) {
  if (const auto found = foreign_keys_.find(plain(table)); found != foreign_keys_.end()) {
    std::erase_if(found->second,
                  [&](const ForeignKey& key) { return key.constraint == constraint; });
  }
}

void Ledger::add_index(const std::string& index, const std::string& table) {
  if (!index.empty()) indexes_[plain(index)] = table;
}

std::string Ledger::table_of_index(const std::string& index) const {
  const auto found = indexes_.find(plain(index));
  return found == indexes_.end() ? "" : found->second;
}

void Ledger::add_type(const std::string& name, bool checked) { types_[plain(name)] = checked; }

std::optional<bool> Ledger::type_is_checked(const std::string& name) const {
  const auto found = types_.find(plain(name));
  if (found == types_.end()) return std::nullopt;
  return found->second;
}

void Ledger::add_not_null_check(const std::string& table, const std::string& constraint,
                                const std::string& column, bool valid) {
  checks_[plain(table)].push_back({constraint, column, valid});
}

void Ledger::validate(const std::string& table, const std::string& constraint) {
  for (NotNullCheck& check : checks_[plain(table)]) {
    if (check.constraint == constraint) check.valid = true;
  }
}

bool Ledger::proves_not_null(const std::string& table, const std::string& column) const {
  const auto found = checks_.find(plain(table));
  return found != checks_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const NotNullCheck& check) {
           return check.valid && check.column == column;
         });
}

void Ledger::take(const KnownCatalog& catalog) {
  for (const auto& one : catalog.foreign_keys) {
    drop_foreign_key(one.table, one.constraint);
    add_foreign_key(one.table, one.constraint, one.columns, one.referred);
  }
  for (const auto& one : catalog.indexes) add_index(one.name, one.table);
  for (const auto& one : catalog.not_null_checks) {
    drop_check(one.table, one.constraint);
    add_not_null_check(one.table, one.constraint, one.column, one.valid);
  }
  for (const auto& one : catalog.columns) columns_[{plain(one.table), one.name}] = one;
}

const KnownCatalog::Column* Ledger::catalog_column(const std::string& table,
                                                   const std::string& column) const {
  const auto found = columns_.find({plain(table), column});
  return found == columns_.end() ? nullptr : &found->second;
}

void Ledger::forget_column(const std::string& table, const std::string& column) {
  columns_.erase({plain(table), column});
}

void Ledger::drop_check(const std::string& table, const std::string& constraint) {
  if (const auto found = checks_.find(plain(table)); found != checks_.end()) {
    std::erase_if(found->second,
                  [&](const NotNullCheck& check) { return check.constraint == constraint; });
  }
}

}  // namespace drift::pending
