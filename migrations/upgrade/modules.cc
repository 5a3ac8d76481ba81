#include <algorithm>
#include <array>
#include <utility>

#include "migrations/upgrade/interpreter.h"

namespace drift::migrations {
namespace {

constexpr int kMostNested = 12;
constexpr std::size_t kMostModules = 200;

// A folder of migrations is often called alembic; what is imported by that name is the library.
bool is_library(std::string_view module) {
  const std::string_view root = module.substr(0, module.find('.'));
  constexpr std::array<std::string_view, 24> kLibraries = {
      "alembic", "sqlalchemy",  "os",       "sys",        "re",        "json",
      "uuid",    "datetime",    "typing",   "logging",    "enum",      "time",
      "math",    "collections", "textwrap", "pathlib",    "functools", "itertools",
      "decimal", "string",      "random",   "contextlib", "inspect",   "hashlib"};
  return module.starts_with("__future__") ||
         std::find(kLibraries.begin(), kLibraries.end(), root) != kLibraries.end();
}

}  // namespace

void Interpreter::import(const Stmt& statement) {
  const std::string& importer = frame_->scope->module->name;
  if (statement.kind == StmtKind::kImport) {
    for (const Stmt::Import& one : statement.imports) {
      const std::string& module = one.renamed ? one.name : one.as;
      const Ref made = make_object(ObjectKind::kSymbol, module);
      if (module == "alembic.op" || module == "alembic.context") {
        bind(one.as, handle(module.substr(8)));
        continue;
      }
      made->foreign = !is_library(module);
      bind(one.as, made);
    }
    return;
  }
  const std::string& module = statement.imports[0].name;
  for (std::size_t i = 1; i < statement.imports.size(); ++i) {
    const Stmt::Import& one = statement.imports[i];
    if (one.name == "*") {
      if (module == "alembic.op") {
        for (const std::string_view name : {"add_column",
                                            "alter_column",
                                            "batch_alter_table",
                                            "bulk_insert",
                                            "create_check_constraint",
                                            "create_exclude_constraint",
                                            "create_foreign_key",
                                            "create_index",
                                            "create_primary_key",
                                            "create_table",
                                            "create_table_comment",
                                            "create_unique_constraint",
                                            "drop_column",
                                            "drop_constraint",
                                            "drop_index",
                                            "drop_table",
                                            "drop_table_comment",
                                            "execute",
                                            "f",
                                            "get_bind",
                                            "get_context",
                                            "inline_literal",
                                            "rename_table"}) {
          bind(name, attribute(handle("op"), name));
        }
      } else if (is_library(module)) {
        constexpr std::array<std::string_view, 40> kUsual = {"Column",
                                                             "String",
                                                             "Integer",
                                                             "Text",
                                                             "Boolean",
                                                             "DateTime",
                                                             "Date",
                                                             "Float",
                                                             "Numeric",
                                                             "ForeignKey",
                                                             "ForeignKeyConstraint",
                                                             "PrimaryKeyConstraint",
                                                             "UniqueConstraint",
                                                             "CheckConstraint",
                                                             "Index",
                                                             "Table",
                                                             "MetaData",
                                                             "Enum",
                                                             "BigInteger",
                                                             "SmallInteger",
                                                             "LargeBinary",
                                                             "Unicode",
                                                             "UnicodeText",
                                                             "Interval",
                                                             "JSON",
                                                             "Time",
                                                             "TIMESTAMP",
                                                             "ARRAY",
                                                             "UUID",
                                                             "JSONB",
                                                             "func",
                                                             "text",
                                                             "select",
                                                             "Sequence",
                                                             "Identity",
                                                             "Computed",
                                                             "INTEGER",
                                                             "VARCHAR",
                                                             "and_",
                                                             "or_"};
        for (const std::string_view name : kUsual) {
          if (frame_->scope->names.find(name) == frame_->scope->names.end()) {
            bind(name, make_object(ObjectKind::kSymbol, module + "." + std::string(name)));
          }
        }
      } else if (TreeModule* found = module_of(importer, module)) {
        const Names names = found->scope->names;
        step(names.size());
        for (const auto& [name, value] : names) {
          if (!name.starts_with('_')) bind(name, value);
        }
      }
      continue;
    }
    if (is_library(module)) {
      if (module == "alembic" && (one.name == "op" || one.name == "context")) {
        bind(one.as, handle(one.name));
      } else if (module == "alembic.op" || module == "alembic.context") {
        bind(one.as, attribute(handle(module.substr(8)), one.name));
      } else {
        bind(one.as, make_object(ObjectKind::kSymbol, module + "." + one.name));
      }
      continue;
    }
    const Ref made = make_object(ObjectKind::kImport, one.name);
    made->detail = module;
    made->scope = frame_->scope->module->scope;
    bind(one.as, made);
  }
}

// Null where the tree has no such module or it cannot be read.
TreeModule* Interpreter::module_of(std::string_view importer, std::string_view name) {
  std::vector<std::string> candidates;
  if (!name.starts_with('.') || importer.empty()) {
    candidates.emplace_back(name);
  } else {
    // Whether the importer is a package is not known, so both are tried.
    std::string_view rest = name.substr(1);
    std::string package(importer);
    std::string parent = package.substr(0, std::min(package.rfind('.'), package.size()));
    if (package.rfind('.') == std::string::npos) parent.clear();
    while (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const auto up = [](std::string& one) {
        one.resize(one.rfind('.') == std::string::npos ? 0 : one.rfind('.'));
      };
      up(package);
      up(parent);
    }
    for (const std::string& one : {parent, package}) {
      std::string whole = one;
      if (!whole.empty() && !whole.ends_with('.') && !rest.empty()) whole += '.';
      whole += rest;
      if (!whole.empty()) candidates.push_back(std::move(whole));
    }
  }
  for (const std::string& whole : candidates) {
    KeptModules& modules = whole.starts_with('.') ? own_ : kept_;
    const auto known = modules.find(whole);
    if (known != modules.end()) {
      if (known->second) return known->second.get();
      continue;
    }
    if (loading_ >= kMostNested || modules.size() >= kMostModules) continue;
    spend(whole.size());
    auto& entry = modules[whole];
    const auto text = load_module_(whole);
    if (!text || text->size() > (1u << 20)) continue;
    PythonSource source = decode_python_source(*text);
    if (source.error) continue;
    entry = std::make_unique<TreeModule>();
    TreeModule& module = *entry;
    module.name = whole;
    module.syntax = std::make_unique<Syntax>(std::move(source));
    module.scope = std::make_shared<Scope>();
    module.scope->module = &module;

    Frame frame;
    frame.scope = module.scope;
    Frame* const outer = std::exchange(frame_, &frame);
    const bool recording = std::exchange(recording_, false);
    const int doubts = std::exchange(doubts_, 0);
    ++loading_;
    run(module.syntax->module());
    --loading_;
    doubts_ = doubts;
    recording_ = recording;
    frame_ = outer;
    module.ready = true;
    return &module;
  }
  return nullptr;
}

Ref Interpreter::exported(TreeModule& module, std::string_view name) {
  const auto found = module.scope->names.find(name);
  if (found == module.scope->names.end()) {
    return imported(module.name, module.name.empty() ? "." : module.name, name);
  }
  if (!found->second->is(ObjectKind::kImport)) return found->second;
  const Ref import = found->second;
  if (import->foreign) return make_unknown("an import that goes round in a circle", true);
  import->foreign = true;
  const Ref value = resolved(import);
  const auto again = module.scope->names.find(name);
  if (again != module.scope->names.end()) again->second = value;
  return value;
}

Ref Interpreter::imported(std::string_view importer, std::string_view module,
                          std::string_view name) {
  step(5);
  if (++depth_ > 300) {
    --depth_;
    return make_unknown("imports nested too deeply", true);
  }
  struct Leave {
    int& depth;
    ~Leave() { --depth; }
  } const leave_depth{depth_};
  const std::string whole =
      std::string(module) + (module.ends_with('.') ? "" : ".") + std::string(name);
  TreeModule* found = module_of(importer, module);
  if (found != nullptr && found->scope->names.find(name) != found->scope->names.end()) {
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
