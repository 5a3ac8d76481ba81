#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

// Calling what these hold, or a library, changes no database, unless it is given the way to one.
constexpr std::string_view kHarmlessPackages =
    " abc argparse base64 bcrypt binascii bisect boto3 botocore builtins calendar click copy "
    "cryptography csv dataclasses dateutil fractions funcy gzip html http io ipaddress jwt "
    "locale loguru nanoid numbers numpy operator oslo_log oslo_utils pandas passlib "
    "phonenumbers platform pprint pydantic pytz redis requests secrets shapely shortuuid shutil "
    "slugify socket struct structlog tempfile text_unidecode tqdm traceback types ulid unicodedata "
    "unidecode urllib warnings werkzeug yaml zlib ";

// What alembic.op has: https://alembic.sqlalchemy.org/en/latest/ops.html
constexpr std::string_view kOperations =
    " add_column alter_column batch_alter_table bulk_insert create_check_constraint "
    "create_exclude_constraint create_foreign_key create_index create_primary_key create_table "
    "create_table_comment create_unique_constraint drop_column drop_constraint drop_index "
    "drop_table drop_table_comment execute f get_bind get_context inline_literal rename_table ";

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
    {" context ", " get_context ", kHandle, "migration"},
    {" context ", " is_offline_mode ", kBoolean},
    {" context migration ", " execute ", kNone},
    {" migration ", " autocommit_block ", kHandle, "autocommit"},
    {" migration ", " begin_transaction ", kHandle, "transaction"},
    {" dialect url ", " get_backend_name get_dialect ", kText, "postgresql"},
    {" dialect url ", "", kUnknown, "what the dialect says"},
    {" session ", " connection get_bind ", kHandle, "bind"},
    {" session ", kOpen, kHandle, "session"},
    {"", kOpen, kHandle, "bind"},
    {" context migration ", "", kUnknown, "what env.py configures"},
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

bool is_decorated(const Object& function, std::string_view with) {
  const auto is_it = [&](const Expr* one) { return one->text == with; };
  return function.is(kFunction) && std::ranges::any_of(function.statement->decorators, is_it);
}

Ref bound(const Ref& function, const Ref& self) {
  const Ref method = std::make_shared<Object>(*function);
  method->base = self;
  return method;
}

}  // namespace

Ref Interpreter::construct(std::string text, Arguments arguments, Ref base) {
  const Ref made = make_items(kConstruct, std::move(arguments.items), doubts_);
  made->text = std::move(text);
  made->named = std::move(arguments.named);
  made->base = std::move(base);
  made->whole = arguments.whole;
  return made;
}

Ref Interpreter::unread(std::string what, std::string_view gave) {
  opaque(std::move(what));
  return make_unknown(fmt::format("what {} gave", gave), true);
}

Ref Interpreter::call(const Expr& expression) {
  const Ref callee = evaluate(*expression.items[0]);
  Arguments arguments;
  bool placed = true;  // no *x before it that could not be known
  for (std::size_t i = 0; i < expression.names.size(); ++i) {
    const Expr& one = *expression.items[i + 1];
    const bool starred = one.kind == ExprKind::kStarred, unpacked = one.kind == ExprKind::kUnpacked;
    const Ref value = evaluate(starred || unpacked ? *one.items[0] : one);
    spend(starred || unpacked ? 16 + value->items.size() * 16 : 16);
    if (starred) {
      const auto more = elements_of(value);
      placed = placed && more;
      if (placed) arguments.items.insert(arguments.items.end(), more->begin(), more->end());
    } else if (unpacked) {
      arguments.whole = arguments.whole && value->is(kDict);
      for (std::size_t k = 0; value->is(kDict) && k < value->items.size(); k += 2) {
        arguments.named.emplace_back(value->items[k]->text, value->items[k + 1]);
      }
    } else if (placed && expression.names[i].empty()) {
      arguments.items.push_back(value);
    } else {
      arguments.named.emplace_back(expression.names[i], value);
    }
  }
  arguments.whole = arguments.whole && placed;
  if (frame_->scope->module == &*main_) line_ = main_->syntax.line_of(expression.place);
  return call(callee, std::move(arguments));
}

