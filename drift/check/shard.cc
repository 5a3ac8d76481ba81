#include "drift/check/shard.h"

#include <cstdint>
#include <string>

#include "drift/aws/digest.h"

namespace drift::check {

bool Shard::has(std::string_view target) const {
  const std::string digits = aws::sha256_hex(target).substr(0, 16);
  return std::stoull(digits, nullptr, 16) % of == number - 1;
}

}  // namespace drift::check
