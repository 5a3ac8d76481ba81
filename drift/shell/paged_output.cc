#include "drift/shell/paged_output.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <vector>

#include "drift/base/output.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/query/row_writer.h"

extern char** environ;

namespace drift::shell {
namespace {

bool is_in_path(const std::string& program) {
  const std::string path = environment_or_empty("PATH");
  for (const std::string_view folder : split(path, ':')) {
    if (!folder.empty() && ::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

// It chops long lines, shows colours, and keeps the screen.
constexpr const char* kLess = "LESS=FRSX";

}  // namespace

PagedOutput::PagedOutput() {
  const auto asked = environment_variable("PAGER");
  pager_ = asked ? std::string(trimmed(*asked)) : is_in_path("less") ? "less" : "";
  holds_ = !pager_.empty() && ::isatty(1) == 1;
}

PagedOutput::~PagedOutput() {
  if (pipe_ >= 0) ::close(pipe_);
  int status = 0;
  while (child_ > 0 && ::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
  }
}

bool PagedOutput::overflows() const {
  struct winsize size {};
  if (::ioctl(1, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
  const auto lines = static_cast<std::size_t>(std::count(held_.begin(), held_.end(), '\n'));
  if (lines + 1 > size.ws_row) return true;
  // A screen's worth at the most is left to be measured.
  const std::string_view held = held_;
  return std::any_of(held.begin(), held.end(), [](char c) { return c == '\n'; }) &&
         query::display_width(held.substr(0, held.find('\n'))) > size.ws_col;
}

void PagedOutput::start_pager() {
  holds_ = false;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  // Signals as a program expects them: we ignore SIGPIPE and take SIGINT.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t usual;
  ::sigemptyset(&usual);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGWINCH}) ::sigaddset(&usual, signal);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> variables;
  for (char** one = environ; *one != nullptr; ++one) variables.push_back(*one);
  std::string less = kLess;
  if (!environment_variable("LESS")) variables.push_back(less.data());
  variables.push_back(nullptr);
  std::string sh = "sh", option = "-c";
  std::array<char*, 4> words = {sh.data(), option.data(), pager_.data(), nullptr};
  const int failed =
      ::posix_spawn(&child_, "/bin/sh", &actions, &attributes, words.data(), variables.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[0]);
  if (failed != 0) {
    child_ = 0;
    ::close(ends[1]);
    return;
  }
  pipe_ = ends[1];
}

void PagedOutput::write(std::string_view text) {
  if (holds_) {
    held_ += text;
    if (!overflows()) return;
    start_pager();
    std::string all;
    all.swap(held_);
    return write(all);
  }
  if (!write_unless_closed(pipe_ >= 0 ? pipe_ : 1, text)) throw PagerLeft{};
}

void PagedOutput::finish() {
  holds_ = false;
  std::string all;
  all.swap(held_);
  if (!all.empty()) write(all);
}

}  // namespace drift::shell
