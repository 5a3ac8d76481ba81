#include "migrations/python/imports.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "migrations/python/module.h"

namespace drift::migrations {
namespace {

// Constants come from the next module or the one after it; more than this is a puzzle, not a
// migration.
constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxModules = 64;
// Modules that import from each other can make one question two, and those four.
constexpr std::size_t kMaxQuestions = 100000;

// Of "app.cli" it is "app", of "..cli" it is "..", of ".." it is "...".
std::string parent_of(std::string_view module) {
  if (module.find_first_not_of('.') == std::string_view::npos) return std::string(module) + ".";
  const std::size_t dot = module.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view parent = module.substr(0, dot);
  const bool relative = parent.find_first_not_of('.') == std::string_view::npos;
  return std::string(module.substr(0, relative ? dot + 1 : dot));
}

// Packages whose `import *` is known to bring none of the names that Alembic reads: what migrations
// import this way behind the lines that a reader would doubt.
bool is_known_package(std::string_view module) {
  constexpr std::string_view kPackages[] = {"alembic",
                                            "collections",
                                            "datetime",
                                            "decimal",
                                            "enum",
                                            "geoalchemy",
                                            "geoalchemy2",
                                            "json",
                                            "logging",
                                            "math",
                                            "migrate",
                                            "os",
                                            "re",
                                            "sqlalchemy",
                                            "sqlmodel",
                                            "string",
                                            "sqlalchemy_utils",
                                            "time",
                                            "types",
                                            "typing",
                                            "uuid",
                                            "__future__",
                                            "typing_extensions",
                                            "sqlalchemy_json",
                                            "sqlalchemy_jsonfield",
                                            "citext",
                                            "pgvector"};
  const std::string_view root = module.substr(0, module.find('.'));
  return std::find(std::begin(kPackages), std::end(kPackages), root) != std::end(kPackages);
}

}  // namespace

PythonImports::~PythonImports() = default;

std::string dotted(std::string_view package, std::string_view name) {
  std::string joined(package);
  if (!joined.empty() && !joined.ends_with('.')) joined += '.';
  joined += name;
  return joined;
}

const PythonImports::Entry& PythonImports::load(std::string_view name) {
  const auto known = modules_.find(name);
  if (known != modules_.end()) return known->second;
  Entry& entry = modules_[std::string(name)];
  if (depth_ >= kMaxDepth || modules_.size() > kMaxModules) {
    entry.refused = true;
    return entry;
  }
  if (!load_module_) return entry;
  std::optional<std::string> source = load_module_(name);
  if (!source) return entry;
  entry.running = true;
  entry.module =
      std::make_unique<PythonModule>(decode_python_source(*source), std::string(name), *this);
  ++depth_;
  entry.module->run();
  --depth_;
  entry.running = false;
  return entry;
}

std::vector<std::string> PythonImports::candidates(std::string_view importer,
                                                   std::string_view module) const {
  if (importer.empty() || !module.starts_with('.')) return {std::string(module)};
  const std::size_t name = std::min(module.find_first_not_of('.'), module.size());
  std::string if_package(importer);
  for (std::size_t level = 1; level < name; ++level) if_package = parent_of(if_package);
  const std::string if_module = parent_of(if_package);
  const std::string_view rest = module.substr(name);
  std::vector<std::string> found;
  for (const std::string& base : {if_package, if_module}) {
    if (!base.empty()) found.push_back(rest.empty() ? base : dotted(base, rest));
  }
  return found;
}

Value PythonImports::imported(std::string_view importer, std::string_view module,
                              std::string_view name) {
  // Two modules may each say that the other one knows.
  if (chain_ >= kMaxDepth || ++questions_ > kMaxQuestions) {
    return Value::unknown(Why::kImportsTooDeep);
  }
  ++chain_;
  Value result = Value::unknown(Why::kNoModule, module);
  bool found = false;
  for (const std::string& candidate : candidates(importer, module)) {
    const Value value = imported_from(store_.keep(candidate), name);
    if (value.is_unknown() && value.why == Why::kNoModule) continue;
    // Two modules fit; which one Python would take depends on the layout of the tree.
    const bool differs = found && !store_.interchangeable(result, value);
    found = true;
    result = differs ? Value::unknown(Why::kExpression) : value;
    if (differs) break;
  }
  --chain_;
  return result;
}

Value PythonImports::imported_from(std::string_view module, std::string_view name) {
  const Entry& entry = load(module);
  if (entry.refused) return Value::unknown(Why::kImportsTooDeep);
  if (entry.running) return Value::unknown(Why::kImportCycle, module);
  if (entry.module) {
    if (entry.module->syntax_error()) return Value::unknown(Why::kModuleUnreadable, module);
    const Value value = entry.module->exported(name);
    if (value.kind != ValueKind::kUnbound) return value;
  }
  const bool has_package = entry.module != nullptr;
  const std::string submodule = dotted(module, name);
  const Entry& inner = load(submodule);
  if (inner.refused) return Value::unknown(Why::kImportsTooDeep);
  if (inner.module) return Value::of(ValueKind::kModule, store_.keep(submodule));
  if (!has_package) return Value::unknown(Why::kNoModule, module);
  return Value::unknown(Why::kNoSuchName, name);
}

bool PythonImports::star_names(std::string_view importer, std::string_view module,
                               std::vector<std::string_view>* names) {
  const std::vector<std::string> possible = candidates(importer, module);
  const Entry* only = nullptr;
  for (const std::string& candidate : possible) {
    const Entry& entry = load(candidate);
    if (entry.refused || entry.running) return false;
    if (!entry.module) continue;
    if (only != nullptr) return false;
    only = &entry;
  }
  return only != nullptr && !only->module->syntax_error() && only->module->star_names(names);
}

// Reads "a.b.c" at `next`, which moves behind it; empty where there is none.
std::string_view PythonModule::dotted_name(std::span<const Token> tokens, std::size_t* next) {
  const std::size_t first = *next;
  std::size_t i = first;
  bool plain = true;
  for (; i < tokens.size(); ++i) {
    const bool dot = tokens[i].is('.') || tokens[i].is(kEllipsis);
    // "from . import x": the keyword ends the name.
    if (!dot && (!tokens[i].is_name() || tokens[i].text() == "import" ||
                 (i > first && tokens[i - 1].is_name()))) {
      break;
    }
    // White space may stand between the parts.
    if (i > first && tokens[i].begin != tokens[i - 1].begin + tokens[i - 1].size) plain = false;
  }
  *next = i;
  if (i == first) return {};
  if (plain) {
    const char* end = tokens[i - 1].begin + tokens[i - 1].size;
    return {tokens[first].begin, static_cast<std::size_t>(end - tokens[first].begin)};
  }
  std::string joined;
  for (std::size_t j = first; j < i; ++j) joined += tokens[j].text();
  if (!store_.afford(joined.size())) return {};
  return store_.keep(std::move(joined));
}

void PythonModule::import_statement(std::span<const Token> tokens) {
  pure_ = false;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Token& first = tokens[i];
    const std::string_view module = dotted_name(tokens, &i);
    if (module.empty()) return;
    if (i + 1 < tokens.size() && tokens[i].is_name("as") && tokens[i + 1].is_name()) {
      const Token& name = tokens[i + 1];
      bind(name.text(), Value::of(ValueKind::kModule, module), name.begin);
      i += 2;
    } else {
      // "import a.b" binds a.
      bind(first.text(), Value::of(ValueKind::kModule, first.text()), first.begin);
    }
  }
}

