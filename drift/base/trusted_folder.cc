#include "drift/base/trusted_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace drift {
namespace {

namespace fs = std::filesystem;
using Kind = TrustedFolder::Kind;

constexpr int kMostLinks = 40;  // as the kernel: path_resolution(7)

Untrusted untrusted(int code) { return {std::strerror(code), code, {}}; }

bool is_ours(uid_t owner) { return owner == ::geteuid() || owner == 0; }

std::string name_of_user(uid_t id) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", id);
}

std::optional<std::string> problem_of_folder(const struct stat& status, Kind kind) {
  if (kind != Kind::kReports && !is_ours(status.st_uid)) {
    return fmt::format("it belongs to another user ({})", name_of_user(status.st_uid));
  }
  // Into a sticky one others may put files, but not in the place of ours.
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & S_IWOTH) != 0 && (!sticky || kind == Kind::kPrivate)) {
    return "everybody may write into it";
  }
  if ((status.st_mode & S_IWGRP) != 0 && kind == Kind::kPrivate) {
    return "its group may write into it";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of_file(const struct stat& status, Kind kind, uid_t folder_owner,
                                           mode_t folder_mode) {
  if (!S_ISREG(status.st_mode)) return "it is not a regular file";
  const bool of_folder = status.st_uid == folder_owner;
  const bool known = of_folder || is_ours(status.st_uid);
  if (!known && (kind != Kind::kReports || (folder_mode & S_IWOTH) != 0)) {
    return fmt::format("it belongs to another user ({})", name_of_user(status.st_uid));
  }
  if (!of_folder && status.st_nlink > 1) return "it has a second name somewhere else";
  const mode_t others = kind == Kind::kReports ? S_IWOTH : S_IWOTH | S_IWGRP;
  if ((status.st_mode & others) != 0) return "others may change it";
  return std::nullopt;
}

std::optional<std::string> problem_of_named_file(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return "it is not a regular file";
  if (!is_ours(status.st_uid)) {
    return fmt::format("it belongs to another user ({})", name_of_user(status.st_uid));
  }
  if ((status.st_mode & S_IWOTH) != 0) return "everybody may change it";
  return std::nullopt;
}

std::variant<std::string, Untrusted> contents(int fd, std::size_t most) {
  // One more than may be: what grows while it is read is noticed, too.
  std::string text;
  std::array<char, 16384> piece;
  while (text.size() <= most) {
    const std::size_t wanted = std::min(piece.size(), most + 1 - text.size());
    const ssize_t got = ::read(fd, piece.data(), wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return untrusted(errno);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const std::string limit = most >= (1U << 20U)   ? fmt::format("{} MiB", most >> 20U)
                            : most >= (1U << 10U) ? fmt::format("{} KiB", most >> 10U)
                                                  : fmt::format("{} bytes", most);
  return Untrusted{"it is larger than " + limit, 0, {}};
}

// O_NONBLOCK: opening a pipe waits for its other end.
constexpr int kForReading = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

std::variant<Descriptor, Untrusted> open_file(int folder, const std::string& name,
                                              struct stat& status) {
  Descriptor fd{::openat(folder, name.c_str(), kForReading)};
  if (fd.get() < 0) {
    if (errno == ELOOP) return Untrusted{"it is a link", 0, {}};
    if (errno == ENXIO) return Untrusted{"it is not a regular file", 0, {}};
    return untrusted(errno);
  }
  if (::fstat(fd.get(), &status) != 0) return untrusted(errno);
  return fd;
}

// The way to an absolute path, one name after the other.
class Way {
 public:
  explicit Way(const fs::path& path) { put_first(path); }

  // The descriptor of what lies there, for looking and not for reading.
  std::variant<Descriptor, Untrusted> go(const mode_t* make_with) {
    while (!names_.empty()) {
      const std::string name = std::move(names_.front());
      names_.pop_front();
      Descriptor next{open_part(name)};
      const bool may_make = make_with != nullptr && next.get() < 0 && errno == ENOENT;
      if (may_make) {
        // Another run may make it at the same time.
        if (::mkdirat(here_.get(), name.c_str(), *make_with) != 0 && errno != EEXIST) {
          return untrusted(errno);
        }
        next = Descriptor{open_part(name)};
      }
      if (next.get() < 0) return untrusted(errno);
      struct stat status {};
      if (::fstat(next.get(), &status) != 0) return untrusted(errno);
      if (!S_ISLNK(status.st_mode)) {
        parent_ = std::move(here_);
        last_ = name;
        here_ = std::move(next);
        continue;
      }
      if (!is_ours(status.st_uid)) {
        return Untrusted{fmt::format("{} on the way to it is a link of another user's ({})", name,
                                     name_of_user(status.st_uid)),
                         0};
      }
      if (++links_ > kMostLinks) return untrusted(ELOOP);
      std::array<char, PATH_MAX> target;
      const ssize_t size = ::readlinkat(next.get(), "", target.data(), target.size());
      if (size < 0) return untrusted(errno);
      put_first(fs::path(std::string(target.data(), static_cast<std::size_t>(size))));
    }
    return std::move(here_);
  }

  // After `go`: the folder of what lies there, and its name in it.
  int parent() const { return parent_.get(); }
  const std::string& last() const { return last_; }

 private:
  static Descriptor root() { return Descriptor{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)}; }

  int open_part(const std::string& name) const {
    return ::openat(here_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  }

  void put_first(const fs::path& path) {
    if (path.is_absolute()) here_ = root();
    std::deque<std::string> names;
    for (const fs::path& part : path.relative_path()) {
      if (!part.empty() && part != ".") names.push_back(part.string());
    }
    names_.insert(names_.begin(), names.begin(), names.end());
  }

  Descriptor here_, parent_;
  std::string last_;
  std::deque<std::string> names_;
  int links_ = 0;
};

fs::path from_root(const fs::path& path) {
  std::error_code ignored;
  return fs::absolute(path, ignored).lexically_normal();
}

}  // namespace

bool Untrusted::missing() const { return code == ENOENT || code == ENOTDIR; }

std::variant<TrustedFolder, Untrusted> TrustedFolder::checked(Descriptor fd, Kind kind) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return untrusted(errno);
  if (const auto problem = problem_of_folder(status, kind)) return Untrusted{*problem, 0, {}};
  TrustedFolder folder{std::move(fd), kind};
  folder.owner_ = status.st_uid;
  folder.mode_ = status.st_mode;
  return folder;
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::walk(const fs::path& path, Kind kind,
                                                           const mode_t* make_with) {
  auto way = Way(from_root(path)).go(make_with);
  if (auto* problem = std::get_if<Untrusted>(&way)) return std::move(*problem);
  const int place = std::get<Descriptor>(way).get();
  Descriptor fd{::openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.get() < 0) return untrusted(errno);
  return checked(std::move(fd), kind);
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::open(const fs::path& path, Kind kind) {
  return walk(path, kind, nullptr);
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::make(const fs::path& path, Kind kind,
                                                           mode_t mode) {
  return walk(path, kind, &mode);
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::descend(const fs::path& relative, Kind kind,
                                                              const mode_t* make_with) const {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  std::variant<TrustedFolder, Untrusted> here =
      checked(Descriptor{::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)}, kind_);
  fs::path at;
  for (const fs::path& part : relative) {
    auto* folder = std::get_if<TrustedFolder>(&here);
    if (folder == nullptr) break;
    if (part.empty() || part == ".") continue;
    at /= part;
    if (part == ".." || part == "/") return Untrusted{std::strerror(EINVAL), EINVAL, at};
    Descriptor next{::openat(folder->fd(), part.c_str(), kFlags)};
    if (next.get() < 0 && errno == ENOENT && make_with != nullptr) {
      if (::mkdirat(folder->fd(), part.c_str(), *make_with) != 0 && errno != EEXIST) {
        return Untrusted{std::strerror(errno), errno, at};
      }
      next = Descriptor{::openat(folder->fd(), part.c_str(), kFlags)};
    }
    if (next.get() < 0) {
      // With O_DIRECTORY a link is "not a directory".
      struct stat status {};
      const int code = errno;
      const bool link = ::fstatat(folder->fd(), part.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                        S_ISLNK(status.st_mode);
      return link ? Untrusted{"it is a link", 0, at} : Untrusted{std::strerror(code), code, at};
    }
    here = checked(std::move(next), kind);
    if (auto* why = std::get_if<Untrusted>(&here)) why->at = at;
  }
  return here;
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::below(const fs::path& relative,
                                                            Kind kind) const {
  return descend(relative, kind, nullptr);
}

std::variant<TrustedFolder, Untrusted> TrustedFolder::make_below(const fs::path& relative,
                                                                 Kind kind, mode_t mode) const {
  return descend(relative, kind, &mode);
}

std::variant<std::string, Untrusted> TrustedFolder::read(const std::string& name,
                                                         std::size_t most) const {
  struct stat status {};
  auto opened = open_file(fd_.get(), name, status);
  if (auto* problem = std::get_if<Untrusted>(&opened)) return std::move(*problem);
  if (const auto problem = problem_of_file(status, kind_, owner_, mode_)) {
    return Untrusted{*problem, 0, {}};
  }
  return contents(std::get<Descriptor>(opened).get(), most);
}

std::variant<std::vector<std::string>, Untrusted> TrustedFolder::names(std::size_t most) const {
  // A descriptor of its own: its place in the list is not shared.
  const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return untrusted(errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> list{::fdopendir(copy), ::closedir};
  if (!list) {
    const int code = errno;
    ::close(copy);
    return untrusted(code);
  }
  std::vector<std::string> names;
  while (names.size() < most) {
    errno = 0;
    const dirent* entry = ::readdir(list.get());
    if (entry == nullptr && errno != 0) return untrusted(errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::variant<std::string, Untrusted> read_trusted_file(const fs::path& path, std::size_t most) {
  Way way(from_root(path));
  const auto found = way.go(nullptr);
  if (const auto* problem = std::get_if<Untrusted>(&found)) return *problem;
  // Opening a device can do things, so what it is must be known before.
  struct stat status {};
  if (::fstat(std::get<Descriptor>(found).get(), &status) != 0) return untrusted(errno);
  if (!S_ISREG(status.st_mode)) return Untrusted{"it is not a regular file", 0, {}};
  auto opened = open_file(way.parent(), way.last(), status);
  if (auto* problem = std::get_if<Untrusted>(&opened)) return std::move(*problem);
  if (const auto problem = problem_of_named_file(status)) return Untrusted{*problem, 0, {}};
  return contents(std::get<Descriptor>(opened).get(), most);
}

}  // namespace drift
