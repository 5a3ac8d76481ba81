// What the operations of Alembic do: https://alembic.sqlalchemy.org/en/latest/ops.html
#pragma once

#include <vector>

#include "drift/pending/ledger.h"
#include "drift/pending/operation.h"
#include "migrations/upgrade/upgrade.h"

namespace drift::pending {

// The operations of one call: one, or for execute one for each statement. The ledger is brought
// forward.
std::vector<Operation> operations_of_call(const migrations::UpgradeCall& call, Ledger& ledger);

}  // namespace drift::pending
