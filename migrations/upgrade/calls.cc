#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

// Calling what these hold changes no database, unless it is given the way to one.
constexpr std::string_view kHarmlessPackages =
    " abc alembic argparse base64 bcrypt binascii bisect boto3 botocore builtins calendar click "
    "collections contextlib copy cryptography csv dataclasses datetime dateutil decimal enum "
    "fractions functools funcy geoalchemy2 gzip hashlib html http inspect io ipaddress itertools "
    "json jwt locale logging loguru math nanoid numbers numpy operator os oslo_log oslo_utils "
    "pandas passlib pathlib pgvector phonenumbers platform pprint pydantic pytz random re redis "
    "requests secrets shortuuid shutil slugify socket sqlalchemy sqlalchemy_utils string struct "
    "structlog sys tempfile textwrap time tqdm traceback types typing ulid unicodedata urllib "
    "uuid warnings werkzeug yaml zlib ";

std::string_view root_of(std::string_view name) { return name.substr(0, name.find('.')); }

bool is_class_name(std::string_view name) {
  const std::string_view last = last_of(name);
  return !last.empty() && last[0] >= 'A' && last[0] <= 'Z';
}

}  // namespace

bool Interpreter::Arguments::reach_database() const {
  return std::any_of(places.begin(), places.end(),
                     [](const Ref& one) { return reaches_database(*one); }) ||
         std::any_of(named.begin(), named.end(),
                     [](const auto& one) { return reaches_database(*one.second); });
}

Ref Interpreter::construct(std::string text, Arguments arguments, Ref base) {
  const Ref made = make_items(ObjectKind::kConstruct, std::move(arguments.places));
  made->text = std::move(text);
  made->named = std::move(arguments.named);
  made->base = std::move(base);
  if (!arguments.whole) made->named.emplace_back("*", none());
  return made;
}

Ref Interpreter::unread(std::string what, std::string_view gave) {
  opaque(std::move(what));
  return make_unknown(fmt::format("what {} gave", gave), true);
}

Interpreter::Arguments Interpreter::arguments_of(const Expr& call) {
  Arguments arguments;
  for (std::size_t i = 0; i < call.names.size(); ++i) {
    const Expr& one = *call.items[i + 1];
    spend(16);
    if (one.kind == ExprKind::kStarred) {
      if (const auto more = elements_of(evaluate(*one.items[0]))) {
        spend(more->size() * 16);
        arguments.places.insert(arguments.places.end(), more->begin(), more->end());
      } else {
        arguments.whole = false;
      }
    } else if (one.kind == ExprKind::kUnpacked) {
      const Ref more = evaluate(*one.items[0]);
      arguments.whole = arguments.whole && more->is(ObjectKind::kDict);
      for (std::size_t k = 0; more->is(ObjectKind::kDict) && k + 1 < more->items.size(); k += 2) {
        spend(16);
        arguments.named.emplace_back(more->items[k]->text, more->items[k + 1]);
      }
    } else if (!call.names[i].empty()) {
      arguments.named.emplace_back(call.names[i], evaluate(one));
    } else {
      arguments.places.push_back(evaluate(one));
    }
  }
  return arguments;
}

Ref Interpreter::call(const Expr& expression) {
  const Ref callee = evaluate(*expression.items[0]);
  Arguments arguments = arguments_of(expression);
  if (frame_->scope->module == &*main_) line_ = main_->syntax.line_of(expression.place);
  return call(callee, std::move(arguments));
}

Ref Interpreter::call(const Ref& callee, Arguments arguments) {
  step();
  switch (callee->kind) {
    case ObjectKind::kFunction: return call_function(callee, std::move(arguments));
    case ObjectKind::kSymbol: {
      if (callee->text.starts_with("builtins.")) {
        if (const Ref made = call_builtin(last_of(callee->text), arguments)) return made;
      }
      return call_symbol(callee->text, std::move(arguments));
    }
    case ObjectKind::kMember: return call_member(callee, std::move(arguments));
    case ObjectKind::kClass: {
      return construct(callee->text, std::move(arguments), callee);
    }
    case ObjectKind::kConstruct: {
      if (callee->text.ends_with("sessionmaker") || callee->text.ends_with("scoped_session")) {
        return handle("session");
      }
      if (callee->text == "functools.partial" && !callee->items.empty()) {
        Arguments all;
        all.places.assign(callee->items.begin() + 1, callee->items.end());
        all.places.insert(all.places.end(), arguments.places.begin(), arguments.places.end());
        all.named = callee->named;
        all.named.insert(all.named.end(), arguments.named.begin(), arguments.named.end());
        all.whole = arguments.whole;
        return call(callee->items[0], std::move(all));
      }
      break;
    }
    default: break;
  }
  const bool unknown = callee->is_unknown();
  if ((unknown && callee->foreign) || arguments.reach_database()) {
    opaque(unknown ? "a call of " + callee->text : "a call that is given the connection");
    return make_unknown("what an unread call gave", true);
  }
  return make_unknown(unknown ? callee->text : "what a call gave");
}

