#include "drift/aws/credentials/token_file.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/base/trusted_folder.h"

namespace drift::aws {
namespace {

// STS takes no longer ones than 20,000 characters.
constexpr std::size_t kLongestToken = 64 * 1024;

}  // namespace

std::string read_token_file(const std::string& path, const std::string& what, bool trim) {
  const auto refuse = [&](const std::string& why) {
    throw Error{Fault::kNoCredentials,
                fmt::format("cannot read {} {}: {}", what, printable(path), why),
                "check that the volume with the token is mounted and readable for this user"};
  };
  auto read = read_trusted_file(path, kLongestToken);
  if (const auto* why = std::get_if<Untrusted>(&read)) refuse(why->reason);
  std::string token = std::move(std::get<std::string>(read));
  while (trim && !token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) refuse("it is empty");
  remember_secret(token);
  return token;
}

}  // namespace drift::aws
