#include "drift/config/secret_file.h"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
#include <ios>

#include "drift/base/error.h"

namespace drift::config {
namespace {

constexpr std::size_t kLongestSecret = 64 * 1024;

}  // namespace

std::string secret_from_file(const std::string& path, std::string_view what,
                             std::string_view option, std::string_view content) {
  std::ifstream file(path, std::ios::binary);
  // One more than may be, so that a device without an end is noticed and not read.
  std::string text(kLongestSecret + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    throw Error{Fault::kUsage, fmt::format("cannot read the {} file {}", what, path),
                fmt::format("{} names a file that holds nothing but {}", option, content)};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLongestSecret) {
    throw Error{Fault::kUsage, fmt::format("the {} file {} is larger than 64 KiB", what, path),
                fmt::format("{} names a file that holds nothing but {}", option, content)};
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  if (text.empty()) {
    throw Error{Fault::kUsage, fmt::format("the {} file {} is empty", what, path)};
  }
  return text;
}

}  // namespace drift::config
