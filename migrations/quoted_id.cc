#include "migrations/quoted_id.h"

#include <fmt/format.h>

#include <algorithm>

namespace drift::migrations {

std::string quoted_id(std::string_view id) {
  constexpr std::size_t kLongest = 100;
  if (id.size() <= kLongest) return fmt::format("'{}'", id);
  std::size_t end = kLongest;
  // Not inside a UTF-8 sequence, whose following bytes begin with the bits 10.
  while (end > 0 && (static_cast<unsigned char>(id[end]) & 0xC0) == 0x80) --end;
  return fmt::format("'{}...'", id.substr(0, end));
}

std::string quoted_ids(const std::vector<std::string>& ids, std::size_t at_most) {
  const std::size_t shown = std::min(ids.size(), at_most);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += i + 1 == ids.size() ? " and " : ", ";
    text += quoted_id(ids[i]);
  }
  if (shown < ids.size()) text += fmt::format(" and {} more", ids.size() - shown);
  return text;
}

}  // namespace drift::migrations
