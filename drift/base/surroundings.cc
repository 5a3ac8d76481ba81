#include "drift/base/surroundings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "drift/base/descriptor.h"
#include "drift/base/printable.h"

namespace drift {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::optional<std::string> nonempty_variable(const std::string& name) {
  auto value = environment_variable(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::string environment_or_empty(const std::string& name) {
  return environment_variable(name).value_or("");
}

std::vector<std::string> environment_names(std::string_view prefix) {
  std::vector<std::string> names;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view variable = *at;
    const std::string_view name = variable.substr(0, variable.find('='));
    if (name.starts_with(prefix)) names.emplace_back(name);
  }
  return names;
}

std::string user_at_host() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const passwd* user = ::getpwuid(::geteuid());
  return valid_utf8(fmt::format(
      "{}@{}", user != nullptr ? user->pw_name : std::to_string(::geteuid()), host.data()));
}

std::optional<std::string> whole_file(const std::string& path, std::size_t at_most) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) return std::nullopt;
  std::string text;
  char piece[16384];
  for (;;) {
    const ssize_t size = ::read(file.get(), piece, sizeof piece);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    if (size == 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
    if (text.size() > at_most) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
}

}  // namespace drift
