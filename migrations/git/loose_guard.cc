#include "migrations/git/loose_guard.h"

#include <fcntl.h>
#include <git2/sys/odb_backend.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "drift/base/descriptor.h"

namespace drift::migrations {
namespace {

namespace fs = std::filesystem;

// libgit2's own are 2 for packs and 1 for loose objects; the higher is asked first.
constexpr int kPacksPriority = 3, kGuardPriority = 2;

constexpr const char* kCutOff = "its file is cut off";
constexpr std::uint64_t kAll = ~std::uint64_t{0};

struct Guard {
  git_odb_backend backend;
  std::vector<std::string> folders;  // of objects, alternates too
};

// How many bytes libgit2 will want of an object that begins so, its header ("commit 231\0")
// included; all of them where the header is not whole.
std::uint64_t wanted_size(std::string_view begin) {
  const std::size_t space = begin.find(' '), end = begin.find('\0');
  std::uint64_t size = 0;
  if (end == std::string_view::npos || space > end) return kAll;
  std::from_chars(begin.data() + space + 1, begin.data() + end, size);
  return size + end + 1;
}

struct Inflating {
  Inflating() { ok = inflateInit(&stream) == Z_OK; }
  ~Inflating() {
    if (ok) inflateEnd(&stream);
  }
  Inflating(const Inflating&) = delete;
  Inflating& operator=(const Inflating&) = delete;

  z_stream stream{};
  bool ok = false;
};

// What is wrong with an open loose object so that libgit2 must not see it; null for nothing.
const char* fault_of(const Descriptor& file) {
  Inflating zlib;
  if (!zlib.ok) return "there is not enough memory";
  std::array<unsigned char, 16384> in, out;
  std::uint64_t given = 0, wanted = kAll;
  for (;;) {
    const ssize_t size = ::read(file.get(), in.data(), in.size());
    if (size < 0) return nullptr;  // libgit2 has words for it
    if (size == 0) return kCutOff;
    zlib.stream.next_in = in.data();
    zlib.stream.avail_in = static_cast<uInt>(size);
    do {
      zlib.stream.next_out = out.data();
      zlib.stream.avail_out = out.size();
      const int code = ::inflate(&zlib.stream, Z_NO_FLUSH);
      const std::size_t more = out.size() - zlib.stream.avail_out;
      // Anything but a lack of bytes ends libgit2's reading, too.
      if (code != Z_OK && code != Z_BUF_ERROR) return nullptr;
      // zlib gives what it has: of 16 KiB more than a header, unless the file ends there.
      if (given == 0 && more > 0) {
        wanted = wanted_size({reinterpret_cast<const char*>(out.data()), more});
      }
      given += more;
      if (given > wanted) return nullptr;  // a bomb is no concern of ours
    } while (zlib.stream.avail_out == 0);
  }
}

// 0 where it may be read.
int look_at(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0) return 0;  // it is elsewhere, or libgit2 says why not
  const char* fault = fault_of(file);
  if (fault == nullptr) return 0;
  git_error_set_str(GIT_ERROR_ODB, fault);
  return GIT_ERROR;
}

int read(void**, std::size_t*, git_object_t*, git_odb_backend* backend, const git_oid* id) {
  const std::string name = hex(*id);
  for (const std::string& folder : reinterpret_cast<const Guard*>(backend)->folders) {
    const int code = look_at(folder + '/' + name.substr(0, 2) + '/' + name.substr(2));
    if (code != 0) return code;
  }
  return GIT_ENOTFOUND;
}

// libgit2 asks zlib once for a header. But who gave no answer here would be asked for the whole.
int read_header(std::size_t*, git_object_t*, git_odb_backend*, const git_oid*) {
  return GIT_ENOTFOUND;
}

int read_prefix(git_oid*, void**, std::size_t*, git_object_t*, git_odb_backend* backend,
                const git_oid* id, std::size_t digits) {
  const std::string name = hex(*id).substr(0, digits);
  if (digits < 2) return GIT_ENOTFOUND;
  for (const std::string& folder : reinterpret_cast<const Guard*>(backend)->folders) {
    std::error_code failure;
    for (fs::directory_iterator entry(folder + '/' + name.substr(0, 2), failure);
         !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
      if (!entry->path().filename().string().starts_with(name.substr(2))) continue;
      if (const int code = look_at(entry->path().string()); code != 0) return code;
    }
  }
  return GIT_ENOTFOUND;
}

// A folder and its alternates, as git follows them: https://git-scm.com/docs/gitrepository-layout
void add_folder(std::vector<std::string>& folders, const fs::path& folder, int depth) {
  constexpr int kDeepest = 5;
  constexpr std::size_t kMost = 64;
  const std::string path = folder.lexically_normal().string();
  if (depth > kDeepest || folders.size() >= kMost ||
      std::find(folders.begin(), folders.end(), path) != folders.end()) {
    return;
  }
  folders.push_back(path);
  std::ifstream alternates(folder / "info" / "alternates");
  for (std::string line; std::getline(alternates, line);) {
    if (line.empty() || line.front() == '#') continue;
    add_folder(folders, folder / line, depth + 1);  // relative to this one, or absolute
  }
}

}  // namespace

void expect_loose_guards() { git_libgit2_opts(GIT_OPT_SET_ODB_PACKED_PRIORITY, kPacksPriority); }

void guard_loose_objects(git_repository* repo, git_odb* odb) {
  git_buf objects = GIT_BUF_INIT;
  if (git_repository_item_path(&objects, repo, GIT_REPOSITORY_ITEM_OBJECTS) != 0) return;
  const fs::path folder(std::string(objects.ptr, objects.size));
  git_buf_dispose(&objects);
  auto guard = std::make_unique<Guard>();
  git_odb_init_backend(&guard->backend, GIT_ODB_BACKEND_VERSION);
  add_folder(guard->folders, folder, 0);
  guard->backend.read = read;
  guard->backend.read_header = read_header;
  guard->backend.read_prefix = read_prefix;
  guard->backend.foreach = [](git_odb_backend*, git_odb_foreach_cb, void*) { return 0; };
  guard->backend.free = [](git_odb_backend* backend) { delete reinterpret_cast<Guard*>(backend); };
  if (git_odb_add_backend(odb, &guard->backend, kGuardPriority) == 0) guard.release();
}

}  // namespace drift::migrations
