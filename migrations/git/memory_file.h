// Where what was learnt of a repository's history is kept between runs: a file in the cache folder.
#pragma once

#include <string>

#include "migrations/git/history_memory.h"

namespace drift::migrations {

// Nothing here is ever needed: where the file cannot be read, is damaged, of another version or
// somebody else's, the history is read as though there were none; where it cannot be written, the
// next run reads as much again. Nothing throws but for want of memory.
class MemoryFile {
 public:
  // For the repository that is called `url`. An empty `cache_dir` keeps nothing.
  MemoryFile(std::string cache_dir, const std::string& url);

  // What is kept; empty where nothing can be used. TrustedFolder has the rule of whom to believe.
  HistoryMemory read() const;

  // Puts `memory` in the place of what is kept, in one step, where enough is new in it that reading
  // it again would take longer than this. Of runs at once one writes. Makes the cache folder.
  void write(const HistoryMemory& memory) const;

  // About a million commits.
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20;
  // Ten milliseconds to learn again.
  static constexpr std::size_t kFewEntries = 256;

 private:
  std::string cache_dir_, name_;
};

}  // namespace drift::migrations
