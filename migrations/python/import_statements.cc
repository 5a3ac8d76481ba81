// The parts of PythonModule that follow imports.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "migrations/python/module.h"

namespace drift::migrations {
namespace {

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
