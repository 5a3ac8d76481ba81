#include "drift/pending/sql_statement.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "drift/pending/command_tags.h"
#include "drift/pending/rules.h"

// Command tags: https://www.postgresql.org/docs/current/protocol-message-formats.html and
// src/include/tcop/cmdtaglist.h

namespace drift::pending {
namespace {

bool has_option(const Node& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [&](const Node& one) {
    return one.contains("DefElem") && one["DefElem"].value("defname", "") == name;
  });
}

void unread(Operation& operation, std::string reason) {
  operation.opaque = true;
  operation.reason = std::move(reason);
  operation.rewrites = operation.scans = std::nullopt;
  operation.hazard("unread");
}

void read_also(const Node& node, Operation& operation, Ledger& ledger) {
  for (const std::string& table : tables_read(node)) {
    ledger.lock(operation, table, Lock::kAccessShare);
  }
}

// INSERT, UPDATE, DELETE, MERGE, COPY
void write(const Node& node, Operation& operation, Ledger& ledger) {
  operation.table = table_of(node["relation"]);
  Node rest = node;
  rest.erase("relation");
  read_also(rest, operation, ledger);
  if (!operation.locks.empty()) operation.hazard("data-change", Severity::kMedium);
  write_rows(ledger, operation);
}

void create_table(const Node& node, Operation& operation, Ledger& ledger) {
  operation.command = "CREATE TABLE";
  operation.table = table_of(node["relation"]);
  std::vector<std::string> referred;
  for (const Node& one : node.value("tableElts", Node::array())) {
    const bool column = one.contains("ColumnDef");
    if (column) {
      const NewColumn made = column_of(one["ColumnDef"], ledger);
      operation.columns.push_back(made.name);
      for (const std::string& table : made.referred) {
        referred.push_back(table);
        ledger.add_foreign_key(operation.table, "", {made.name}, table);
      }
    } else if (one.contains("Constraint") &&
               one["Constraint"].value("contype", "") == "CONSTR_FOREIGN") {
      const Node& key = one["Constraint"];
      referred.push_back(table_of(key["pktable"]));
      ledger.add_foreign_key(operation.table, key.value("conname", ""),
                             names_in(key.value("fk_attrs", Node::array())), referred.back());
    } else if (one.contains("TableLikeClause")) {
      ledger.lock(operation, table_of(one["TableLikeClause"]["relation"]), Lock::kAccessShare);
    }
  }
  for (const Node& one : node.value("inhRelations", Node::array())) {
    const std::string parent = table_of(one["RangeVar"]);
    ledger.lock(operation, parent,
                node.contains("partbound") ? Lock::kAccessExclusive : Lock::kShareUpdateExclusive);
    if (ledger.existed(parent)) operation.at_least(Severity::kLow);
  }
  pending::create_table(ledger, operation, referred, !operation.conditional);
}

void drop(const Node& node, Operation& operation, Ledger& ledger) {
  const std::string type = node.value("removeType", "");
  operation.command = "DROP " + object_word(type);
  std::vector<std::string> names;
  for (const Node& object : node.value("objects", Node::array())) names.push_back(name_of(object));
  if (names.empty()) return;
  if (type == "OBJECT_TABLE") {
    operation.table = names[0];
    for (const std::string& table : names) drop_table(ledger, operation, table);
    for (const std::string& table : names) ledger.drop_table(table);
    return;
  }
  if (type == "OBJECT_INDEX") {
    operation.index = names[0];
    const bool concurrently = node.value("concurrent", false);
    for (const std::string& index : names) {
      operation.table = ledger.table_of_index(index);
      operation.index = index;
      drop_index(ledger, operation, concurrently);
    }
    operation.index = names[0];
    return;
  }
  if (type == "OBJECT_TRIGGER" || type == "OBJECT_POLICY" || type == "OBJECT_RULE") {
    operation.table = names[0].substr(0, names[0].rfind('.'));
    return instant(ledger, operation);
  }
  if (type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW" || type == "OBJECT_FOREIGN_TABLE") {
    operation.table = names[0];
    for (const std::string& view : names) {
      ledger.lock(operation, view, Lock::kAccessExclusive);
      if (ledger.existed(view)) operation.hazard("drop-view", Severity::kMedium);
      ledger.drop_table(view);
    }
    return;
  }
  operation.at_least(Severity::kLow);
  if (type == "OBJECT_SCHEMA") operation.hazard("drop-schema");
  const bool cascades = node.value("behavior", "") == "DROP_CASCADE";
  if (cascades) {
    operation.hazard("drop-cascade");
    operation.notes.push_back("CASCADE drops what depends on it, which only the catalog knows");
  }
}

void rename(const Node& node, Operation& operation, Ledger& ledger) {
  const std::string type = node.value("renameType", "");
  const std::string word =
      object_word(type == "OBJECT_COLUMN" ? node.value("relationType", "OBJECT_TABLE") : type);
  operation.command = "ALTER " + word;
  operation.to = node.value("newname", "");
  if (type == "OBJECT_INDEX") {
    operation.index = table_of(node["relation"]);
    operation.table = ledger.table_of_index(operation.index);
    ledger.add_index(operation.to, operation.table);
    operation.severity = Severity::kLow;
    return;
  }
  if (!node.contains("relation")) {
    operation.at_least(Severity::kLow);
    if (type == "OBJECT_SCHEMA") operation.hazard("rename");
    if (type == "OBJECT_TYPE") operation.hazard("rename", Severity::kMedium);
    return;
  }
  operation.table = table_of(node["relation"]);
  if (type == "OBJECT_SEQUENCE") {
    operation.severity = Severity::kLow;
    return;
  }
  if (type == "OBJECT_COLUMN") operation.columns = {node.value("subname", "")};
  if (type == "OBJECT_TABCONSTRAINT" || type == "OBJECT_TRIGGER" || type == "OBJECT_POLICY" ||
      type == "OBJECT_RULE") {
    operation.constraint = type == "OBJECT_TABCONSTRAINT" ? node.value("subname", "") : "";
    return instant(ledger, operation);
  }
  pending::rename(ledger, operation);
  if (type != "OBJECT_COLUMN") {
    const std::size_t dot = operation.table.rfind('.');
    const std::string schema = dot == std::string::npos ? "" : operation.table.substr(0, dot + 1);
    ledger.rename_table(operation.table, schema + operation.to);
  }
}

void index(const Node& node, Operation& operation, Ledger& ledger) {
  operation.command = "CREATE INDEX";
  operation.table = table_of(node["relation"]);
  operation.index = node.value("idxname", "");
  for (const Node& one : node.value("indexParams", Node::array())) {
    const std::string column = one["IndexElem"].value("name", "");
    if (!column.empty()) operation.columns.push_back(column);
  }
  create_index(ledger, operation,
               {node.value("concurrent", false), !node["relation"].value("inh", false)});
}

void reindex(const Node& node, Operation& operation, Ledger& ledger) {
  operation.command = "REINDEX";
  const std::string kind = node.value("kind", "");
  const bool concurrently = has_option(node.value("params", Node::array()), "concurrently");
  if (kind == "REINDEX_OBJECT_TABLE") {
    operation.table = table_of(node["relation"]);
  } else if (kind == "REINDEX_OBJECT_INDEX") {
    operation.index = table_of(node["relation"]);
    operation.table = ledger.table_of_index(operation.index);
  } else {
    outside_transaction(ledger, operation, "REINDEX of a schema or a database");
    operation.hazard("reindex");
    return;
  }
  const bool existed = ledger.existed(operation.table);
  ledger.lock(operation, operation.table,
              concurrently ? Lock::kShareUpdateExclusive : Lock::kShare);
  if (!existed) return;
  operation.scans = true;
  operation.at_least(Severity::kLow);
  if (!concurrently) operation.hazard("reindex", Severity::kHigh, Work::kIndex);
  if (concurrently) outside_transaction(ledger, operation, "REINDEX CONCURRENTLY");
}

void vacuum(const Node& node, Operation& operation, Ledger& ledger) {
  const bool vacuums = node.value("is_vacuumcmd", false);
  operation.command = vacuums ? "VACUUM" : "ANALYZE";
  const bool full = has_option(node.value("options", Node::array()), "full");
  operation.severity = Severity::kLow;
  for (const Node& one : node.value("rels", Node::array())) {
    const std::string table = table_of(one["VacuumRelation"]["relation"]);
    if (operation.table.empty()) operation.table = table;
    ledger.lock(operation, table, full ? Lock::kAccessExclusive : Lock::kShareUpdateExclusive);
  }
  if (full) {
    operation.rewrites = true;
    operation.hazard("rewrite-table", Severity::kHigh, Work::kRewrite);
  }
  if (vacuums) outside_transaction(ledger, operation, "VACUUM");
}

void select(const Node& node, Operation& operation, Ledger& ledger) {
  operation.command = node.contains("intoClause") ? "SELECT INTO" : "SELECT";
  read_also(node, operation, ledger);
  if (node.contains("lockingClause")) {
    for (auto& [table, lock] : operation.locks) lock = Lock::kRowShare;
  }
  const auto tables = tables_read(node);
  if (!tables.empty()) operation.table = tables[0];
  std::string unknown;
  volatility(node, &unknown);
  if (!unknown.empty() && !node.contains("fromClause")) {
    unread(operation, "SELECT " + unknown + "(): what the function does is not read");
  }
}

void comment(const Node& node, Operation& operation, Ledger& ledger) {
  operation.command = "COMMENT";
  const std::string type = node.value("objtype", "");
  const std::string name = name_of(node.value("object", Node::object()));
  if (type == "OBJECT_TABLE" || type == "OBJECT_VIEW" || type == "OBJECT_MATVIEW") {
    operation.table = name;
  } else if (type == "OBJECT_COLUMN" || type == "OBJECT_TABCONSTRAINT") {
    const std::size_t dot = name.rfind('.');
    operation.table = name.substr(0, dot);
    if (type == "OBJECT_COLUMN" && dot != std::string::npos) {
      operation.columns = {name.substr(dot + 1)};
    }
  } else {
    return;
  }
  instant(ledger, operation, Lock::kShareUpdateExclusive);
}

void alter_domain(const Node& node, Operation& operation) {
  operation.command = "ALTER DOMAIN";
  operation.severity = Severity::kLow;
  const std::string subtype = node.value("subtype", "");
  if (subtype == "C" || subtype == "O" || subtype == "V") {
    operation.scans = std::nullopt;
    operation.hazard("alter-domain");
    operation.notes.push_back(
        "SHARE on every table that uses the domain, each read from end to "
        "end; only the catalog knows them");
  }
}

Lock lock_of_mode(int mode) {
  return mode >= 1 && mode <= 8 ? static_cast<Lock>(mode) : Lock::kAccessExclusive;
}

}  // namespace

