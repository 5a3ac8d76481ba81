#include "drift/cli/user_at_host.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "drift/base/utf8.h"

namespace drift::cli {

std::string user_at_host() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const passwd* user = ::getpwuid(::geteuid());
  return valid_utf8(fmt::format(
      "{}@{}", user != nullptr ? user->pw_name : std::to_string(::geteuid()), host.data()));
}

}  // namespace drift::cli