Ref Interpreter::call(const Ref& callee, Arguments arguments) {
  step();
  const std::string& name = callee->text;
  if (callee->is(kFunction)) return call_function(callee, std::move(arguments));
  if (callee->is(kMember)) return call_member(callee, std::move(arguments));
  if (callee->is(kClass)) {
    const bool made_here = attribute(callee, "__init__")->is(kFunction);
    const Ref made = construct(name, made_here ? Arguments() : arguments, callee);
    if (made_here) call(attribute(made, "__init__"), std::move(arguments));
    return made;
  }
  if (callee->is(kSymbol)) {
    const bool builtin = name.starts_with("builtins.");
    const Ref made = builtin ? call_builtin(last_of(name), arguments) : nullptr;
    return made ? made : call_symbol(name, std::move(arguments));
  }
  if (callee->is(kConstruct) && is_listed(last_of(name), " scoped_session sessionmaker ")) {
    return make_object(kHandle, "session");
  }
  const bool unknown = callee->is_unknown();
  const Ref made = construct(name, std::move(arguments), callee);
  if (may_act(callee) || reaches_database(*made)) {
    return unread(unknown ? "a call of " + name : "a call that can reach the database",
                  "an unread call");
  }
  return unknown ? callee : make_unknown("what a call gave");
}

// https://docs.python.org/3/reference/expressions.html#calls
void Interpreter::bind_parameters(const Object& function, Arguments given, Names& names) {
  auto place = given.items.begin();
  for (const Parameter& parameter : function.statement->parameters) {
    Ref& value = names[parameter.name].value;
    const auto named = std::find_if(given.named.begin(), given.named.end(),
                                    [&](const auto& one) { return one.first == parameter.name; });
    if (parameter.kind == Parameter::Kind::kRest && given.whole) {
      value = make_items(kTuple, {std::exchange(place, given.items.end()), given.items.end()});
    } else if (parameter.kind == Parameter::Kind::kNamedRest && given.whole) {
      value = make_object(kDict);
      for (const auto& [name, one] : given.named) insert(*value, {make_text(name), one});
    } else if (parameter.kind == Parameter::Kind::kPlain && place != given.items.end()) {
      value = *place++;
    } else if (named != given.named.end()) {
      value = named->second;
      given.named.erase(named);
    } else if (!given.whole) {
      value = make_unknown("an argument that only a run can tell", true);
    } else if (parameter.fallback != nullptr) {
      const During outside(frame_->scope, function.scope);
      value = evaluate(*parameter.fallback);
    } else {
      // env.py may give upgrade() what it likes; `op` is op.
      const std::string what = fmt::format("the parameter {} of {}", parameter.name, function.text);
      value = parameter.name == "op" ? make_object(kHandle, "op") : make_unknown(what, true);
    }
  }
}

Ref Interpreter::call_function(const Ref& function, Arguments arguments) {
  const Stmt& statement = *function->statement;
  const auto refuse = [&](const char* why) {
    return unread(fmt::format("{}, which {}", function->text, why), function->text + "()");
  };
  constexpr std::size_t kMostCalls = 40;
  if (active_.size() >= kMostCalls) return refuse("calls itself too often");
  // Where only a run can tell how deep it goes: what it does was seen the first time.
  int rounds = 0;
  for (const auto& [active, calls] : active_) {
    if (active != &statement || doubts_ <= 0 || ++rounds < 2) continue;
    if (recorded_.size() > calls) return refuse("calls itself as often as a run tells");
    return make_unknown("what " + function->text + "() gives");
  }
  for (const Expr* decorator : statement.decorators) {
    if (!is_listed(last_of(evaluate(*decorator)->text),
                   " cache classmethod contextmanager lru_cache property staticmethod ")) {
      return refuse("a decorator changes");
    }
  }
  TreeModule* const module = function->scope->module;
  Frame frame{.scope = std::make_shared<Scope>(Scope{.outer = function->scope, .module = module})};
  if (function->base) arguments.items.insert(arguments.items.begin(), function->base);
  bind_parameters(*function, std::move(arguments), frame.scope->names);
  const Syntax::Block& block = module->syntax.block_of(statement);
  if (!block.sound) return refuse("no Python could read");

  const int line = line_, doubts = doubts_, raises = raises_;
  const During inside(frame_, &frame);
  active_.emplace_back(&statement, recorded_.size());
  const Flow flow = block.generator ? maybe(block.body) : run(block.body);
  active_.pop_back();
  line_ = line;
  const bool certain = doubts_ == doubts;
  doubts_ = doubts + raises_ - raises;
  if (block.generator) return make_unknown("what a generator gives", true);
  const std::vector<Ref>& all = frame.returned;
  if (all.empty()) return none();
  const bool only = all.size() == 1 && certain;
  const auto as_first = [&](const Ref& one) { return equal(*all[0], *one).value_or(only); };
  if (flow == Flow::kReturn && std::all_of(all.begin(), all.end(), as_first)) return all[0];
  for (const Ref& one : all) {
    if (one->is(kHandle)) return one;
  }
  return make_unknown("what " + function->text + "() returns", std::ranges::any_of(all, may_act));
}

