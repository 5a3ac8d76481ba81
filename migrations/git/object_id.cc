#include "migrations/git/object_id.h"

#include <fmt/format.h>

#include "drift/base/text.h"

namespace drift::migrations {

std::string hex_of(const ObjectId& id) { return fmt::format("{:02x}", fmt::join(id, "")); }

ObjectId object_id_of(std::string_view hex) {
  ObjectId id{};
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(hex_digit(hex[2 * i]) * 16 + hex_digit(hex[2 * i + 1]));
  }
  return id;
}

}  // namespace drift::migrations
