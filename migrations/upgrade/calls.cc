#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

// Calling what these hold, or a library, changes no database, unless it is given the way to one.
constexpr std::string_view kHarmlessPackages =
    " abc argparse base64 bcrypt binascii bisect boto3 botocore builtins calendar click copy "
    "cryptography csv dataclasses dateutil fractions funcy gzip html http io ipaddress jwt "
    "locale loguru nanoid numbers numpy operator oslo_log oslo_utils pandas passlib "
    "phonenumbers platform pprint pydantic pytz redis requests secrets shortuuid shutil slugify "
    "socket struct structlog tempfile text_unidecode tqdm traceback types ulid unicodedata "
    "unidecode urllib warnings werkzeug yaml zlib ";

}  // namespace

Ref Interpreter::construct(std::string text, Arguments arguments, Ref base) {
  const Ref made = make_items(kConstruct, std::move(arguments.places));
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

Ref Interpreter::call(const Expr& expression) {
  const Ref callee = evaluate(*expression.items[0]);
  Arguments arguments;
  for (std::size_t i = 0; i < expression.names.size(); ++i) {
    const Expr& one = *expression.items[i + 1];
    const bool starred = one.kind == ExprKind::kStarred, unpacked = one.kind == ExprKind::kUnpacked;
    const Ref value = evaluate(starred || unpacked ? *one.items[0] : one);
    spend(starred || unpacked ? 16 + value->items.size() * 16 : 16);
    if (starred) {
      const auto more = elements_of(value);
      arguments.whole = arguments.whole && more;
      if (more) arguments.places.insert(arguments.places.end(), more->begin(), more->end());
    } else if (unpacked) {
      arguments.whole = arguments.whole && value->is(kDict);
      for (std::size_t k = 0; value->is(kDict) && k < value->items.size(); k += 2) {
        arguments.named.emplace_back(value->items[k]->text, value->items[k + 1]);
      }
    } else if (!expression.names[i].empty()) {
      arguments.named.emplace_back(expression.names[i], value);
    } else {
      arguments.places.push_back(value);
    }
  }
  if (frame_->scope->module == &*main_) line_ = main_->syntax.line_of(expression.place);
  return call(callee, std::move(arguments));
}

Ref Interpreter::call(const Ref& callee, Arguments arguments) {
  step();
  const std::string& name = callee->text;
  const bool constructed = callee->is(kConstruct);
  if (callee->is(kFunction)) return call_function(callee, std::move(arguments));
  if (callee->is(kMember)) return call_member(callee, std::move(arguments));
  if (callee->is(kClass)) return construct(name, std::move(arguments), callee);
  if (callee->is(kSymbol)) {
    const bool builtin = name.starts_with("builtins.");
    const Ref made = builtin ? call_builtin(last_of(name), arguments) : nullptr;
    return made ? made : call_symbol(name, std::move(arguments));
  }
  if (constructed && (name.ends_with("sessionmaker") || name.ends_with("scoped_session"))) {
    return make_object(kHandle, "session");
  }
  if (constructed && name == "functools.partial" && !callee->items.empty()) {
    arguments.places.insert(arguments.places.begin(), callee->items.begin() + 1,
                            callee->items.end());
    arguments.named.insert(arguments.named.begin(), callee->named.begin(), callee->named.end());
    return call(callee->items[0], std::move(arguments));
  }
  const bool unknown = callee->is_unknown();
  if ((unknown && callee->foreign) || reaches_database(*construct(name, std::move(arguments)))) {
    return unread(unknown ? "a call of " + name : "a call that is given the connection",
                  "an unread call");
  }
  return unknown ? callee : make_unknown("what a call gave");
}

// https://docs.python.org/3/reference/expressions.html#calls
void Interpreter::bind_parameters(const Object& function, Arguments given, Names& names) {
  auto place = given.places.begin();
  for (const Parameter& parameter : function.statement->parameters) {
    Ref& value = names[parameter.name].value;
    const auto named = std::find_if(given.named.begin(), given.named.end(),
                                    [&](const auto& one) { return one.first == parameter.name; });
    if (parameter.kind == Parameter::Kind::kRest) {
      value = make_items(kTuple, {std::exchange(place, given.places.end()), given.places.end()});
    } else if (parameter.kind == Parameter::Kind::kNamedRest) {
      value = make_object(kDict);
      for (const auto& [name, one] : given.named) insert(*value, {make_text(name), one});
    } else if (parameter.kind == Parameter::Kind::kPlain && place != given.places.end()) {
      value = *place++;
    } else if (named != given.named.end()) {
      value = named->second;
      given.named.erase(named);
    } else if (!given.whole) {
      value = make_unknown("an argument that only a run can tell");
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
  for (const Active& one : active_) {
    if (one.function != &statement || doubts_ == 0 || ++rounds < 2) continue;
    if (recorded_.size() > one.calls) return refuse("calls itself as often as a run tells");
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
  if (function->base) arguments.places.insert(arguments.places.begin(), function->base);
  bind_parameters(*function, std::move(arguments), frame.scope->names);
  const Syntax::Block& block = module->syntax.block_of(statement);
  if (!block.sound) return refuse("no Python could read");

  const int line = line_, doubts = doubts_;
  const During same_doubts(doubts_, doubts);
  const During inside(frame_, &frame);
  active_.push_back({&statement, recorded_.size()});
  const Flow flow = block.generator ? maybe(block.body) : run(block.body);
  active_.pop_back();
  line_ = line;
  if (block.generator) return make_unknown("what a generator gives");
  const std::vector<Ref>& all = frame.returned;
  if (all.empty()) return none();
  const bool only = all.size() == 1 && doubts_ == doubts;
  const auto as_first = [&](const Ref& one) { return equal(*all[0], *one).value_or(only); };
  if (flow == Flow::kReturn && std::all_of(all.begin(), all.end(), as_first)) return all[0];
  for (const Ref& one : all) {
    if (reaches_database(*one)) return one;
  }
  return make_unknown("what " + function->text + "() returns");
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
  if ((name == "textwrap.dedent" || name == "inspect.cleandoc") && arguments.places.size() == 1) {
    return arguments.places[0];
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
                            given ? " that is given the connection" : ", which is not in the tree"),
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
    if (kind == "Table" || kind == "table")
      record(name + "_table", {base->items, base->named}, nullptr);
    return none();
  }
  if (given && !is_listed(name, " bind_processor compile has_table reflect ")) {
    return unread(fmt::format("a call of {}() that is given the connection", name), name + "()");
  }
  if (base->is(kClass)) return make_unknown("what " + name + "() gave");
  if (name == "update" || name == "delete") {
    const Object* root = base.get();
    for (int depth = 0; depth < 100 && root->base; ++depth) root = root->base.get();
    if (root->text == "session.query") {
      opaque("rows written through the ORM: session.query()..." + name + "()");
    }
  }
  return made;
}

}  // namespace drift::migrations