std::vector<std::string> names_in(const Node& list) {
  std::vector<std::string> names;
  for (const Node& one : list) names.push_back(name_of(one));
  return names;
}

void read_statement(const Node& statement, Operation& operation, Ledger& ledger) {
  if (!statement.is_object() || statement.empty()) return unread(operation, "an empty statement");
  const std::string kind = statement.begin().key();
  const Node& node = statement.begin().value();
  if (const std::string tag = tag_of_harmless(kind); !tag.empty()) {
    operation.command = tag;
    if (kind == "CreateEnumStmt" || kind == "CompositeTypeStmt" || kind == "CreateRangeStmt") {
      const char* field = kind == "CompositeTypeStmt" ? "typevar" : "typeName";
      const Node named = node.value(field, Node());
      ledger.add_type(named.is_object() ? table_of(named) : name_of(named), false);
    }
    if (kind == "VariableSetStmt" && node.value("kind", "") == "VAR_RESET")
      operation.command = "RESET";
    if (kind == "CreateFunctionStmt" && node.value("is_procedure", false)) {
      operation.command = "CREATE PROCEDURE";
    }
    return;
  }
  if (kind == "AlterTableStmt") {
    operation.command = "ALTER " + object_word(node.value("objtype", ""));
    return read_alter_table(node, operation, ledger);
  }
  if (kind == "CreateStmt") return create_table(node, operation, ledger);
  if (kind == "IndexStmt") return index(node, operation, ledger);
  if (kind == "DropStmt") return drop(node, operation, ledger);
  if (kind == "RenameStmt") return rename(node, operation, ledger);
  if (kind == "SelectStmt") return select(node, operation, ledger);
  if (kind == "ReindexStmt") return reindex(node, operation, ledger);
  if (kind == "VacuumStmt") return vacuum(node, operation, ledger);
  if (kind == "CommentStmt") return comment(node, operation, ledger);
  if (kind == "AlterDomainStmt") return alter_domain(node, operation);
  for (const auto& [name, tag] :
       {std::pair{"InsertStmt", "INSERT"}, std::pair{"UpdateStmt", "UPDATE"},
        std::pair{"DeleteStmt", "DELETE"}, std::pair{"MergeStmt", "MERGE"}}) {
    if (kind != name) continue;
    operation.command = tag;
    return write(node, operation, ledger);
  }
  if (kind == "CopyStmt") {
    operation.command = "COPY";
    if (node.contains("relation") && node.value("is_from", false))
      return write(node, operation, ledger);
    return read_also(node, operation, ledger);
  }
  if (kind == "TruncateStmt") {
    operation.command = "TRUNCATE TABLE";
    for (const Node& one : node["relations"]) {
      const std::string table = table_of(one["RangeVar"]);
      if (operation.table.empty()) operation.table = table;
      ledger.lock(operation, table, Lock::kAccessExclusive);
      if (ledger.existed(table)) operation.hazard("truncate");
    }
    if (operation.severity == Severity::kHigh) operation.notes.push_back("loses data");
    // Its file is a new, empty one.
    return;
  }
  if (kind == "TransactionStmt") {
    const std::string which = node.value("kind", "");
    operation.command = which == "TRANS_STMT_COMMIT"        ? "COMMIT"
                        : which == "TRANS_STMT_ROLLBACK"    ? "ROLLBACK"
                        : which == "TRANS_STMT_BEGIN"       ? "BEGIN"
                        : which == "TRANS_STMT_START"       ? "START TRANSACTION"
                        : which == "TRANS_STMT_RELEASE"     ? "RELEASE"
                        : which == "TRANS_STMT_ROLLBACK_TO" ? "ROLLBACK"
                                                            : "SAVEPOINT";
    if (operation.command == "COMMIT") ledger.commit();
    return;
  }
  if (kind == "CreateTrigStmt" || kind == "CreatePolicyStmt" || kind == "AlterPolicyStmt" ||
      kind == "RuleStmt") {
    operation.command = kind == "CreateTrigStmt"     ? "CREATE TRIGGER"
                        : kind == "CreatePolicyStmt" ? "CREATE POLICY"
                        : kind == "AlterPolicyStmt"  ? "ALTER POLICY"
                                                     : "CREATE RULE";
    operation.table = table_of(node.contains("relation") ? node["relation"] : node["table"]);
    return instant(ledger, operation,
                   kind == "CreateTrigStmt" ? Lock::kShareRowExclusive : Lock::kAccessExclusive);
  }
  if (kind == "ViewStmt") {
    operation.command = "CREATE VIEW";
    operation.table = table_of(node["view"]);
    read_also(node.value("query", Node::object()), operation, ledger);
    if (node.value("replace", false)) return instant(ledger, operation);
    ledger.create_table(operation.table, !operation.conditional);
    return;
  }
  if (kind == "CreateTableAsStmt") {
    const bool view = node.value("objtype", "") == "OBJECT_MATVIEW";
    operation.command = view ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
    operation.table = table_of(node["into"]["rel"]);
    read_also(node.value("query", Node::object()), operation, ledger);
    if (!operation.locks.empty()) operation.hazard("data-change", Severity::kMedium);
    ledger.create_table(operation.table, !operation.conditional);
    return;
  }
  if (kind == "RefreshMatViewStmt") {
    operation.command = "REFRESH MATERIALIZED VIEW";
    operation.table = table_of(node["relation"]);
    const bool concurrently = node.value("concurrent", false);
    ledger.lock(operation, operation.table,
                concurrently ? Lock::kExclusive : Lock::kAccessExclusive);
    if (!ledger.existed(operation.table)) return;
    operation.rewrites = !concurrently;
    operation.hazard("refresh-materialized-view",
                     concurrently ? Severity::kMedium : Severity::kHigh);
    return;
  }
  if (kind == "ClusterStmt") {
    operation.command = "CLUSTER";
    operation.hazard("rewrite-table", Severity::kHigh,
                     node.contains("relation") ? Work::kRewrite : Work::kNone);
    operation.rewrites = true;
    if (node.contains("relation")) {
      operation.table = table_of(node["relation"]);
      ledger.lock(operation, operation.table, Lock::kAccessExclusive);
    }
    return;
  }
  if (kind == "AlterEnumStmt") {
    operation.command = "ALTER TYPE";
    if (node.contains("oldVal")) {
      operation.hazard("rename");
      operation.to = node.value("newVal", "");
      operation.notes.push_back("breaks code that runs with the old value");
    }
    return;
  }
  if (kind == "CreateDomainStmt") {
    operation.command = "CREATE DOMAIN";
    const Node constraints = node.value("constraints", Node::array());
    const bool checked = std::any_of(constraints.begin(), constraints.end(), [](const Node& one) {
      const std::string type = one["Constraint"].value("contype", "");
      return type == "CONSTR_CHECK" || type == "CONSTR_NOTNULL";
    });
    ledger.add_type(name_of(node["domainname"]), checked);
    return;
  }
  if (kind == "DefineStmt") {
    operation.command = "CREATE " + object_word(node.value("kind", ""));
    if (node.value("kind", "") == "OBJECT_TYPE") ledger.add_type(name_of(node["defnames"]), false);
    return;
  }
  if (kind == "GrantStmt") {
    operation.command = node.value("is_grant", false) ? "GRANT" : "REVOKE";
    return;
  }
  if (kind == "AlterSeqStmt" || kind == "AlterExtensionStmt") {
    operation.command = kind == "AlterSeqStmt" ? "ALTER SEQUENCE" : "ALTER EXTENSION";
    operation.severity = Severity::kLow;
    return;
  }
  if (kind == "AlterObjectSchemaStmt" || kind == "AlterOwnerStmt") {
    operation.command = "ALTER " + object_word(node.value("objectType", ""));
    if (!node.contains("relation")) {
      operation.at_least(Severity::kLow);
      if (kind != "AlterOwnerStmt") operation.hazard("rename", Severity::kMedium);
      return;
    }
    operation.table = table_of(node["relation"]);
    operation.to = node.value("newschema", "");
    pending::rename(ledger, operation);
    const std::string name = operation.table.substr(operation.table.rfind('.') + 1);
    ledger.rename_table(operation.table, operation.to + "." + name);
    return;
  }
  if (kind == "CreateStatsStmt") {
    operation.command = "CREATE STATISTICS";
    const Node relations = node.value("relations", Node::array());
    if (!relations.empty()) operation.table = table_of(relations[0]["RangeVar"]);
    return instant(ledger, operation, Lock::kShareUpdateExclusive);
  }
  if (kind == "LockStmt") {
    operation.command = "LOCK TABLE";
    operation.severity = Severity::kLow;
    for (const Node& one : node["relations"]) {
      const std::string table = table_of(one["RangeVar"]);
      if (operation.table.empty()) operation.table = table;
      ledger.lock(operation, table, lock_of_mode(node.value("mode", 8)));
    }
    return;
  }
  if (kind == "DoStmt") {
    operation.command = "DO";
    return unread(operation, "a DO block: what its code does is not read");
  }
  if (kind == "CallStmt") {
    operation.command = "CALL";
    return unread(operation, "CALL: what the procedure does is not read");
  }
  if (kind == "ExplainStmt") {
    operation.command = "EXPLAIN";
    return read_also(node, operation, ledger);
  }
  unread(operation, "a statement that has no rule here: " + kind);
}

}  // namespace drift::pending
