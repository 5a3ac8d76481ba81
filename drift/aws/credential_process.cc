#include "drift/aws/credential_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "drift/aws/shell_words.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

extern char** environ;

namespace drift::aws {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t kLongestOutput = 1u << 20;

constexpr const char* kHint = "run the command by hand to see what it says";

// A child with the writing end of a pipe as stdout; it and all its children are gone when this is.
class Process {
 public:
  // Throws Error{kNoCredentials}.
  Process(const std::vector<std::string>& words, const std::string& source) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(source, errno);
    output_ = ends[0];
    const int problem = spawn(words, ends[1]);
    ::close(ends[1]);
    if (problem != 0) {
      ::close(output_);
      fail(source, problem);
    }
  }
  ~Process() {
    if (pid_ > 0) {
      // The group, not the child alone: a wrapper script would leave what it waits for behind.
      ::kill(-pid_, SIGKILL);
      int status = 0;
      while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
    }
    ::close(output_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int output() const { return output_; }

  // Whether it has ended, and how.
  bool ended(int& status) {
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == pid_) pid_ = 0;
    return got == pid_ || pid_ == 0;
  }

 private:
  [[noreturn]] static void fail(const std::string& source, int problem) {
    throw Error{Fault::kNoCredentials,
                fmt::format("cannot run the command of {}: {}", source, std::strerror(problem)),
                "check the path of its program, which is looked for in PATH; no shell is run, so "
                "~ and $NAME are not filled in"};
  }

  int spawn(const std::vector<std::string>& words, int output) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    // First, because a program that was started without stdin may have the pipe there.
    ::posix_spawn_file_actions_adddup2(&files, output, 1);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
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
    const int problem =
        ::posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(), environ);
    if (problem != 0) pid_ = 0;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    return problem;
  }

  pid_t pid_ = 0;
  int output_ = -1;
};

class Deadline {
 public:
  Deadline(milliseconds timeout, const std::string& source, const Stop& stop)
      : end_(Stop::Clock::now() + timeout), timeout_(timeout), source_(source), stop_(stop) {}

  // Waits until `fd` (-1: nothing) can be read, at most `most`. Throws when time is up.
  void wait(int fd, milliseconds most) const {
    stop_.check("running a credential_process");
    const auto left = std::chrono::ceil<milliseconds>(
        std::max(end_ - Stop::Clock::now(), Stop::Clock::duration{}));
    if (left == 0ms) {
      throw Error{Fault::kNoCredentials,
                  fmt::format("the command of {} did not end in {} s", source_,
                              std::chrono::ceil<std::chrono::seconds>(timeout_).count()),
                  kHint};
    }
    std::array<pollfd, 2> fds{{{stop_.wake_fd(), POLLIN, 0}, {fd, POLLIN, 0}}};
    const milliseconds time = std::min({left, most, stop_.remaining() + 1ms});
    // An interrupted poll looks like one that timed out: the caller asks again.
    ::poll(fds.data(), fds.size(), static_cast<int>(time.count()));
  }

 private:
  Stop::Clock::time_point end_;
  milliseconds timeout_;
  const std::string& source_;
  const Stop& stop_;
};

std::string output_of(Process& process, const Deadline& deadline, const std::string& source) {
  std::string output;
  std::array<char, 16 * 1024> buffer;
  ::fcntl(process.output(), F_SETFL, O_NONBLOCK);
  for (;;) {
    deadline.wait(process.output(), 1'000ms);
    const ssize_t count = ::read(process.output(), buffer.data(), buffer.size());
    if (count == 0) return output;
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      throw Error{
          Fault::kNoCredentials,
          fmt::format("cannot read from the command of {}: {}", source, std::strerror(errno)),
          kHint};
    }
    output.append(buffer.data(), static_cast<std::size_t>(count));
    if (output.size() > kLongestOutput) {
      throw Error{Fault::kNoCredentials,
                  fmt::format("the command of {} printed more than 1 MiB", source), kHint};
    }
  }
}

void wait_for_success(Process& process, const Deadline& deadline, const std::string& source) {
  int status = 0;
  // Most end as they close stdout, so the first waits are short.
  for (milliseconds wait = 1ms; !process.ended(status); wait = std::min(wait * 2, 50ms)) {
    deadline.wait(-1, wait);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw Error{
      Fault::kNoCredentials,
      WIFSIGNALED(status)
          ? fmt::format("the command of {} was killed by signal {}", source, WTERMSIG(status))
          : fmt::format("the command of {} failed with exit code {}", source, WEXITSTATUS(status)),
      kHint};
}

}  // namespace

Credentials process_credentials(const std::string& command, const std::string& source,
                                milliseconds timeout, const Stop& stop) {
  const auto words = shell_words(command);
  if (!words || words->empty() || words->front().empty()) {
    throw Error{Fault::kNoCredentials,
                fmt::format("the command of {} {}", source,
                            words ? "is empty" : "has an open quotation or ends in a backslash"),
                "quote it as for a shell"};
  }
  Process process(*words, source);
  const Deadline deadline(timeout, source, stop);
  const std::string output = output_of(process, deadline, source);
  wait_for_success(process, deadline, source);

  const CredentialDocument document = parse_credential_document(output);
  const auto refuse = [&](const std::string& what) {
    throw Error{Fault::kNoCredentials, fmt::format("the command of {} printed {}", source, what),
                "it must print {\"Version\": 1, \"AccessKeyId\": ..., \"SecretAccessKey\": ...}"};
  };
  if (!document.is_object) refuse("no JSON object");
  if (document.version != 1) refuse("a document that is not of Version 1");
  if (document.keys.access_key_id.empty()) refuse("no AccessKeyId");
  if (document.keys.secret_access_key.empty()) refuse("no SecretAccessKey");
  Credentials credentials;
  credentials.keys = document.keys;
  credentials.source = source;
  if (!document.expiration.empty()) {
    credentials.expires = parse_rfc3339(document.expiration);
    if (!credentials.expires) refuse("an Expiration that is no time");
  }
  return credentials;
}

}  // namespace drift::aws
