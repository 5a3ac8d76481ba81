// An Environment of variables that stand in the test, with files that do not exist.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "drift/aws/environment.h"

namespace drift::aws {

inline Environment with_variables(std::map<std::string, std::string> variables) {
  variables.try_emplace("AWS_CONFIG_FILE", "/nonexistent/config");
  variables.try_emplace("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
  return Environment([variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  });
}

}  // namespace drift::aws
