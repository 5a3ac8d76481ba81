// Looks through a pack as it comes, before a library makes objects of it: how many, how large.
// https://git-scm.com/docs/gitformat-pack
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace drift::migrations {

struct PackLimits {
  std::uint32_t most_objects = 50'000'000;
  // Of one object. A delta of a few bytes can stand for very many, and is put together in memory;
  // an object that is stored whole is only hashed.
  std::uint64_t most_from_delta = std::uint64_t{512} << 20;  // git makes no deltas of larger files
  std::uint64_t most_stored = std::uint64_t{4} << 30;
};

class PackGuard {
 public:
  explicit PackGuard(const PackLimits& limits);
  ~PackGuard();
  PackGuard(const PackGuard&) = delete;
  PackGuard& operator=(const PackGuard&) = delete;

  // Throws Error{kRepositoryUnreadable}, whose message says what is wrong with the pack, for bytes
  // that are no pack or go beyond the limits.
  void take(std::string_view bytes);

  // Whether the pack has come to its end, its checksum included. That is compared by who indexes
  // it.
  bool whole() const;
  std::uint32_t objects() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift::migrations
