#include "drift/config/secret_file.h"

#include <fmt/format.h>

#include <cctype>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/trusted_folder.h"

namespace drift::config {
namespace {

constexpr std::size_t kLongestSecret = 64 * 1024;

}  // namespace

std::string secret_from_file(const std::string& path, std::string_view what,
                             std::string_view option, std::string_view content) {
  auto read = read_trusted_file(path, kLongestSecret);
  if (const auto* why = std::get_if<Untrusted>(&read)) {
    throw Error{
        Fault::kUsage, fmt::format("cannot read the {} file {}: {}", what, path, why->reason),
        fmt::format("{} names a file that holds nothing but {}, and that belongs to this user "
                    "or to root",
                    option, content)};
  }
  std::string text = std::move(std::get<std::string>(read));
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  if (text.empty()) {
    throw Error{Fault::kUsage, fmt::format("the {} file {} is empty", what, path)};
  }
  return text;
}

}  // namespace drift::config
