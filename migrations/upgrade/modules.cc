#include "migrations/upgrade/interpreter.h"

// What other modules give.

namespace drift::migrations {
namespace {

// What migrations take by `from sqlalchemy import *` beside classes.
constexpr std::string_view kFunctions = " and_ func not_ null or_ select text true false ";

}  // namespace

Ref Interpreter::outside(const std::string& name) {
  if (name == "alembic.op" || name == "alembic.context") return handle(name.substr(8));
  const std::string package = name.substr(0, name.rfind('.'));
  if (package == "alembic.op" || package == "alembic.context") {
    return attribute(outside(package), last_of(name));
  }
  return Evaluator::outside(name);
}

void Interpreter::unread_star(std::string_view module, const char*) {
  frame_->scope->module->star = module;
}

Ref Interpreter::undefined(std::string_view name) {
  TreeModule& module = *frame_->scope->module;
  const bool is_class = name[0] >= 'A' && name[0] <= 'Z';
  const bool taken = module.star == "alembic.op" ? is_listed(name, kOperations)
                                                 : is_class || is_listed(name, kFunctions);
  if (taken && !module.star.empty()) return imported(module, module.star, name);
  return make_object(kSymbol, dotted("builtins", name));
}

void Interpreter::run_module(TreeModule& module) {
  const During silent(recording_, false);
  const During certain(doubts_, 0);
  Evaluator::run_module(module);
}

}  // namespace drift::migrations
