#include "drift/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>

extern char** environ;

namespace drift {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using How = ChildEnd::How;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(-1); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

// In memory and not in a pipe: a program that reads nothing can neither block this one nor send it
// a signal. -1 with errno.
int file_of(std::string_view text) {
  if (text.empty()) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  while (file >= 0 && !text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      ::close(file);
      return -1;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

// A child with the writing end of a pipe; where it has not ended, it and its group are gone when
// this is.
class Process {
 public:
  Process() = default;
  ~Process() {
    if (pid_ <= 0) return;
    // The group, not the child alone: a wrapper script would leave what it waits for behind.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // 0 or errno.
  int start(const ChildProcess& child) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
    kept_.reset(ends[0]);
    const Descriptor written(ends[1]);
    const Descriptor input(file_of(child.input));
    if (input.get() < 0) return errno;
    ::fcntl(kept_.get(), F_SETFL, O_NONBLOCK);
    return spawn(child, input.get(), written.get());
  }

  int kept() const { return kept_.get(); }

  // Whether it has ended, and how.
  bool ended(int& status) {
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
  }

 private:
  int spawn(const ChildProcess& child, int input, int written) {
    const bool errors = child.kept == ChildProcess::Kept::kErrors;
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    // The copies are over 2 first, because a program that was started without its three descriptors
    // may have the pipe or the file at one of them.
    const Descriptor high_input(::fcntl(input, F_DUPFD_CLOEXEC, 3));
    const Descriptor high_written(::fcntl(written, F_DUPFD_CLOEXEC, 3));
    ::posix_spawn_file_actions_adddup2(&files, high_input.get(), 0);
    ::posix_spawn_file_actions_adddup2(&files, high_written.get(), errors ? 2 : 1);
    ::posix_spawn_file_actions_addopen(&files, errors ? 1 : 2, "/dev/null", O_WRONLY, 0);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    // Connections and locks of this run are none of its business, whoever forgot O_CLOEXEC.
    ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
#endif

    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    // Signals as a program expects them, whatever this one blocks or ignores; a group of its own,
    // so that all of it can be ended.
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const std::vector<char*> words = pointers(child.words);
    std::vector<char*> variables;
    if (child.environment) variables = pointers(*child.environment);
    const int problem = ::posix_spawnp(&pid_, words[0], &files, &attributes, words.data(),
                                       child.environment ? variables.data() : environ);
    if (problem != 0) pid_ = 0;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    return problem;
  }

  pid_t pid_ = 0;
  Descriptor kept_;
};

// Waits until `fd` (-1: nothing) can be read, at most `most`. False when stop is due.
bool wait(int fd, milliseconds most, const Stop& stop) {
  if (stop.due()) return false;
  std::array<pollfd, 2> fds{{{stop.wake_fd(), POLLIN, 0}, {fd, POLLIN, 0}}};
  // An interrupted poll looks like one that timed out: the caller asks again.
  ::poll(fds.data(), fds.size(), static_cast<int>(std::min(most, stop.remaining() + 1ms).count()));
  return true;
}

// Takes what there is. True at the end of it, or when `end` says why it is of no use.
bool drained(int fd, std::size_t most, ChildEnd& end) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count == 0) return true;
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return false;
      end = {How::kUnreadable, errno, ""};
      return true;
    }
    end.kept.append(buffer.data(), static_cast<std::size_t>(count));
    if (end.kept.size() > most) {
      end = {How::kTalkative, 0, ""};
      return true;
    }
  }
}

}  // namespace

ChildEnd run_child(const ChildProcess& child, const Stop& stop) {
  Process process;
  if (const int problem = process.start(child)) return {How::kNotStarted, problem, ""};
  ChildEnd end{How::kExited, 0, ""};
  int status = 0;
  bool open = true;
  // Most end as they close what they write to, so the first waits for the end are short.
  milliseconds soon = 1ms;
  for (bool over = false; open || !over;) {
    // Errors are complete when the program has ended, whatever it left behind holds them open.
    if (!over && (!open || child.kept == ChildProcess::Kept::kErrors)) over = process.ended(status);
    if (open && drained(process.kept(), child.most_kept, end)) {
      if (end.how != How::kExited) return end;
      open = false;
      continue;
    }
    if (over && (!open || child.kept == ChildProcess::Kept::kErrors)) break;
    const bool by_time = !open || child.kept == ChildProcess::Kept::kErrors;
    if (!wait(open ? process.kept() : -1, by_time ? soon : 1'000ms, stop)) {
      return {How::kStopped, 0, ""};
    }
    if (by_time) soon = std::min(soon * 2, 50ms);
  }
  if (WIFSIGNALED(status)) {
    end.how = How::kKilled;
    end.number = WTERMSIG(status);
  } else {
    end.number = WEXITSTATUS(status);
  }
  return end;
}

}  // namespace drift
