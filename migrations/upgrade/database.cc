#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

// What leads to the database: op, its context, connections and sessions.
// https://alembic.sqlalchemy.org/en/latest/ops.html

namespace drift::migrations {
namespace {

constexpr std::string_view kOperations =
    " add_column alter_column bulk_insert create_check_constraint create_exclude_constraint "
    "create_foreign_key create_index create_primary_key create_table create_table_comment "
    "create_unique_constraint drop_column drop_constraint drop_index drop_table "
    "drop_table_comment execute rename_table ";

bool is_any(std::string_view name, std::initializer_list<std::string_view> of) {
  return std::find(of.begin(), of.end(), name) != of.end();
}

// Sessions and what they give write rows by these.
bool writes_through_orm(std::string_view name) {
  return is_any(name, {"add", "add_all", "delete", "merge", "bulk_save_objects",
                       "bulk_insert_mappings", "bulk_update_mappings", "query", "exec"});
}

}  // namespace

Ref Interpreter::handle(std::string what) {
  return make_object(ObjectKind::kHandle, std::move(what));
}

void Interpreter::opaque(std::string reason) {
  if (!recording_) return;
  // One place that is read many times is one thing to say.
  if (!told_.emplace(line_, reason).second) return;
  record("", {}, nullptr);
  reading_.calls.back().reason = std::move(reason);
}

void Interpreter::record(std::string name, Arguments arguments, const Ref& batch) {
  if (!recording_) return;
  step(10);
  // Whoever reads the SQL takes its time and memory, too.
  for (const Ref& one : arguments.places) spend(4 * one->text.size() + 64);
  UpgradeCall& call = reading_.calls.emplace_back();
  call.name = std::move(name);
  call.arguments = std::move(arguments.places);
  call.named = std::move(arguments.named);
  call.batch = batch;
  call.line = line_;
  call.conditional = doubts_ > 0;
  call.autocommit = autocommit_;
  call.new_transaction = std::exchange(fresh_transaction_, false);
  if (arguments.whole || call.name.empty()) return;
  call.reason = call.name + " with arguments that only a run can tell";
  call.name.clear();
}

Ref Interpreter::handle_attribute(const Ref& of, std::string_view name) {
  const std::string& what = of->text;
  if (name == "dialect" && what != "op") return handle("dialect");
  if (is_any(name, {"bind", "connection"}) && is_any(what, {"session", "migration"})) {
    return what == "session" && name == "connection" ? [&] {
      const Ref made = make_object(ObjectKind::kMember, "connection");
      made->base = of;
      return made;
    }()
                                                     : handle("bind");
  }
  if (is_any(what, {"dialect", "engine"}) && name == "name") return make_text("postgresql");
  if (what == "engine" && name == "url") return handle("url");
  if (what == "bind" && name == "engine") return handle("engine");
  if (what == "url" && name == "drivername") return make_text("postgresql");
  if (what == "migration" && name == "as_sql") return make_boolean(false);
  // env.py may set one; where it does, its project's tables are in that schema by the search path
  // or by a name that is not in the tree.
  if (what == "migration" && name == "version_table_schema") return none();
  if (what == "migration" && is_any(name, {"opts", "config", "script", "impl"})) {
    return make_unknown("what env.py configures");
  }
  if (what == "context" && is_any(name, {"config", "script"})) {
    return make_unknown("what env.py configures");
  }
  if (is_any(what, {"dialect", "url"}) &&
      is_any(name, {"server_version_info", "driver", "host", "database", "username", "port"})) {
    return make_unknown("what the database says");
  }
  const Ref made = make_object(ObjectKind::kMember, std::string(name));
  made->base = of;
  return made;
}

Ref Interpreter::call_handle(const Ref& of, std::string_view name, Arguments arguments) {
  const std::string& what = of->text;
  if (what == "op") return call_operation(name, std::move(arguments), nullptr);
  if (what == "context") {
    if (name == "get_bind") return handle("bind");
    if (name == "get_context") return handle("migration");
    if (name == "is_offline_mode") return make_boolean(false);
    if (name == "execute") {
      record("execute", std::move(arguments), nullptr);
      return none();
    }
    return make_unknown("what env.py configures");
  }
  if (what == "migration") {
    if (name == "autocommit_block") return handle("autocommit");
    if (name == "begin_transaction") return handle("transaction");
    if (name == "execute") {
      record("execute", std::move(arguments), nullptr);
      return none();
    }
    return make_unknown("what the migration context says");
  }
  if (what == "dialect" || what == "url") {
    if (name == "get_backend_name" || name == "get_dialect") return make_text("postgresql");
    if (is_any(name, {"quote", "quote_identifier"}) && !arguments.places.empty()) {
      return arguments.places[0];
    }
    return make_unknown("what the dialect says");
  }
  if (is_any(name, {"execute", "exec_driver_sql", "scalar", "scalars"})) {
    record("execute", std::move(arguments), nullptr);
    return make_unknown("what the database answers");
  }
  if (is_any(name, {"connect", "begin", "begin_nested", "execution_options", "connection",
                    "get_bind", "raw_connection", "cursor", "session", "__enter__"})) {
    return handle(what == "session" && !is_any(name, {"connection", "get_bind"}) ? "session"
                                                                                 : "bind");
  }
  if (is_any(name,
             {"commit", "close", "flush", "rollback", "expire_all", "refresh", "in_transaction",
              "expunge_all", "__exit__", "get_transaction", "info", "expire"})) {
    return make_unknown("what the connection says");
  }
  if (what == "session" && writes_through_orm(name)) {
    if (name == "query") {
      // A question, until .update() or .delete() is asked of it; then it writes rows.
      const Ref made = make_object(ObjectKind::kConstruct, "session.query");
      made->items = std::move(arguments.places);
      return made;
    }
    opaque("rows written through the ORM: session." + std::string(name) + "()");
    return make_unknown("what the session gives");
  }
  if (is_any(name, {"get", "no_autoflush", "fetchall", "fetchone", "get_isolation_level"})) {
    return make_unknown("what the database answers");
  }
  opaque("a call of " + what + "." + std::string(name) + "()");
  return make_unknown("what " + what + "." + std::string(name) + "() gives", true);
}

Ref Interpreter::call_operation(std::string_view name, Arguments arguments, const Ref& batch) {
  if (name == "f" && !arguments.places.empty()) return arguments.places[0];
  if (name == "get_bind") return handle("bind");
  if (name == "get_context") return handle("migration");
  if (name == "inline_literal") {
    const Ref made = make_object(ObjectKind::kConstruct, "alembic.inline_literal");
    made->items = std::move(arguments.places);
    return made;
  }
  if (name == "batch_alter_table") {
    const Ref made = make_object(ObjectKind::kBatch);
    made->items = std::move(arguments.places);
    made->named = std::move(arguments.named);
    if (!arguments.whole) opaque("batch_alter_table with arguments that only a run can tell");
    return made;
  }
  if (!is_listed(name, kOperations)) {
    opaque((batch ? "batch_op." : "op.") + std::string(name) + "(), which is not Alembic's");
    return make_unknown("what op." + std::string(name) + "() gives");
  }
  Ref result = none();
  if (name == "create_table") {
    result = make_object(ObjectKind::kConstruct, "sqlalchemy.Table");
    result->items = arguments.places;
    result->named = arguments.named;
  }
  record(std::string(name), std::move(arguments), batch);
  return result;
}

}  // namespace drift::migrations
