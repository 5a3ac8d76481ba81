// Repositories that targets share, each read once.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

#include "drift/check/codebase.h"

namespace drift {
class Stop;
}

namespace drift::check {

struct Run;
struct Target;

// A repository as it was read, or why it could not be.
struct CodebaseRead {
  std::shared_ptr<const Codebase> codebase;
  std::exception_ptr failure;  // null where there is a codebase
  std::chrono::milliseconds duration{0};
};

// Reads the repository's side on a thread of its own; never throws. `stop` bounds it.
CodebaseRead read_shared_codebase(const CodebaseSettings& settings, const Run& run,
                                  const std::shared_ptr<const Stop>& stop);

// Which targets read the same repository, ref and folders: they are judged by one commit, and a
// fleet is not read once for each database. What the last of them has taken is let go. Not
// thread-safe.
class CodebaseShelf {
 public:
  // Requires that `targets` outlives it.
  explicit CodebaseShelf(const std::vector<Target>& targets);

  std::size_t size() const { return entries_.size(); }
  std::size_t entry_of(std::size_t target) const { return entry_of_.at(target); }
  const CodebaseSettings& settings(std::size_t entry) const { return *entries_.at(entry).settings; }

  bool is_read(std::size_t entry) const { return entries_.at(entry).read; }
  void put(std::size_t entry, CodebaseRead read);
  // For one target of the entry. The time that it took is told to the first that asks.
  // Requires is_read().
  CodebaseRead take(std::size_t entry);

 private:
  struct Entry {
    const CodebaseSettings* settings = nullptr;
    bool read = false;
    CodebaseRead outcome;
    std::size_t targets = 0;  // that have not taken it
  };
  std::vector<Entry> entries_;
  std::vector<std::size_t> entry_of_;
};

}  // namespace drift::check
