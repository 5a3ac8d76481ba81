// What git calls an object by.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace drift::migrations {

using ObjectId = std::array<std::uint8_t, 20>;  // SHA-1, binary

// 40 hex digits, lower case.
std::string hex_of(const ObjectId& id);

// `hex` has 40 hex digits.
ObjectId object_id_of(std::string_view hex);

}  // namespace drift::migrations