// https://docs.python.org/3/reference/expressions.html#calls
Ref Interpreter::call_function(const Ref& function, Arguments arguments) {
  const Stmt& statement = *function->statement;
  const auto refuse = [&](const char* why) {
    opaque(fmt::format("{}, which {}", function->text, why));
    return make_unknown("what " + function->text + "() gave", true);
  };
  constexpr int kMostCalls = 40;
  if (calls_ >= kMostCalls) return refuse("calls itself too often");
  // Where only a run can tell how deep it goes: what it does was seen the first time.
  int rounds = 0;
  for (const Active& one : active_) {
    if (one.function != &statement || doubts_ == 0 || ++rounds < 2) continue;
    if (reading_.calls.size() > one.calls) return refuse("calls itself as often as a run tells");
    return make_unknown("what " + function->text + "() gives");
  }
  for (const Expr* decorator : statement.decorators) {
    const Ref made = evaluate(*decorator);
    const std::string_view name = last_of(made->text);
    const bool harmless = name == "staticmethod" || name == "contextmanager" ||
                          name == "lru_cache" || name == "cache" || name == "property" ||
                          name == "classmethod";
    if (!harmless) return refuse("a decorator changes");
  }
  const auto scope = std::make_shared<Scope>();
  scope->outer = function->scope;
  scope->module = function->scope->module;
  if (function->base) arguments.places.insert(arguments.places.begin(), function->base);

  std::size_t next = 0;
  std::vector<bool> taken(arguments.named.size(), false);
  for (const Parameter& parameter : statement.parameters) {
    Ref value;
    if (parameter.kind == Parameter::Kind::kRest) {
      value = make_object(ObjectKind::kTuple);
      for (; next < arguments.places.size(); ++next) value->items.push_back(arguments.places[next]);
    } else if (parameter.kind == Parameter::Kind::kNamedRest) {
      value = make_object(ObjectKind::kDict);
      for (std::size_t i = 0; i < arguments.named.size(); ++i) {
        if (taken[i]) continue;
        value->items.push_back(make_text(arguments.named[i].first));
        value->items.push_back(arguments.named[i].second);
      }
    } else {
      if (parameter.kind == Parameter::Kind::kPlain && next < arguments.places.size()) {
        value = arguments.places[next++];
      }
      for (std::size_t i = 0; i < arguments.named.size() && !value; ++i) {
        if (arguments.named[i].first != parameter.name) continue;
        value = arguments.named[i].second;
        taken[i] = true;
      }
      if (!arguments.whole && !value) {
        value = make_unknown("an argument that only a run can tell");
      } else if (!value && parameter.fallback != nullptr) {
        const std::shared_ptr<Scope> outer = std::exchange(frame_->scope, function->scope);
        value = evaluate(*parameter.fallback);
        frame_->scope = outer;
      } else if (!value) {
        // env.py may give upgrade() what it likes; `op` is op.
        value =
            parameter.name == "op"
                ? handle("op")
                : make_unknown(
                      fmt::format("the parameter {} of {}", parameter.name, function->text), true);
      }
    }
    scope->names[parameter.name].value = value;
  }

  const Syntax::Block& block = scope->module->syntax.block_of(statement);
  if (!block.sound) return refuse("no Python could read");

  Frame frame;
  frame.scope = scope;
  const int line = line_;
  const int doubts = doubts_;
  Frame* const outer = std::exchange(frame_, &frame);
  ++calls_;
  active_.push_back({&statement, reading_.calls.size()});
  const Flow flow = block.generator ? maybe(block.body) : run(block.body);
  active_.pop_back();
  --calls_;
  frame_ = outer;
  doubts_ = doubts;
  if (scope->module != &*main_ || (frame_ != nullptr && frame_->scope->module != &*main_)) {
    line_ = line;
  }
  if (block.generator) return make_unknown("what a generator gives");
  const bool unsure = frame.function.left > 0;
  if (frame.returned.empty()) return none();
  const Ref& first = frame.returned.front();
  if (!unsure && frame.returned.size() == 1 && flow == Flow::kReturn) return first;
  const bool all_equal =
      std::all_of(frame.returned.begin(), frame.returned.end(),
                  [&](const Ref& one) { return equal(*first, *one).value_or(false); });
  if (all_equal && flow == Flow::kReturn) return first;
  for (const Ref& one : frame.returned) {
    if (reaches_database(*one)) return one;
  }
  return make_unknown("what " + function->text + "() returns");
}

