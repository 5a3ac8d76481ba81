#include "drift/query/confirmation.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"

namespace drift::query {
Confirmation::Confirmation()
    : terminal_(::isatty(2) == 1 ? ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1) {
  if (terminal_.get() >= 0) return;
  throw Error{Fault::kUsage, "a statement that changes data has to be confirmed on a terminal",
              "--yes runs it without asking"};
}

// One line, without its end; "" at the end of the input.
std::string Confirmation::read_line(const Stop& stop) const {
  std::array<pollfd, 2> ready = {{{terminal_.get(), POLLIN, 0}, {stop.wake_fd(), POLLIN, 0}}};
  const auto most = static_cast<int>(std::min<std::int64_t>(stop.remaining().count(), 1 << 30));
  // Interrupted by a signal, it is due.
  if (::poll(ready.data(), ready.size(), most) < 0 || stop.due()) {
    throw Error{Fault::kInterrupted, "nobody confirmed the statement", "it was not run"};
  }
  std::array<char, 256> line{};
  const ssize_t got = ::read(terminal_.get(), line.data(), line.size());
  std::string_view text{line.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

bool Confirmation::ask(const std::string& statement, const std::string& where,
                       const std::string& trial, const Stop& stop) const {
  std::string text = fmt::format("This changes data in {}:\n\n", printable(where));
  std::string_view rest = statement;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    text += "  " + printable(rest.substr(0, end)) + '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!trial.empty()) text += '\n' + printable(trial) + '\n';
  write_fully(terminal_.get(), text + "\nRun it? Type yes: ");
  return ascii_lower(read_line(stop)) == "yes";
}

}  // namespace drift::query
