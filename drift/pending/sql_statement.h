// The rules of single statements. Private to this folder.
#pragma once

#include "drift/pending/grammar.h"
#include "drift/pending/ledger.h"
#include "drift/pending/operation.h"

namespace drift::pending {

// Fills `operation` with what `statement` does, and brings the ledger forward.
void read_statement(const Node& statement, Operation& operation, Ledger& ledger);

// ALTER TABLE and its kin: the AlterTableStmt.
void read_alter_table(const Node& statement, Operation& operation, Ledger& ledger);

// A ColumnDef; adds CHECKs that prove NOT NULL to nothing, since the column is new.
NewColumn column_of(const Node& definition, const Ledger& ledger);

std::vector<std::string> names_in(const Node& list);

}  // namespace drift::pending
