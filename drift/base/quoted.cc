#include "drift/base/quoted.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"

namespace drift {

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
