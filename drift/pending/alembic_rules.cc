#include "drift/pending/alembic_rules.h"

#include <algorithm>
#include <map>
#include <utility>

#include "drift/base/text.h"
#include "drift/pending/rules.h"
#include "drift/pending/sql_parameters.h"
#include "drift/pending/sql_rules.h"
#include "drift/pending/sqlalchemy_types.h"

namespace drift::pending {
namespace {

using migrations::Ref;
using migrations::UpgradeCall;

// A call that names what cannot be known.
struct Unreadable {
  std::string what;
};

class Call {
 public:
  Call(const UpgradeCall& call, Ledger& ledger) : call_(call), ledger_(ledger) {
    operation_.operation = call.name;
    operation_.line = call.line;
    operation_.conditional = call.conditional;
  }

  std::vector<Operation> read() {
    if (call_.name.empty()) return {opaque(call_.reason)};
    try {
      if (call_.name == "execute") return execute();
      dispatch();
    } catch (const Unreadable& unreadable) {
      return {opaque(unreadable.what)};
    }
    if (call_.batch && says(batch_argument(99, "recreate", "always"), false)) {
      operation_.rewrites = true;
      operation_.hazard("rewrite-table", Severity::kHigh, Work::kRewrite);
      operation_.notes.push_back("recreate=\"always\" copies the table");
    }
    ledger_.finish(operation_);
    return {std::move(operation_)};
  }

 private:
  Operation opaque(std::string reason) {
    Operation operation = operation_;
    operation.locks.clear();
    operation.opaque = true;
    operation.reason = std::move(reason);
    operation.rewrites = operation.scans = std::nullopt;
    operation.severity = Severity::kNone;
    operation.hazards.clear();
    operation.hazard("unread");
    return operation;
  }

  // In a batch the arguments do not begin with the table.
  const Object* argument(std::size_t place, const char* name, bool after_table = true) const {
    if (call_.batch && after_table) --place;
    if (place < call_.arguments.size()) return call_.arguments[place].get();
    return named(name);
  }
  const Object* named(std::string_view name) const {
    for (const auto& [known, value] : call_.named) {
      if (known == name) return value.get();
    }
    return nullptr;
  }
  const Object* batch_argument(std::size_t place, const char* name, const char* equals) const {
    const Object* found = call_.batch->argument(place, name);
    static const Object yes = [] {
      Object object;
      object.kind = ObjectKind::kBoolean;
      object.number = 1;
      return object;
    }();
    return found != nullptr && known_text(found) == equals ? &yes : nullptr;
  }

  static std::string unknown(const char* what, const Object* object) {
    std::string text = std::string(what) + " cannot be known";
    if (object != nullptr && object->is_unknown()) text += ": it is " + object->text;
    return text;
  }

  std::string text(const Object* object, const char* what) const {
    const auto found = known_text(object);
    if (!found) throw Unreadable{unknown(what, object)};
    return *found;
  }
  // "" for None or nothing.
  std::string optional_text(const Object* object, const char* what) const {
    if (object == nullptr || object->is(ObjectKind::kNone)) return "";
    return text(object, what);
  }

  // A name that changes nothing about the locks: where only a run can tell it, a note says so.
  std::string name_text(const Object* object, const char* what) {
    if (object == nullptr || object->is(ObjectKind::kNone)) return "";
    const auto found = known_text(object);
    if (!found) operation_.notes.push_back(std::string("only a run can tell the name of ") + what);
    return found.value_or("");
  }

  std::string schema_of(const char* name = "schema") const {
    const Object* given = named(name);
    if (given == nullptr && call_.batch) given = call_.batch->argument(1, "schema");
    return optional_text(given, "the schema");
  }
  static std::string qualified(const std::string& schema, const std::string& table) {
    return schema.empty() ? table : schema + "." + table;
  }
  // `place`: of the table where this is no batch.
  std::string table(std::size_t place, const char* name = "table_name") const {
    const Object* given = call_.batch                      ? call_.batch->argument(0, "table_name")
                          : place < call_.arguments.size() ? call_.arguments[place].get()
                                                           : named(name);
    return qualified(schema_of(), text(given, "the table"));
  }

  std::vector<std::string> columns(const Object* list) const {
    std::vector<std::string> names;
    if (list == nullptr) return names;
    if (!list->is_sequence()) {
      if (const auto one = known_text(list)) return {*one};
      throw Unreadable{unknown("the columns", list)};
    }
    for (const Ref& one : list->items) {
      // An expression of an index is no column.
      if (const auto name = known_text(one.get())) names.push_back(*name);
    }
    return names;
  }