Ref Interpreter::call_symbol(std::string_view name, Arguments arguments) {
  const std::string_view last = last_of(name), root = name.substr(0, name.find('.'));
  const bool sqlalchemy = root == "sqlalchemy" || root == "sqlmodel", alembic = root == "alembic";
  if (sqlalchemy && last == "Session") return make_object(kHandle, "session");
  if (sqlalchemy && is_listed(last, " Inspector from_engine inspect ")) {
    return make_unknown("what the database holds");
  }
  if (sqlalchemy && is_listed(last, " create_engine engine_from_config ")) {
    return make_unknown("a connection of its own", true);
  }
  if (alembic && last == "Operations") return make_object(kHandle, "op");
  if (alembic && last == "configure") return make_object(kHandle, "migration");
  if ((name == "textwrap.dedent" || name == "inspect.cleandoc") && arguments.items.size() == 1) {
    return arguments.items[0];
  }
  if (name.starts_with("alembic.command") || name == "importlib.import_module" ||
      root == "subprocess" || root == "runpy") {
    return unread(fmt::format("a call of {}", name), name);
  }
  const Ref made = construct(std::string(name), std::move(arguments));
  if (sqlalchemy || alembic || name == "functools.partial") return made;
  const bool given = reaches_database(*made), is_class = last >= "A" && last < "[";
  if (!given && (is_class || is_library(name) || is_listed(root, kHarmlessPackages))) return made;
  if (is_listed(last, " getLogger get_logger setup_logger ")) return made;
  return unread(fmt::format("a call of {}{}", name,
                            given ? " that can reach the database" : ", which is not in the tree"),
                name);
}

Ref Interpreter::call_member(const Ref& member, Arguments arguments) {
  const Ref& base = member->base;
  const std::string& name = member->text;
  if (base->is(kText)) return text_method(*base, name, arguments);
  if (base->is_sequence() || base->is(kDict)) return container_method(base, name, arguments);
  if (base->is(kHandle)) return call_handle(base, name, std::move(arguments));
  if (base->is(kBatch)) return call_operation(name, std::move(arguments), base);
  const Ref made = construct("." + name, std::move(arguments));
  const bool given = reaches_database(*made);
  made->base = base;
  const std::string_view kind = last_of(base->text);
  if (given && base->is(kConstruct) && (name == "create" || name == "drop") && kind != "MetaData") {
    // Another type or a sequence of its own: no table waits for it.
    if (kind == "Table" || kind == "table") record(name + "_table", *base, nullptr);
    return none();
  }
  if (given && !is_listed(name, " bind_processor compile has_table reflect ")) {
    return unread(fmt::format("a call of {}() that can reach the database", name), name + "()");
  }
  if (base->is(kClass)) return make_unknown("what " + name + "() gave");
  if (name == "update" || name == "delete") {
    bool queries = false;
    for (const Object* one = base.get(); one != nullptr; one = one->base.get()) {
      queries = queries || one->text == (one->is(kMember) ? "query" : "session.query");
    }
    if (queries) {
      opaque("rows written through the ORM: session.query()..." + name + "()");
    }
  }
  return made;
}

