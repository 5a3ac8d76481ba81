// Reads configurations from stdin, one JSON object a line, and prints what schema-drift makes of
// each: the subject of test_ini_file.py.
//   {"ini": text or null, "pyproject": text or null, "folder": "backend", "section": "alembic"}
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "drift/base/error.h"
#include "migrations/alembic/config.h"

namespace {

using nlohmann::json;

std::optional<std::string> text(const json& value) {
  return value.is_null() ? std::nullopt : std::optional{value.get<std::string>()};
}

json read(const json& request) {
  const std::string folder = request.at("folder");
  const std::string prefix = folder.empty() ? "" : folder + "/";
  try {
    const auto config = drift::migrations::read_alembic_config(
        text(request.at("ini")), prefix + "alembic.ini", text(request.at("pyproject")),
        prefix + "pyproject.toml", request.at("section").get<std::string>());
    return {
        {"script_location", config.script_location ? json(*config.script_location) : json(nullptr)},
        {"version_locations", config.version_locations},
        {"prepend_sys_path", config.prepend_sys_path},
        {"recursive_version_locations", config.recursive_version_locations},
        {"sourceless", config.sourceless}};
  } catch (const drift::Error& error) {
    return {{"error", error.what()}, {"hint", error.hint}};
  }
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << read(json::parse(line)).dump() << '\n';
  }
}
