// What the upgrade() of a migration asks of Alembic, found without running Python.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/module_variables.h"
#include "migrations/python/object.h"

namespace drift::migrations {

// One call of op.* or batch_op.*, or of execute on what op.get_bind() gives.
struct UpgradeCall {
  // Alembic's name of it, "add_column"; "execute" for SQL; "" where something here cannot be read
  // and may be any number of operations.
  std::string name = {};
  std::vector<Ref> arguments = {};
  std::vector<std::pair<std::string, Ref>> named = {};
  Ref batch = {};  // of a batch_op: what batch_alter_table was called with
  // 1-based, in the migration's file: of the call, or of the one that leads to it in another file.
  int line = 0;
  bool conditional = false;  // only a run can tell, by a test before it or a `try` around it
  bool autocommit = false;   // inside autocommit_block()
  // Begins a transaction of its own: the first after an autocommit_block() began or ended.
  bool new_transaction = false;
  std::string reason = {};  // where `name` is "": what cannot be read, after "cannot read "
};

// Follows upgrade() in `source` as PostgreSQL would see it, with modules of the tree from
// `load_module`. Never fails: what cannot be followed is a call without a name. Bounded in time and
// memory, whatever the file holds: after kMostUpgradeSteps the rest is one such call. Modules
// imported by an absolute name are kept in `kept` from one file to the next, and must outlive the
// calls.
std::vector<UpgradeCall> read_upgrade(std::string_view source, const ModuleLoader& load_module,
                                      KeptModules& kept);
inline constexpr std::size_t kMostUpgradeSteps = 400'000;

}  // namespace drift::migrations
