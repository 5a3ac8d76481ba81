#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

// A folder of migrations is often called alembic; what is imported by that name is the library.
bool is_library(std::string_view module) {
  const std::string_view root = module.substr(0, module.find('.'));
  constexpr std::string_view kLibraries =
      " __future__ alembic sqlalchemy os sys re json uuid datetime typing logging enum time math "
      "collections textwrap pathlib functools itertools decimal string random contextlib inspect "
      "hashlib ";
  return is_listed(root, kLibraries);
}

// Of SQLAlchemy, what migrations use by such an import.
constexpr std::string_view kUsual =
    " Column String Integer Text Boolean DateTime Date Float Numeric ForeignKey "
    "ForeignKeyConstraint PrimaryKeyConstraint UniqueConstraint CheckConstraint Index Table "
    "MetaData Enum BigInteger SmallInteger LargeBinary Unicode UnicodeText Interval JSON Time "
    "TIMESTAMP ARRAY UUID JSONB func text select Sequence Identity Computed INTEGER VARCHAR and_ "
    "or_ ";

// One word after the other.
std::string_view next_of(std::string_view& list) {
  list.remove_prefix(1);
  const std::string_view word = list.substr(0, list.find(' '));
  list.remove_prefix(word.size());
  return word;
}

}  // namespace

void Interpreter::bind_import(const Stmt& statement, const Import& one) {
  if (statement.kind == StmtKind::kImport) {
    const std::string_view module = one.renamed ? one.name : one.as;
    if (module == "alembic.op" || module == "alembic.context") {
      return bind(one.as, handle(std::string(module.substr(8))));
    }
    const Ref made = make_object(ObjectKind::kSymbol, std::string(module));
    made->foreign = !is_library(module);
    return bind(one.as, made);
  }
  const std::string_view module = statement.imports[0].name;
  Ref made;
  if (!is_library(module)) {
    made = make_object(ObjectKind::kImport, std::string(one.name));
    made->detail = module;
    made->scope = frame_->scope->module->scope;
  } else if (module == "alembic" && (one.name == "op" || one.name == "context")) {
    made = handle(std::string(one.name));
  } else if (module == "alembic.op" || module == "alembic.context") {
    made = attribute(handle(std::string(module.substr(8))), one.name);
  } else {
    made = make_object(ObjectKind::kSymbol, dotted(module, one.name));
  }
  bind(one.as, made);
}

void Interpreter::star_import(std::string_view module, const char*) {
  if (module == "alembic.op") {
    for (std::string_view left = kOperations; left.size() > 1;) {
      const std::string_view name = next_of(left);
      bind(name, attribute(handle("op"), name));
    }
  } else if (is_library(module)) {
    for (std::string_view left = kUsual; left.size() > 1;) {
      const std::string_view name = next_of(left);
      if (frame_->scope->names.find(name) != nullptr) continue;
      bind(name, make_object(ObjectKind::kSymbol, dotted(module, name)));
    }
  } else if (TreeModule* found = module_of(frame_->scope->module->name, module)) {
    const Names names = found->scope->names;
    step(names.size());
    for (const Slot& slot : names) {
      if (!slot.name.starts_with('_')) bind(slot.name, slot.value);
    }
  }
}

// Null where the tree has no such module or it cannot be read.
TreeModule* Interpreter::module_of(std::string_view importer, std::string_view name) {
  std::vector<std::string> possible = candidates(importer, name);
  // Packages import from themselves less often than their modules do.
  std::reverse(possible.begin(), possible.end());
  for (const std::string& one : possible) {
    spend(one.size());
    if (TreeModule* found = load(one)) return found;
  }
  return nullptr;
}

void Interpreter::run_module(TreeModule& module) {
  const During silent(recording_, false);
  const During certain(doubts_, 0);
  Evaluator::run_module(module);
}

Ref Interpreter::exported(TreeModule& module, std::string_view name) {
  const Slot* const found = module.scope->names.find(name);
  if (found == nullptr) {
    return imported(module.name, module.name.empty() ? "." : module.name, name);
  }
  const Ref import = found->value;
  if (!import->is(ObjectKind::kImport)) return import;
  if (import->foreign) return make_unknown("an import that goes round in a circle", true);
  import->foreign = true;
  const Ref value = resolved(import);
  if (Slot* const again = module.scope->names.find(name)) again->value = value;
  return value;
}

Ref Interpreter::imported(std::string_view importer, std::string_view module,
                          std::string_view name) {
  step(5);
  const During deeper(depth_, depth_ + 1);
  if (depth_ > 300) return make_unknown("imports nested too deeply", true);
  const std::string whole = dotted(module, name);
  TreeModule* found = module_of(importer, module);
  if (found != nullptr && found->scope->names.find(name) != nullptr) {
    return exported(*found, name);
  }
  if (TreeModule* below = module_of(importer, whole)) {
    const Ref made = make_object(ObjectKind::kModule, below->name);
    made->scope = below->scope;
    return made;
  }
  if (found != nullptr || module.starts_with('.')) {
    return make_unknown(std::string(name) + ", which the tree does not have", true);
  }
  const Ref made = make_object(ObjectKind::kSymbol, whole);
  return made;
}

}  // namespace drift::migrations