void PythonModule::from_statement(std::span<const Token> tokens) {
  pure_ = false;
  std::size_t i = 1;
  const std::string_view module = dotted_name(tokens, &i);
  if (module.empty() || i >= tokens.size() || !tokens[i].is_name("import")) {
    return fail("invalid syntax", tokens[0].begin);
  }
  ++i;
  if (i < tokens.size() && tokens[i].is('*')) return star_import(module, tokens[i].begin);
  if (i < tokens.size() && tokens[i].is('(')) ++i;
  while (i < tokens.size() && tokens[i].is_name()) {
    const Token& imported = tokens[i];
    const bool renamed =
        i + 2 < tokens.size() && tokens[i + 1].is_name("as") && tokens[i + 2].is_name();
    const Token& name = renamed ? tokens[i + 2] : imported;
    bind(name.text(), Value::of(ValueKind::kImported, module, imported.text()), name.begin);
    i += renamed ? 3 : 1;
    if (i < tokens.size() && tokens[i].is(',')) ++i;
  }
}

void PythonModule::star_import(std::string_view module, const char* place) {
  std::vector<std::string_view> names;
  const bool known = imports_.star_names(name_, module, &names);
  if (known && store_.afford(names.size() * 16)) {
    for (const std::string_view name : names) {
      bind(name, Value::of(ValueKind::kImported, module, name), place);
    }
    return;
  }
  if (!known && is_known_package(module)) return;
  for (const std::string_view name : kAlembicNames) {
    if (names_.find(name) != nullptr) return doubt(fmt::format("from {} import *", module), place);
  }
}

}  // namespace drift::migrations
