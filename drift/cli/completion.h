// What completes the words of a call in a shell, made from the tables of commands and options.
#pragma once

#include <string>
#include <vector>

namespace drift::cli {

// `words`: bash, zsh or fish. The script defines a function and registers it for schema-drift; it
// runs no program, so completing never reads a repository or a database.
// Throws Error{kUsage} for no shell or another one.
std::string completion(const std::vector<std::string>& words);

}  // namespace drift::cli
