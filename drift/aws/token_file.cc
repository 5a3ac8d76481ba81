#include "drift/aws/token_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

// STS takes no longer ones than 20,000 characters.
constexpr off_t kLongestToken = 64 * 1024;

}  // namespace

std::string read_token_file(const std::string& path, const std::string& what, bool trim) {
  const auto refuse = [&](const std::string& why) {
    throw Error{Fault::kNoCredentials,
                fmt::format("cannot read {} {}: {}", what, printable(path), why),
                "check that the volume with the token is mounted and readable for this user"};
  };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) refuse(std::strerror(errno));
  // A pipe could keep the run waiting for ever.
  if (!S_ISREG(status.st_mode)) refuse("it is no regular file");
  if (status.st_size > kLongestToken) refuse("it is larger than 64 KiB");
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(std::strerror(errno));
  std::string token{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) refuse(std::strerror(errno));
  while (trim && !token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) refuse("it is empty");
  return token;
}

}  // namespace drift::aws
