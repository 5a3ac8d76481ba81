// The modules that a file imports from its own tree, read as they are needed.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/python/module_variables.h"
#include "migrations/python/value.h"

namespace drift::migrations {

class PythonModule;

// Shared by a file and all that it imports. Bounded: chains of imports and their number.
class PythonImports {
 public:
  explicit PythonImports(const ModuleLoader& load_module) : load_module_(load_module) {}
  ~PythonImports();
  PythonImports(const PythonImports&) = delete;
  PythonImports& operator=(const PythonImports&) = delete;

  // What `name` means that `importer` (the dotted name of a module, empty for the file that was
  // asked about) took from `module`: a variable, else a submodule.
  Value imported(std::string_view importer, std::string_view module, std::string_view name);

  // Whether `from module import *` leaves names alone that are not in `names`, which it fills.
  // False where the module cannot be read or exports what cannot be known.
  bool star_names(std::string_view importer, std::string_view module,
                  std::vector<std::string_view>* names);

  ValueStore& store() { return store_; }

 private:
  struct Entry {
    std::unique_ptr<PythonModule> module;  // null where the tree has no such module
    bool running = false;
    bool refused = false;  // beyond the limits
  };

  const Entry& load(std::string_view name);
  Value imported_from(std::string_view module, std::string_view name);
  // The absolute names that a relative one can mean: whether the importer is a package is not
  // known.
  std::vector<std::string> candidates(std::string_view importer, std::string_view module) const;

  const ModuleLoader& load_module_;
  ValueStore store_;
  std::map<std::string, Entry, std::less<>> modules_;
  std::size_t depth_ = 0;      // of modules being run inside each other
  std::size_t chain_ = 0;      // of names that stand for names of other modules
  std::size_t questions_ = 0;  // asked so far
};

// "app" and "cli" give "app.cli"; ".." and "cli" give "..cli".
std::string dotted(std::string_view package, std::string_view name);

}  // namespace drift::migrations