bool reaches_database(const Object& object, int depth, int* left) {
  int most = 5000, &n = left != nullptr ? *left : most;
  if (object.is(kHandle) || object.is(kBatch)) return !is_listed(object.text, " dialect url ");
  if (object.is(kFunction) || --n < 0) return true;
  // Deeper than that lie parts of an expression of SQL.
  constexpr int kMaxDepth = 8;
  if (object.is(kModule) || object.is(kClass) || depth > kMaxDepth) return false;
  const auto reaches = [&](const Ref& one) { return one && reaches_database(*one, depth + 1, &n); };
  const auto named = [&](const auto& one) { return reaches(one.second); };
  return std::ranges::any_of(object.items, reaches) || std::ranges::any_of(object.named, named) ||
         reaches(object.base);
}

bool may_act(const Ref& value) {
  return (value->is_unknown() && value->foreign) || value->is(kClass) || value->is(kModule) ||
         (value->is(kSymbol) && !is_library(value->text)) || value->is_instance() ||
         reaches_database(*value);
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
  for (const Ref& one : arguments.items) spend(4 * one->text.size() + 64);
  UpgradeCall& call = recorded_.emplace_back();
  if (!arguments.whole) call.reason = name + " with arguments that only a run can tell";
  call.name = arguments.whole ? std::move(name) : "";
  call.arguments = std::move(arguments.items);
  call.named = std::move(arguments.named);
  call.batch = batch;
  call.line = line_;
  call.conditional = doubts_ > 0;
  call.autocommit = autocommit_;
  call.new_transaction = std::exchange(fresh_transaction_, false);
}

Ref Interpreter::attribute(const Ref& of, std::string_view name) {
  step();
  switch (of->kind) {
    case kUnknown: return of;
    case kModule: return imported(*main_, of->text, name);
    case kHandle: {
      const Ref known = of->text == "op" ? nullptr : first_of(kAttributes, of->text, name);
      return known ? known : make_member(of, name);
    }
    case kFunction: return make_unknown("an attribute of a function", true);
    case kSymbol: {
      const std::string whole = dotted(of->text, name);
      spend(whole.size());
      // `import app.helpers` binds `app`; what lies below it may be in the tree.
      return of->foreign ? imported(*main_, of->text, name) : outside(whole);
    }
    case kClass: {
      if (const Ref value = value_of(*of->scope, name)) {
        // Of the bases of an enumeration Python wants the one that makes it one last.
        const std::string_view base = of->items.empty() ? "" : last_of(of->items.back()->text);
        if (is_decorated(*value, "classmethod")) return bound(value, of);
        if (!value->is(kText) || !(base.ends_with("Enum") || base.ends_with("Flag"))) return value;
        return construct("enum.member", {.named = {{"value", value}, {"name", make_text(name)}}},
                         of);
      }
      if (name == "__table__") return of;
      for (const Ref& base : of->items) {
        if (!base->is(kClass) || base == of) continue;
        const Ref found = attribute(base, name);
        return is_decorated(*found, "classmethod") ? bound(found, of) : found;
      }
      return make_member(of, name);
    }
    case kConstruct: {
      const bool made_here = of->is_instance();
      for (const auto& [known, value] : of->named) {
        if (known == name && (made_here || name == "name")) return value;
      }
      const Ref found = made_here ? attribute(of->base, name) : nullptr;
      if (!found || found->is(kMember)) return make_member(of, name);
      if (is_decorated(*found, "property")) return call_function(bound(found, of), {});
      const bool plain = found->is(kFunction) && !found->base;
      if (plain && !is_decorated(*found, "staticmethod")) return bound(found, of);
      // What it was made with may stand for it.
      const bool given = !found->is(kFunction) && (!of->items.empty() || !of->whole);
      return given ? make_unknown("what an object was made with", true) : found;
    }
    default: return make_member(of, name);
  }
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
  if (name == "f" && !arguments.items.empty()) return arguments.items[0];
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
