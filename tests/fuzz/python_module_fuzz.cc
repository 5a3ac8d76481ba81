// Feeds arbitrary bytes to the reader of module variables. A source of several parts split at two
// form feeds also imports: the first part is the migration, the others its modules m1, m2, ...
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"

namespace {

using drift::migrations::ModuleValue;

void require(bool condition) {
  if (!condition) std::abort();
}

// What callers rely on, whatever the input.
void check(const ModuleValue& value) {
  switch (value.kind) {
    case ModuleValue::Kind::kAbsent:
    case ModuleValue::Kind::kNone: require(value.strings.empty() && value.reason.empty()); break;
    case ModuleValue::Kind::kString:
      require(value.strings.size() == 1 && value.reason.empty() && value.line > 0);
      break;
    case ModuleValue::Kind::kStrings: require(value.reason.empty() && value.line > 0); break;
    case ModuleValue::Kind::kUnknown:
      require(value.strings.empty() && !value.reason.empty());
      break;
  }
  require(value.source_line.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto part = [input](std::size_t number) -> std::optional<std::string> {
    std::string_view rest = input;
    for (; number > 0; --number) {
      const std::size_t end = rest.find("\f\f");
      if (end == std::string_view::npos) return std::nullopt;
      rest.remove_prefix(end + 2);
    }
    return std::string(rest.substr(0, rest.find("\f\f")));
  };
  const auto load = [&part](std::string_view name) -> std::optional<std::string> {
    require(!name.empty());
    if (name.size() == 2 && name[0] == 'm' && name[1] >= '1' && name[1] <= '9') {
      return part(static_cast<std::size_t>(name[1] - '0'));
    }
    if (name.ends_with(".m1")) return part(1);
    return std::nullopt;
  };

  const auto variables = drift::migrations::read_module_variables(*part(0), load);
  if (variables.syntax_error) {
    require(!variables.syntax_error->message.empty() && variables.syntax_error->line > 0);
  }
  check(variables.revision);
  check(variables.down_revision);
  check(variables.branch_labels);
  check(variables.depends_on);
  drift::migrations::read_docstring(variables.docstring);
  return 0;
}
