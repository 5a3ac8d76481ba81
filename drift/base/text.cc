#include "drift/base/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"

namespace drift {

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator, std::size_t most) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos || pieces.size() + 1 >= most) {
      pieces.push_back(text);
      return pieces;
    }
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  return fmt::format("{}", fmt::join(texts, between));
}

std::string counted(std::uint64_t count, std::string_view what, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", what);
  return many.empty() ? fmt::format("{} {}s", count, what) : fmt::format("{} {}", count, many);
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", shortened(text)); }

std::string quoted(const std::vector<std::string>& texts, std::size_t at_most) {
  const std::size_t shown = std::min(texts.size(), at_most);
  std::string list;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) list += i + 1 == texts.size() ? " and " : ", ";
    list += quoted(texts[i]);
  }
  if (shown < texts.size()) list += fmt::format(" and {} more", texts.size() - shown);
  return list;
}

}  // namespace drift
