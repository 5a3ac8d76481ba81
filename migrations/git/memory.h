// Bounds what libgit2 allocates.
#pragma once

#include <cstddef>

namespace drift::migrations {

// Makes libgit2 heed AllocationLimit. After git_libgit2_init, before any other call.
void use_bounded_allocator();

// While one lives, libgit2 gets no block of more than `bytes` on this thread: the call that wanted
// it fails with "out of memory" and leaves the library as it was. Not nested.
class AllocationLimit {
 public:
  explicit AllocationLimit(std::size_t bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;
};

}  // namespace drift::migrations
