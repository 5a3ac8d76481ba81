// What git calls an object by.
#pragma once

#include <array>
#include <cstdint>

namespace drift::migrations {

using ObjectId = std::array<std::uint8_t, 20>;  // SHA-1, binary

}  // namespace drift::migrations
