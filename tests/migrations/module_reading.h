// Module variables as the tests of their reader ask for them.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrations/python/module_variables.h"

namespace drift::migrations {

using Kind = ModuleValue::Kind;
using Strings = std::vector<std::string>;

inline ModuleVariables read(std::string_view source,
                            std::map<std::string, std::string, std::less<>> tree = {}) {
  return read_module_variables(source, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = tree.find(name);
    if (found == tree.end()) return std::nullopt;
    return found->second;
  });
}

// The string that `revision` holds, or why there is none.
inline std::string revision(std::string_view source,
                            std::map<std::string, std::string, std::less<>> tree = {}) {
  const ModuleVariables variables = read(source, std::move(tree));
  if (variables.syntax_error) return "syntax error: " + variables.syntax_error->message;
  switch (variables.revision.kind) {
    case Kind::kAbsent: return "absent";
    case Kind::kNone: return "None";
    case Kind::kString: return "'" + variables.revision.strings[0] + "'";
    case Kind::kStrings: return std::to_string(variables.revision.strings.size()) + " strings";
    case Kind::kUnknown: return variables.revision.reason;
  }
  return "no kind";
}

// What could have changed the variables, and its line.
inline std::string doubt(std::string_view source) {
  const ModuleVariables variables = read(source);
  return variables.doubt ? fmt::format("{}: {}", variables.doubt->line, variables.doubt->what)
                         : "none";
}

}  // namespace drift::migrations
