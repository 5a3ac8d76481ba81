#include "migrations/python/module_variables.h"

#include <cstddef>
#include <utility>

#include "drift/base/python_ini.h"
#include "migrations/python/imports.h"
#include "migrations/python/module.h"
#include "migrations/python/source.h"
#include "migrations/python/value.h"

namespace drift::migrations {
namespace {

// `required`: Alembic refuses a module without it, so that where it is absent nobody asks.
ModuleValue module_value(PythonModule& module, ValueStore& store, std::string_view name,
                         bool required) {
  ModuleValue result;
  Value value = module.value_of(name);
  if (value.kind == ValueKind::kUnbound) return result;

  const char* place = module.place_of(name);
  result.line = module.line_of(place);
  result.source_line = module.line_at(place);
  // None is what Alembic takes for an absent one.
  if (value.perhaps_absent && !required && value.kind != ValueKind::kNone) {
    value = Value::unknown(Why::kConditional, value.detail, value.place);
  }

  switch (value.kind) {
    case ValueKind::kNone: result.kind = ModuleValue::Kind::kNone; return result;
    case ValueKind::kString:
      result.kind = ModuleValue::Kind::kString;
      result.strings.emplace_back(value.text);
      return result;
    case ValueKind::kSequence: {
      result.kind = ModuleValue::Kind::kStrings;
      const auto elements = store.elements(value);
      result.strings.reserve(elements.size());
      for (const Value& element : elements) {
        if (element.kind == ValueKind::kString) {
          result.strings.emplace_back(element.text);
          continue;
        }
        result.kind = ModuleValue::Kind::kUnknown;
        result.strings.clear();
        result.reason =
            element.is_unknown()
                ? "of one of its elements " +
                      explained(element,
                                element.place == nullptr ? 0 : module.line_of(element.place))
                : "it holds something other than strings";
        return result;
      }
      return result;
    }
    case ValueKind::kBoolean:
    case ValueKind::kNumber: result.reason = "it is a number, not a string"; break;
    case ValueKind::kFunction: result.reason = "it is a function"; break;
    case ValueKind::kClass: result.reason = "it is a class"; break;
    case ValueKind::kModule:
    case ValueKind::kImported:
      result.reason = "it is the module '" + std::string(value.text) +
                      "', or a name of one that is not in this tree";
      break;
    case ValueKind::kUnbound:
    case ValueKind::kUnknown:
      result.reason = explained(value, value.place == nullptr ? 0 : module.line_of(value.place));
      break;
  }
  result.kind = ModuleValue::Kind::kUnknown;
  return result;
}

constexpr std::string_view kCreateDate = "Create Date:";

}  // namespace

ModuleVariables read_module_variables(std::string_view source, const ModuleLoader& load_module) {
  ModuleVariables variables;
  PythonImports imports(load_module);
  PythonModule module(decode_python_source(source), {}, imports);
  module.run();
  if (const auto& error = module.syntax_error()) {
    variables.syntax_error = ModuleVariables::SyntaxError{error->message, error->line};
    return variables;
  }
  ValueStore& store = imports.store();
  variables.revision = module_value(module, store, "revision", true);
  variables.down_revision = module_value(module, store, "down_revision", true);
  variables.branch_labels = module_value(module, store, "branch_labels", false);
  variables.depends_on = module_value(module, store, "depends_on", false);
  variables.docstring = module.docstring();
  if (const auto& doubt = module.doubt()) {
    variables.doubt = ModuleVariables::Doubt{doubt->what, module.line_of(doubt->place)};
  }
  return variables;
}

DocstringFacts read_docstring(std::string_view docstring) {
  DocstringFacts facts;
  std::string_view rest = python_strip(docstring).text;
  facts.message = rest.substr(0, rest.find("\n\n"));

  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = python_strip(rest.substr(0, end)).text;
    if (line.starts_with(kCreateDate)) {
      facts.create_date = python_strip(line.substr(kCreateDate.size())).text;
      break;
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return facts;
}

}  // namespace drift::migrations
