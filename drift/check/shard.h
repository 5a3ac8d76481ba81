// A part of a fleet: runs beside each other share its targets out.
#pragma once

#include <cstddef>
#include <string_view>

namespace drift::check {

struct Shard {
  std::size_t number = 1;  // from 1
  std::size_t of = 1;

  // By the name alone: the first eight bytes of its SHA-256 as a number, and what is left of that
  // by `of`. So a target stays where it is when others come and go.
  bool has(std::string_view target) const;
};

}  // namespace drift::check