  void add_column() {
    operation_.table = table(0);
    const Object* given = argument(1, "column");
    if (given == nullptr || given->is_unknown()) {
      throw Unreadable{unknown("the column", given)};
    }
    auto column = column_of(*given, ledger_);
    if (!column) throw Unreadable{unknown("the column", given)};
    if (const Object* part = unknown_part(*given)) {
      throw Unreadable{unknown("an argument of the column", part)};
    }
    operation_.columns = {column->name};
    for (const std::string& referred : column->referred) {
      if (referred.empty()) {
        operation_.notes.push_back("the table that its foreign key refers to cannot be known");
      }
    }
    if (says(named("inline_primary_key"), false)) column->primary = true;
    if (says(named("inline_references"), false) && column->fallback == Default::kNone) {
      column->references_checked = false;
    }
    if (column->index)
      ledger_.add_index("ix_" + operation_.table + "_" + column->name, operation_.table);
    pending::add_column(ledger_, operation_, *column);
  }

  void alter_column() {
    operation_.table = table(0);
    const std::string column = text(argument(1, "column_name"), "the column");
    operation_.columns = {column};
    const Object* nullable = named("nullable");
    const Object* type = named("type_");
    const Object* fallback = named("server_default");
    const Object* name = named("new_column_name");
    if (name == nullptr) name = named("name");
    const bool changes_type = type != nullptr && !type->is(ObjectKind::kNone);
    if (changes_type) change_type(type);
    if (nullable != nullptr && !nullable->is(ObjectKind::kNone)) {
      if (!nullable->is(ObjectKind::kBoolean)) {
        throw Unreadable{unknown("nullable", nullable)};
      }
      if (nullable->number != 0) {
        instant(ledger_, operation_);
      } else {
        const Object* before = named("existing_nullable");
        const bool already =
            before != nullptr && before->is(ObjectKind::kBoolean) && before->number == 0;
        set_not_null(ledger_, operation_, column, already);
      }
    }
    const bool keeps_default =
        fallback == nullptr || (fallback->is(ObjectKind::kBoolean) && fallback->number == 0);
    if (!keeps_default) instant(ledger_, operation_);
    const Object* comment = named("comment");
    if (comment != nullptr && !(comment->is(ObjectKind::kBoolean) && comment->number == 0)) {
      instant(ledger_, operation_, Lock::kShareUpdateExclusive);
    }
    if (name != nullptr && !name->is(ObjectKind::kNone)) {
      operation_.to = text(name, "the new name");
      if (operation_.to != column) rename(ledger_, operation_);
    }
  }

  void change_type(const Object* type) {
    const ColumnType to = type_of(type, ledger_);
    const ColumnType from = type_of(named("existing_type"), ledger_);
    bool computed = false;
    const Object* expression = named("postgresql_using");
    if (expression != nullptr && !expression->is(ObjectKind::kNone)) {
      const auto sql = sql_text(*expression);
      computed = !sql || !is_plain_cast(*sql, operation_.columns[0]);
    }
    pending::change_type(ledger_, operation_, from, to, computed);
  }

  // "status::text" says no more than the type does.
  static bool is_plain_cast(std::string sql, const std::string& column) {
    std::erase(sql, '"');
    std::erase(sql, ' ');
    sql = ascii_lower(sql);
    while (sql.starts_with('(') && sql.ends_with(')')) sql = sql.substr(1, sql.size() - 2);
    const std::string name = ascii_lower(column);
    const std::size_t casts = sql.find("::");
    if (casts != std::string::npos) {
      return sql.substr(0, casts) == name && sql.find("::", casts + 2) == std::string::npos &&
             sql.find_first_of("+-/*'") == std::string::npos;
    }
    return sql == name || sql.starts_with("cast(" + name + "as");
  }

  void create_index() {
    operation_.index = name_text(argument(0, "index_name", false), "the index");
    operation_.table = table(1);
    operation_.columns = columns(argument(2, "columns"));
    pending::create_index(ledger_, operation_,
                          {says(named("postgresql_concurrently"), false), false});
  }

  void drop_index() {
    operation_.index = name_text(argument(0, "index_name", false), "the index");
    const Object* given = call_.batch || call_.arguments.size() > 1 ? nullptr : named("table_name");
    if (call_.batch || call_.arguments.size() > 1 ||
        (given != nullptr && !given->is(ObjectKind::kNone))) {
      const bool is_none =
          !call_.batch && call_.arguments.size() > 1 && call_.arguments[1]->is(ObjectKind::kNone);
      if (!is_none) operation_.table = table(1);
    } else {
      operation_.index = qualified(schema_of(), operation_.index);
    }
    pending::drop_index(ledger_, operation_, says(named("postgresql_concurrently"), false));
  }

