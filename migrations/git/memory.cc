#include "migrations/git/memory.h"

#include <git2.h>
#include <git2/sys/alloc.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace drift::migrations {
namespace {

thread_local std::size_t most_bytes = SIZE_MAX;

void* allocate(std::size_t size, const char*, int) {
  return size <= most_bytes ? std::malloc(size) : nullptr;
}

void* reallocate(void* block, std::size_t size, const char*, int) {
  return size <= most_bytes ? std::realloc(block, size) : nullptr;
}

// libgit2 1.6 makes all others of these.
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
bool multiplied(std::size_t count, std::size_t size, std::size_t* bytes) {
  return !__builtin_mul_overflow(count, size, bytes);
}

void* allocate_zeroed(std::size_t count, std::size_t size, const char*, int) {
  std::size_t bytes = 0;
  if (!multiplied(count, size, &bytes) || bytes > most_bytes) return nullptr;
  return std::calloc(count, size);
}

void* allocate_array(std::size_t count, std::size_t size, const char* file, int line) {
  std::size_t bytes = 0;
  return multiplied(count, size, &bytes) ? allocate(bytes, file, line) : nullptr;
}

void* reallocate_array(void* block, std::size_t count, std::size_t size, const char* file,
                       int line) {
  std::size_t bytes = 0;
  return multiplied(count, size, &bytes) ? reallocate(block, bytes, file, line) : nullptr;
}

char* copy_exactly(const char* text, std::size_t size, const char* file, int line) {
  if (size == SIZE_MAX) return nullptr;
  auto* const copy = static_cast<char*>(allocate(size + 1, file, line));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text, size);
  copy[size] = '\0';
  return copy;
}

char* copy_at_most(const char* text, std::size_t size, const char* file, int line) {
  return copy_exactly(text, ::strnlen(text, size), file, line);
}

char* copy(const char* text, const char* file, int line) {
  return copy_exactly(text, std::strlen(text), file, line);
}
#endif

}  // namespace

void use_bounded_allocator() {
  git_allocator allocator{};
  allocator.gmalloc = allocate;
  allocator.grealloc = reallocate;
  allocator.gfree = std::free;
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
  allocator.gcalloc = allocate_zeroed;
  allocator.gstrdup = copy;
  allocator.gstrndup = copy_at_most;
  allocator.gsubstrdup = copy_exactly;
  allocator.greallocarray = reallocate_array;
  allocator.gmallocarray = allocate_array;
#endif
  git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}

AllocationLimit::AllocationLimit(std::size_t bytes) { most_bytes = bytes; }
AllocationLimit::~AllocationLimit() { most_bytes = SIZE_MAX; }

}  // namespace drift::migrations
