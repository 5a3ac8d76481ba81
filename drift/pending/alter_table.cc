#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "drift/pending/sql_statement.h"

// https://www.postgresql.org/docs/current/sql-altertable.html

namespace drift::pending {
namespace {

// A cast of the column to its new type and no more is what PostgreSQL would do itself.
bool is_plain_cast(const Node& expression, const std::string& column) {
  if (!expression.contains("TypeCast")) return false;
  const Node& argument = expression["TypeCast"]["arg"];
  return argument.contains("ColumnRef") && name_of(argument["ColumnRef"]["fields"]) == column;
}

bool is_any(const std::string& subtype, std::initializer_list<const char*> of) {
  return std::any_of(of.begin(), of.end(), [&](const char* one) { return subtype == one; });
}

void add_constraint(const Node& constraint, Operation& operation, Ledger& ledger) {
  const std::string type = constraint.value("contype", "");
  const bool valid = !constraint.value("skip_validation", false);
  std::string name = constraint.value("conname", "");
  // See in_older_words().
  constexpr std::string_view kMark = "schema_drift_not_null_";
  const bool not_null = name.starts_with(kMark);
  if (not_null) {
    operation.columns.push_back(name.substr(kMark.size()));
    name = operation.table + "_" + operation.columns.back() + "_not_null";
  }
  operation.constraint = name;
  if (type == "CONSTR_FOREIGN") {
    for (std::string& column : names_in(constraint.value("fk_attrs", Node::array()))) {
      operation.columns.push_back(std::move(column));
    }
    add_foreign_key(ledger, operation, table_of(constraint["pktable"]), valid);
    return;
  }
  for (std::string& column : names_in(constraint.value("keys", Node::array()))) {
    operation.columns.push_back(std::move(column));
  }
  const bool by_index = constraint.contains("indexname");
  if (by_index) operation.index = constraint["indexname"];
  if (type == "CONSTR_CHECK") {
    const std::string column = not_null_column(constraint.value("raw_expr", Node::object()));
    if (!column.empty()) ledger.add_not_null_check(operation.table, name, column, valid);
    add_constraint(ledger, operation, valid, false);
    return;
  }
  // A primary key over an index makes its columns NOT NULL, which is checked row by row.
  add_constraint(ledger, operation, !by_index, true);
  if (by_index && type == "CONSTR_PRIMARY" && ledger.existed(operation.table)) {
    operation.scans = std::nullopt;
    operation.hazard("add-unique", Severity::kHigh, Work::kScan);
    operation.notes.push_back("reads the table unless its columns are NOT NULL already");
  }
}

void change_type(const Node& command, Operation& operation, Ledger& ledger) {
  const std::string column = command.value("name", "");
  const Node definition = command.value("def", Node::object()).value("ColumnDef", Node::object());
  const Node type = definition.value("typeName", Node::object());
  if (name_of(type.value("names", Node::array())) == "schema_drift_expression") {
    instant(ledger, operation);
    if (!ledger.existed(operation.table)) return;
    operation.rewrites = true;
    operation.hazard("rewrite-table", Severity::kHigh, Work::kRewrite);
    return;
  }
  const Node expression = definition.value("raw_default", Node());
  const bool computed = !expression.is_null() && !is_plain_cast(expression, column);
  // Which type the column had, SQL does not say.
  pending::change_type(ledger, operation, {}, type_of(type, ledger), computed);
}

void detach(const Node& command, Operation& operation, Ledger& ledger, const std::string& child) {
  const bool concurrently = command["def"]["PartitionCmd"].value("concurrent", false);
  ledger.lock(operation, operation.table,
              concurrently ? Lock::kShareUpdateExclusive : Lock::kAccessExclusive);
  ledger.lock(operation, child,
              concurrently || ledger.server_version() >= 14 ? Lock::kAccessExclusive
                                                            : Lock::kShareUpdateExclusive);
  operation.at_least(Severity::kLow);
  if (concurrently) outside_transaction(ledger, operation, "DETACH PARTITION CONCURRENTLY");
}

void attach(Operation& operation, Ledger& ledger, const std::string& child) {
  ledger.lock(operation, operation.table,
              ledger.server_version() < 12 ? Lock::kAccessExclusive : Lock::kShareUpdateExclusive);
  ledger.lock(operation, child, Lock::kAccessExclusive);
  operation.at_least(Severity::kLow);
  if (!ledger.existed(child)) return;
  operation.scans = true;
  operation.hazard("attach-partition", Severity::kHigh, Work::kScan, child);
}

void read_command(const Node& command, Operation& operation, Ledger& ledger) {
  const std::string subtype = command.value("subtype", "");
  const std::string name = command.value("name", "");
  const Node definition = command.value("def", Node::object());
  if (subtype == "AT_AddColumn") {
    const NewColumn column = column_of(definition.value("ColumnDef", Node::object()), ledger);
    operation.columns.push_back(column.name);
    return add_column(ledger, operation, column);
  }
  if (subtype == "AT_DropColumn") {
    operation.columns.push_back(name);
    return drop_column(ledger, operation, name);
  }
  if (subtype == "AT_AlterColumnType") {
    operation.columns.push_back(name);
    return change_type(command, operation, ledger);
  }
  if (subtype == "AT_SetNotNull") {
    operation.columns.push_back(name);
    return set_not_null(ledger, operation, name, false);
  }
  if (subtype == "AT_AddConstraint") {
    return add_constraint(definition["Constraint"], operation, ledger);
  }
  if (subtype == "AT_ValidateConstraint") {
    operation.constraint = name;
    return validate_constraint(ledger, operation);
  }
  if (subtype == "AT_DropConstraint") {
    operation.constraint = name;
    return drop_constraint(ledger, operation, std::nullopt);
  }
  if (subtype == "AT_AttachPartition" || subtype == "AT_DetachPartition") {
    const std::string child = table_of(definition["PartitionCmd"]["name"]);
    if (subtype == "AT_AttachPartition") return attach(operation, ledger, child);
    return detach(command, operation, ledger, child);
  }
  if (is_any(subtype, {"AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod",
                       "AT_AddIdentity"})) {
    instant(ledger, operation);
    if (subtype == "AT_AddIdentity") {
      operation.columns.push_back(name);
      return;
    }
    if (!ledger.existed(operation.table)) return;
    operation.rewrites = true;
    operation.hazard("rewrite-table", Severity::kHigh, Work::kRewrite);
    return;
  }
  if (is_any(subtype, {"AT_SetStatistics", "AT_SetOptions", "AT_ResetOptions", "AT_ClusterOn",
                       "AT_DropCluster", "AT_SetRelOptions", "AT_ResetRelOptions"})) {
    if (!name.empty() && subtype != "AT_ClusterOn") operation.columns.push_back(name);
    return instant(ledger, operation, Lock::kShareUpdateExclusive);
  }
  if (subtype.find("Trig") != std::string::npos) {
    return instant(ledger, operation, Lock::kShareRowExclusive);
  }
  if (is_any(subtype, {"AT_ColumnDefault", "AT_CookedColumnDefault", "AT_DropNotNull",
                       "AT_DropExpression", "AT_SetStorage", "AT_SetCompression", "AT_SetIdentity",
                       "AT_DropIdentity", "AT_AlterConstraint"})) {
    if (!name.empty()) operation.columns.push_back(name);
  }
  if (subtype == "AT_AddInherit" || subtype == "AT_DropInherit") {
    ledger.lock(operation, table_of(definition.value("RangeVar", Node::object())),
                Lock::kShareUpdateExclusive);
  }
  instant(ledger, operation);
}

}  // namespace

NewColumn column_of(const Node& definition, const Ledger& ledger) {
  NewColumn column;
  column.name = definition.value("colname", "");
  column.type = type_of(definition.value("typeName", Node::object()), ledger);
  for (const Node& one : definition.value("constraints", Node::array())) {
    if (!one.contains("Constraint")) continue;
    const Node& constraint = one["Constraint"];
    const std::string type = constraint.value("contype", "");
    if (type == "CONSTR_NOTNULL") column.not_null = true;
    if (type == "CONSTR_DEFAULT") {
      const Node expression = constraint.value("raw_expr", Node::object());
      const bool null = expression.contains("A_Const") && expression["A_Const"].contains("isnull");
      if (!null) column.fallback = volatility(expression);
    }
    if (type == "CONSTR_IDENTITY") column.identity = true;
    if (type == "CONSTR_GENERATED") column.stored = true;
    if (type == "CONSTR_PRIMARY") column.primary = column.not_null = true;
    if (type == "CONSTR_UNIQUE") column.unique = true;
    if (type == "CONSTR_CHECK") {
      const Node expression = constraint.value("raw_expr", Node::object());
      const bool marked = expression.contains("ColumnRef") &&
                          name_of(expression["ColumnRef"]["fields"]) == "schema_drift_virtual";
      if (marked) {
        column.stored = false;
        column.virtual_generated = true;
      } else {
        column.check = true;
      }
    }
    if (type == "CONSTR_FOREIGN") column.referred.push_back(table_of(constraint["pktable"]));
  }
  column.references_checked = column.fallback != Default::kNone;
  return column;
}

void read_alter_table(const Node& statement, Operation& operation, Ledger& ledger) {
  operation.table = table_of(statement["relation"]);
  const std::string type = statement.value("objtype", "");
  if (type == "OBJECT_INDEX") {
    operation.index = std::exchange(operation.table, "");
    operation.table = ledger.table_of_index(operation.index);
    operation.severity = Severity::kLow;
    return;
  }
  if (type == "OBJECT_SEQUENCE" || type == "OBJECT_TYPE") {
    operation.severity = Severity::kLow;
    if (type == "OBJECT_TYPE") {
      operation.rewrites = operation.scans = std::nullopt;
      operation.hazard("alter-type");
      operation.notes.push_back("tables of the type are in the catalog alone");
    }
    return;
  }
  if (ledger.existed(operation.table) && type == "OBJECT_TABLE") {
    // Recursion to partitions and children takes the same locks on them.
  }
  for (const Node& one : statement["cmds"]) read_command(one["AlterTableCmd"], operation, ledger);
  std::sort(operation.columns.begin(), operation.columns.end());
  operation.columns.erase(std::unique(operation.columns.begin(), operation.columns.end()),
                          operation.columns.end());
}

}  // namespace drift::pending