Ref Interpreter::call_symbol(const std::string& name, Arguments arguments) {
  const std::string_view last = last_of(name);
  const auto construct = [&] { return this->construct(name, std::move(arguments)); };
  const std::string_view root = root_of(name);
  if (root == "sqlalchemy" || root == "sqlmodel") {
    if (last == "Session") return handle("session");
    if (last == "inspect" || last == "Inspector" || last == "from_engine") {
      return make_unknown("what the database holds");
    }
    if (last == "create_engine" || last == "engine_from_config") {
      return make_unknown("a connection of its own", true);
    }
    return construct();
  }
  if (root == "alembic") {
    if (last == "Operations") return handle("op");
    if (last == "configure" && name.find("MigrationContext") != std::string::npos) {
      return handle("migration");
    }
    if (name.starts_with("alembic.command")) {
      opaque("a call of " + name);
      return make_unknown("what " + name + " gave", true);
    }
    return construct();
  }
  if ((name == "textwrap.dedent" || name == "inspect.cleandoc") && arguments.places.size() == 1) {
    return arguments.places[0];
  }
  if (name == "importlib.import_module" || name.starts_with("subprocess.") ||
      name.starts_with("runpy.")) {
    opaque("a call of " + name);
    return make_unknown("what " + name + " gave", true);
  }
  const bool given = arguments.reach_database();
  const bool logger = last == "getLogger" || last == "get_logger" || last == "setup_logger";
  if (name == "functools.partial" || logger) return construct();
  if (given || (!is_listed(root_of(name), kHarmlessPackages) && !is_class_name(name))) {
    opaque(given ? fmt::format("a call of {} that is given the connection", name)
                 : fmt::format("a call of {}, which is not in the tree", name));
    return make_unknown("what " + name + " gave", true);
  }
  return construct();
}

Ref Interpreter::call_member(const Ref& member, Arguments arguments) {
  const Ref& base = member->base;
  const std::string& name = member->text;
  switch (base->kind) {
    case ObjectKind::kText: return text_method(*base, name, arguments);
    case ObjectKind::kList:
    case ObjectKind::kTuple:
    case ObjectKind::kSet:
    case ObjectKind::kDict: return container_method(base, name, arguments);
    case ObjectKind::kHandle: return call_handle(base, name, std::move(arguments));
    case ObjectKind::kBatch: return call_operation(name, std::move(arguments), base);
    default: break;
  }
  const bool given = arguments.reach_database();
  if (given && base->is(ObjectKind::kConstruct)) {
    const std::string_view made = last_of(base->text);
    const bool changes = name == "create" || name == "drop";
    if (changes && (made == "Table" || made == "table")) {
      arguments.places.assign(base->items.begin(), base->items.end());
      arguments.named = base->named;
      record(name + "_table", std::move(arguments), nullptr);
      return none();
    }
    // A type or a sequence of its own; no table waits for it.
    if (changes && made != "MetaData") return none();
    if (name == "reflect" || name == "has_table" || name == "bind_processor" || name == "compile") {
      return make_unknown("what the database holds");
    }
  }
  if (given && name != "has_table") {
    opaque(fmt::format("a call of {}() that is given the connection", name));
    return make_unknown("what " + name + "() gave", true);
  }
  if (base->is(ObjectKind::kClass)) return make_unknown("what " + name + "() gave");
  if (name == "update" || name == "delete") {
    const Object* root = base.get();
    for (int depth = 0; depth < 100 && root->base; ++depth) root = root->base.get();
    if (root->text == "session.query") {
      opaque("rows written through the ORM: session.query()..." + name + "()");
    }
  }
  return construct("." + name, std::move(arguments), base);
}

}  // namespace drift::migrations
