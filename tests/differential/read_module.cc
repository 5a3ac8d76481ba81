// Reads modules as JSON lines on standard input, {"source": hex, "modules": {name: hex}},
// and answers each with what read_module_variables makes of it. Driven by test_python_reader.py.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"

namespace {

using drift::migrations::ModuleValue;
using nlohmann::json;

json to_json(const ModuleValue& value) {
  const char* kind = "";
  switch (value.kind) {
    case ModuleValue::Kind::kAbsent: kind = "absent"; break;
    case ModuleValue::Kind::kNone: kind = "none"; break;
    case ModuleValue::Kind::kString: kind = "string"; break;
    case ModuleValue::Kind::kStrings: kind = "strings"; break;
    case ModuleValue::Kind::kUnknown: kind = "unknown"; break;
  }
  return {{"kind", kind},
          {"strings", value.strings},
          {"line", value.line},
          {"source_line", value.source_line},
          {"reason", value.reason}};
}

// Sources may hold any bytes, which JSON cannot: they come as hexadecimal digits.
std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const json request = json::parse(line);
    std::map<std::string, std::string, std::less<>> modules;
    if (request.contains("modules")) {
      for (const auto& [name, source] : request["modules"].items()) {
        modules[name] = from_hex(source.get<std::string>());
      }
    }
    const auto load = [&](std::string_view name) -> std::optional<std::string> {
      const auto found = modules.find(name);
      if (found == modules.end()) return std::nullopt;
      return found->second;
    };
    const auto variables = drift::migrations::read_module_variables(
        from_hex(request["source"].get<std::string>()), load);
    json answer = {{"revision", to_json(variables.revision)},
                   {"down_revision", to_json(variables.down_revision)},
                   {"branch_labels", to_json(variables.branch_labels)},
                   {"depends_on", to_json(variables.depends_on)},
                   {"docstring", variables.docstring},
                   {"message", drift::migrations::read_docstring(variables.docstring).message},
                   {"doubt", nullptr},
                   {"syntax_error", nullptr}};
    if (variables.doubt) {
      answer["doubt"] = {{"what", variables.doubt->what}, {"line", variables.doubt->line}};
    }
    if (variables.syntax_error) {
      answer["syntax_error"] = {{"message", variables.syntax_error->message},
                                {"line", variables.syntax_error->line}};
    }
    std::cout << answer.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
