#include "drift/base/output.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"

namespace drift {

bool write_unless_closed(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) return false;
    if (written < 0) {
      throw Error{Fault::kInternal,
                  std::string("cannot write the output: ") + std::strerror(errno)};
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void write_fully(int fd, std::string_view text) {
  if (write_unless_closed(fd, text)) return;
  throw Error{Fault::kInternal, std::string("cannot write the output: ") + std::strerror(EPIPE)};
}

namespace {
bool colourless = false;
}

void forget_colour() { colourless = true; }

bool wants_colour(int fd) {
  if (colourless || nonempty_variable("NO_COLOR") || ::isatty(fd) != 1) return false;
  return environment_variable("TERM").value_or("dumb") != "dumb";
}

bool is_journal(int fd) {
  // A variable that was inherited by something whose output went elsewhere names another stream.
  const auto stream = nonempty_variable("JOURNAL_STREAM");
  struct stat status {};
  return stream && ::fstat(fd, &status) == 0 &&
         fmt::format("{}:{}", status.st_dev, status.st_ino) == *stream;
}

}  // namespace drift
