#include "migrations/quoted.h"

#include <fmt/format.h>

#include <cstddef>

#include "drift/base/printable.h"

namespace drift::migrations {

std::string shortened(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  // No character takes more than four bytes, so what lies far behind the cut need not be read.
  std::string shown = printable(text.substr(0, 4 * kLongest));
  if (shown.size() <= kLongest) return shown;
  std::size_t end = kLongest;
  while ((shown[end] & 0xC0) == 0x80) --end;  // inside a character
  return shown.substr(0, end) + "...";
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", shortened(text)); }

}  // namespace drift::migrations
