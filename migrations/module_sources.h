// Finds the source of a Python module in the tree, the way Python's import would.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/module_variables.h"

namespace drift::migrations {

class GitTree;

// Not thread-safe; outlives the loaders it gives.
class ModuleSources {
 public:
  // `roots`: the folders of sys.path, as far as they lie in the tree, in their order.
  ModuleSources(const GitTree& tree, std::vector<std::string> roots);

  // For the file at `path`, which outlives the loader: relative names begin at its folder. Sources
  // are kept, since a constant that one migration imports is imported by many.
  ModuleLoader loader_for(const std::string& path);
  ModuleLoader loader_for(std::string&& path) = delete;

 private:
  std::optional<std::string> find(std::string_view path, std::string_view dotted_name);
  std::optional<std::string> read(const std::string& stem);

  const GitTree& tree_;
  std::vector<std::string> roots_;
  std::map<std::string, std::optional<std::string>> kept_;  // by path without ".py"
  std::size_t kept_bytes_ = 0;
};

}  // namespace drift::migrations