  void create_foreign_key() {
    operation_.constraint = name_text(argument(0, "constraint_name", false), "the constraint");
    std::string referred, schema;
    if (call_.batch) {
      operation_.table = table(1);
      referred = text(argument(2, "referent_table"), "the referred table");
      operation_.columns = columns(argument(3, "local_cols"));
    } else {
      const std::string own = optional_text(named("source_schema"), "the schema");
      operation_.table = qualified(own, text(argument(1, "source_table"), "the table"));
      referred = text(argument(2, "referent_table"), "the referred table");
      operation_.columns = columns(argument(3, "local_cols"));
    }
    schema = optional_text(named("referent_schema"), "the schema");
    const bool valid = !says(named("postgresql_not_valid"), false);
    pending::add_foreign_key(ledger_, operation_, qualified(schema, referred), valid);
  }

  void create_constraint() {
    operation_.constraint = name_text(argument(0, "constraint_name", false), "the constraint");
    operation_.table = table(1);
    const bool check = call_.name == "create_check_constraint";
    const bool valid = !check || !says(named("postgresql_not_valid"), false);
    if (check) {
      const Object* condition = argument(2, "condition");
      const auto sql = condition == nullptr ? std::nullopt : sql_text(*condition);
      const std::string column = sql ? not_null_column(*sql) : "";
      if (!column.empty()) {
        ledger_.add_not_null_check(operation_.table, operation_.constraint, column, valid);
      }
    } else if (call_.name != "create_exclude_constraint") {
      operation_.columns = columns(argument(2, "columns"));
    }
    add_constraint(ledger_, operation_, valid, !check);
  }

  void drop_constraint() {
    operation_.constraint = name_text(argument(0, "constraint_name", false), "the constraint");
    operation_.table = table(1);
    const Object* type = argument(2, "type_");
    std::optional<bool> is_foreign_key;
    if (const auto known = known_text(type)) is_foreign_key = *known == "foreignkey";
    pending::drop_constraint(ledger_, operation_, is_foreign_key);
  }

  void create_table() {
    operation_.table = table(0);
    std::vector<std::string> referred;
    const std::string schema = schema_of();
    bool hides = false;
    for (std::size_t i = 1; i < call_.arguments.size(); ++i) {
      const Object& one = *call_.arguments[i];
      if (const auto column = column_of(one, ledger_)) {
        operation_.columns.push_back(column->name);
        for (const std::string& table : column->referred) {
          add_reference(referred, {column->name}, "", table);
        }
        if (column->index) {
          ledger_.add_index("ix_" + operation_.table + "_" + column->name, operation_.table);
        }
      } else if (one.is(ObjectKind::kConstruct) && last_name(one) == "ForeignKeyConstraint") {
        const Object* targets = one.argument(1, "refcolumns");
        const Object* own = one.argument(0, "columns");
        const std::string name = known_text(one.argument("name")).value_or("");
        const Object* first =
            targets != nullptr && targets->is_sequence() && !targets->items.empty()
                ? targets->items[0].get()
                : nullptr;
        add_reference(referred, own == nullptr ? std::vector<std::string>{} : columns(own), name,
                      referred_table(first, schema));
      }
      hides = hides || one.is_unknown() || hides_items(one);
    }
    if (hides) {
      operation_.notes.push_back(
          "an argument cannot be known: the table that a foreign key in it refers to is locked, "
          "too");
    }
    if (const auto parent = known_text(named("postgresql_inherits"))) {
      ledger_.lock(operation_, *parent, Lock::kShareUpdateExclusive);
    }
    pending::create_table(ledger_, operation_, referred, !call_.conditional);
  }

  void add_reference(std::vector<std::string>& referred, const std::vector<std::string>& own,
                     const std::string& name, const std::string& table) {
    if (table.empty()) {
      operation_.notes.push_back("a table that a foreign key refers to cannot be known");
      return;
    }
    referred.push_back(table);
    ledger_.add_foreign_key(operation_.table, name, own, table);
  }

  void drop_table() {
    operation_.table = table(0);
    pending::drop_table(ledger_, operation_, operation_.table);
    ledger_.drop_table(operation_.table);
  }

  void rename_table() {
    const std::string schema = schema_of();
    operation_.table = qualified(schema, text(argument(0, "old_table_name", false), "the table"));
    operation_.to = text(argument(1, "new_table_name", false), "the new name");
    rename(ledger_, operation_);
    ledger_.rename_table(operation_.table, qualified(schema, operation_.to));
  }

  void bulk_insert() {
    const Object* given = argument(0, "table", false);
    operation_.table = table_of_construct(given);
    if (operation_.table.empty()) throw Unreadable{unknown("the table", given)};
    write_rows(ledger_, operation_);
  }

