// SQL as a tree of PostgreSQL's grammar. Private to this folder.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "drift/pending/ledger.h"
#include "drift/pending/rules.h"

namespace drift::pending {

using Node = nlohmann::json;

struct Parsed {
  std::vector<Node> statements;
  std::string error;  // why there are none
};

// Statements of `sql`. PostgreSQL 15's grammar, taught the few forms of later versions that change
// tables.
Parsed parse_sql(const std::string& sql);

// Where each statement of text that does not parse as a whole begins and ends.
std::vector<std::string> split_sql(const std::string& sql);

// "schema.table" of a RangeVar.
std::string table_of(const Node& range);
// Of a list of String nodes: the last `count` names joined with dots.
std::string name_of(const Node& list);
// All tables that something reads, wherever it names them.
std::vector<std::string> tables_read(const Node& node);
// Of functions that are called: the most volatile. `unknown`: the first that is not known.
Default volatility(const Node& node, std::string* unknown = nullptr);
ColumnType type_of(const Node& type_name, const Ledger& ledger);
// "column IS NOT NULL", and no more: the column.
std::string not_null_column(const Node& expression);

}  // namespace drift::pending
