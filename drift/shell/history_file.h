// What was typed in earlier sessions.
#pragma once

#include <string>
#include <vector>

namespace drift::shell {

// $XDG_STATE_HOME/schema-drift/query_history: a line each, of mode 0600 in a folder of this user.
class HistoryFile {
 public:
  // `folder`: "" where nothing is kept. It is made with the first line that is kept.
  explicit HistoryFile(std::string folder) : folder_(std::move(folder)) {}

  // The newest 1,000 lines, oldest first; none of a file that cannot be trusted or read.
  std::vector<std::string> lines() const;

  // Adds the lines of one statement or command. None of them where any holds what looks like a
  // password, or values that were set by name. What keeps it from being written, or "".
  std::string add(const std::vector<std::string>& lines) const;

 private:
  std::string folder_;
};

// Whether such lines may be kept. Pure.
bool may_be_kept(const std::vector<std::string>& lines);

}  // namespace drift::shell
