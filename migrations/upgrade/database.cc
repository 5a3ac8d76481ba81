#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "migrations/upgrade/interpreter.h"

// What leads to the database: op, its context, connections and sessions.
// https://alembic.sqlalchemy.org/en/latest/ops.html

namespace drift::migrations {
namespace {

// What alembic.op has.
constexpr std::string_view kOperations =
    " add_column alter_column batch_alter_table bulk_insert create_check_constraint "
    "create_exclude_constraint create_foreign_key create_index create_primary_key create_table "
    "create_table_comment create_unique_constraint drop_column drop_constraint drop_index "
    "drop_table drop_table_comment execute f get_bind get_context inline_literal rename_table ";
// What migrations take by `from sqlalchemy import *` beside classes.
constexpr std::string_view kFunctions = " and_ func not_ null or_ select text true false ";

// What an attribute of a handle is, or what calling it gives.
struct Answer {
  std::string_view handles, names;  // "" for all
  ObjectKind kind;
  const char* text = "";
};

constexpr Answer kAttributes[] = {
    {"", " dialect ", kHandle, "dialect"},
    {" session migration ", " bind ", kHandle, "bind"},
    {" migration ", " connection ", kHandle, "bind"},
    {" bind ", " engine ", kHandle, "engine"},
    {" engine ", " url ", kHandle, "url"},
    {" dialect engine ", " name ", kText, "postgresql"},
    {" url ", " drivername ", kText, "postgresql"},
    {" migration ", " as_sql ", kBoolean},
    // env.py may set one; where it does, its project's tables are in that schema by the search path
    // or by a name that is not in the tree.
    {" migration ", " version_table_schema ", kNone},
    {" migration context ", " opts config script impl ", kUnknown, "what env.py configures"},
};

constexpr std::string_view kExecute = " execute exec_driver_sql scalar scalars ";
constexpr std::string_view kOpen =
    " __enter__ begin begin_nested connect connection cursor execution_options get_bind "
    "raw_connection session ";

constexpr Answer kMethods[] = {
    {" context ", " get_bind ", kHandle, "bind"},
    {" context ", " get_context ", kHandle, "migration"},
    {" context ", " is_offline_mode ", kBoolean},
    {" context migration ", " execute ", kNone},
    {" migration ", " autocommit_block ", kHandle, "autocommit"},
    {" migration ", " begin_transaction ", kHandle, "transaction"},
    {" context migration ", "", kUnknown, "what env.py configures"},
    {" dialect url ", " get_backend_name get_dialect ", kText, "postgresql"},
    {" dialect url ", "", kUnknown, "what the dialect says"},
    {" session ", " connection get_bind ", kHandle, "bind"},
    {" session ", kOpen, kHandle, "session"},
    {"", kOpen, kHandle, "bind"},
    {"",
     " __exit__ close commit expire expire_all expunge_all flush get_transaction in_transaction "
     "info refresh rollback ",
     kUnknown, "what the connection says"},
    {"", kExecute, kUnknown, "what the database answers"},
    {"", " fetchall fetchone get get_isolation_level ", kUnknown, "what the database answers"},
};

// Sessions write rows by these.
constexpr std::string_view kOrmWrites =
    " add add_all bulk_insert_mappings bulk_save_objects bulk_update_mappings delete exec merge ";

// The first answer of `answers`; null where there is none.
Ref first_of(std::span<const Answer> answers, std::string_view handle, std::string_view name) {
  for (const Answer& one : answers) {
    const bool of_it = one.handles.empty() || is_listed(handle, one.handles);
    const bool is_it = one.names.empty() || is_listed(name, one.names);
    if (of_it && is_it) return make_object(one.kind, one.text);
  }
  return nullptr;
}

}  // namespace

bool reaches_database(const Object& object, int depth) {
  if (object.is(kHandle) || object.is(kBatch)) return !is_listed(object.text, " dialect url ");
  // Deeper than that lie parts of an expression of SQL.
  constexpr int kMaxDepth = 8;
  if (object.is(kModule) || object.is(kFunction) || depth > kMaxDepth) return false;
  const auto reaches = [&](const Ref& one) { return one && reaches_database(*one, depth + 1); };
  return std::any_of(object.items.begin(), object.items.end(), reaches) ||
         std::any_of(object.named.begin(), object.named.end(),
                     [&](const auto& one) { return reaches(one.second); }) ||
         reaches(object.base);
}

Ref Interpreter::outside(const std::string& name) {
  if (name == "alembic.op" || name == "alembic.context")
    return make_object(kHandle, name.substr(8));
  const std::string package = name.substr(0, name.rfind('.'));
  if (package == "alembic.op" || package == "alembic.context") {
    return attribute(outside(package), last_of(name));
  }
  return Evaluator::outside(name);
}

Ref Interpreter::undefined(std::string_view name) {
  TreeModule& module = *frame_->scope->module;
  const bool is_class = name[0] >= 'A' && name[0] <= 'Z';
  const bool taken = module.star == "alembic.op" ? is_listed(name, kOperations)
                                                 : is_class || is_listed(name, kFunctions);
  if (taken && !module.star.empty()) return imported(module, module.star, name);
  return make_object(kSymbol, dotted("builtins", name));
}

void Interpreter::opaque(std::string reason) {
  // One place that is read many times is one thing to say.
  if (!recording_ || !told_.emplace(line_, reason).second) return;
  record("", {}, nullptr);
  recorded_.back().reason = std::move(reason);
}

void Interpreter::record(std::string name, Arguments arguments, const Ref& batch) {
  if (!recording_) return;
  step(10);
  // Whoever reads the SQL takes its time and memory, too.
  for (const Ref& one : arguments.places) spend(4 * one->text.size() + 64);
  UpgradeCall& call = recorded_.emplace_back();
  if (!arguments.whole) call.reason = name + " with arguments that only a run can tell";
  call.name = arguments.whole ? std::move(name) : "";
  call.arguments = std::move(arguments.places);
  call.named = std::move(arguments.named);
  call.batch = batch;
  call.line = line_;
  call.conditional = doubts_ > 0;
  call.autocommit = autocommit_;
  call.new_transaction = std::exchange(fresh_transaction_, false);
}

Ref Interpreter::handle_attribute(const Ref& of, std::string_view name) {
  const Ref known = of->text == "op" ? nullptr : first_of(kAttributes, of->text, name);
  return known ? known : make_member(of, name);
}

Ref Interpreter::call_handle(const Ref& of, std::string_view name, Arguments arguments) {
  const std::string& what = of->text;
  if (what == "op") return call_operation(name, std::move(arguments), nullptr);
  // A question, until .update() or .delete() is asked of it; then it writes rows.
  if (what == "session" && name == "query") return construct("session.query", std::move(arguments));
  if (what == "session" && is_listed(name, kOrmWrites)) {
    opaque(fmt::format("rows written through the ORM: session.{}()", name));
    return make_unknown("what the session gives");
  }
  const Ref known = first_of(kMethods, what, name);
  const std::string method = fmt::format("{}.{}()", what, name);
  if (!known) return unread("a call of " + method, method);
  if (is_listed(name, kExecute)) record("execute", std::move(arguments), nullptr);
  return known;
}

Ref Interpreter::call_operation(std::string_view name, Arguments arguments, const Ref& batch) {
  if (name == "f" && !arguments.places.empty()) return arguments.places[0];
  if (name == "get_bind" || name == "get_context") return first_of(kMethods, "context", name);
  if (name == "inline_literal") return construct("alembic.inline_literal", std::move(arguments));
  if (name == "batch_alter_table") {
    if (!arguments.whole) opaque("batch_alter_table with arguments that only a run can tell");
    const Ref made = construct({}, std::move(arguments));
    made->kind = kBatch;
    return made;
  }
  if (!is_listed(name, kOperations)) {
    opaque(fmt::format("{}op.{}(), which is not Alembic's", batch ? "batch_" : "", name));
    return make_unknown(fmt::format("what op.{}() gives", name));
  }
  const Ref result = name == "create_table" ? construct("sqlalchemy.Table", arguments) : none();
  record(std::string(name), std::move(arguments), batch);
  return result;
}

}  // namespace drift::migrations