  // Of sa.table(), sa.Table() and what op.create_table() gave.
  static std::string table_of_construct(const Object* given) {
    if (given != nullptr && given->is(ObjectKind::kClass)) {
      return known_text(given->argument("__tablename__")).value_or("");
    }
    if (given == nullptr || !given->is(ObjectKind::kConstruct)) return "";
    const std::string name = last_name(*given);
    if (name != "table" && name != "Table" && name != "TableClause") return "";
    const auto table = known_text(given->argument(0, "name"));
    if (!table) return "";
    const auto schema = known_text(given->argument("schema"));
    return qualified(schema.value_or(""), *table);
  }

  void comment() {
    operation_.table = table(0);
    instant(ledger_, operation_, Lock::kShareUpdateExclusive);
  }

  void drop_one_column() {
    operation_.table = table(0);
    operation_.columns = {text(argument(1, "column_name"), "the column")};
    drop_column(ledger_, operation_, operation_.columns[0]);
  }

  void dispatch() {
    static const std::map<std::string_view, void (Call::*)()> rules = {
        {"add_column", &Call::add_column},
        {"alter_column", &Call::alter_column},
        {"bulk_insert", &Call::bulk_insert},
        {"create_check_constraint", &Call::create_constraint},
        {"create_exclude_constraint", &Call::create_constraint},
        {"create_foreign_key", &Call::create_foreign_key},
        {"create_index", &Call::create_index},
        {"create_primary_key", &Call::create_constraint},
        {"create_table", &Call::create_table},
        {"create_table_comment", &Call::comment},
        {"create_unique_constraint", &Call::create_constraint},
        {"drop_column", &Call::drop_one_column},
        {"drop_constraint", &Call::drop_constraint},
        {"drop_index", &Call::drop_index},
        {"drop_table", &Call::drop_table},
        {"drop_table_comment", &Call::comment},
        {"rename_table", &Call::rename_table},
    };
    const auto rule = rules.find(call_.name);
    if (rule == rules.end()) throw Unreadable{"op." + call_.name + "(), which has no rule here"};
    (this->*rule->second)();
  }

  std::vector<Operation> execute() {
    const Object* given = argument(0, "sqltext", false);
    if (given == nullptr) given = named("statement");
    if (given == nullptr && !call_.named.empty()) given = call_.named[0].second.get();
    if (given == nullptr) throw Unreadable{"execute without a statement"};
    if (const auto sql = sql_text(*given)) {
      const bool driver =
          given->is(ObjectKind::kText) && argument(1, "parameters", false) != nullptr;
      return operations_of_sql(
          driver ? without_driver_parameters(without_parameters(*sql)) : without_parameters(*sql),
          operation_, ledger_);
    }
    return {core_statement(*given)};
  }

  // users.update().where(...).values(...): the chain leads back to the table.
  Operation core_statement(const Object& statement) {
    const Object* one = &statement;
    std::string verb;
    std::string target;
    for (int depth = 0; depth < 100 && one->is(ObjectKind::kConstruct); ++depth) {
      const std::string name = last_name(*one);
      const bool is_verb = name == "insert" || name == "update" || name == "delete" ||
                           name == "select" || name == "Insert" || name == "Update" ||
                           name == "Delete";
      if (is_verb) {
        verb = ascii_lower(name);
        target = one->base ? table_of_construct(one->base.get())
                           : table_of_construct(one->argument(0, "table"));
        break;
      }
      if (name == "CreateSequence" || name == "DropSequence" || name == "CreateSchema" ||
          name == "DropSchema") {
        Operation operation = operation_;
        const bool creates = name.starts_with("Create");
        operation.command = std::string(creates ? "CREATE " : "DROP ") +
                            (name.ends_with("Schema") ? "SCHEMA" : "SEQUENCE");
        if (!creates) operation.at_least(Severity::kLow);
        if (name == "DropSchema") operation.hazard("drop-schema");
        return operation;
      }
      if (!one->base) break;
      one = one->base.get();
    }
    if (verb.empty()) {
      return opaque(statement.is_unknown() ? "a statement that is " + statement.text
                                           : "a statement that is no literal SQL");
    }
    operation_.command = verb == "insert"   ? "INSERT"
                         : verb == "update" ? "UPDATE"
                         : verb == "delete" ? "DELETE"
                                            : "SELECT";
    if (verb == "select") return operation_;
    if (target.empty()) return opaque("a statement whose table cannot be known");
    operation_.table = target;
    write_rows(ledger_, operation_);
    ledger_.finish(operation_);
    return operation_;
  }

  const UpgradeCall& call_;
  Ledger& ledger_;
  Operation operation_;
};

}  // namespace

std::vector<Operation> operations_of_call(const migrations::UpgradeCall& call, Ledger& ledger) {
  ledger.set_autocommit(call.autocommit);
  if (call.new_transaction) ledger.begin_transaction();
  return Call(call, ledger).read();
}

}  // namespace drift::pending
