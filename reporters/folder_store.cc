#include "reporters/folder_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <thread>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "reporters/durable_file.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;
using Kind = TrustedFolder::Kind;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr mode_t kMode = 0664;  // less the umask: a report holds no secret

[[noreturn]] void fail_to_read(const fs::path& path, const Untrusted& why) {
  throw Error{
      Fault::kReportUnreadable, fmt::format("cannot read {}: {}", path.string(), why.reason),
      why.code != 0 ? "check that the folder is the right one and that you may read it"
                    : "find out who put it there: what is read from such a folder could have "
                      "been changed by anybody"};
}

// The value; nothing where there is none of that name.
template <typename Value>
std::optional<Value> found(std::variant<Value, Untrusted> looked_for, const fs::path& path) {
  if (auto* value = std::get_if<Value>(&looked_for)) return std::move(*value);
  const auto& why = std::get<Untrusted>(looked_for);
  if (!why.missing()) fail_to_read(why.at.empty() ? path : path / why.at, why);
  return std::nullopt;
}

bool is_folder(const TrustedFolder& folder, const std::string& name) {
  struct stat status {};
  return ::fstatat(folder.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

// The text of that name; nothing where there is none, or none that may be read.
std::optional<std::string> contents(const TrustedFolder& folder, const std::string& name) {
  auto text = folder.read(name, kMaxReportBytes);
  if (std::holds_alternative<Untrusted>(text)) return std::nullopt;
  return std::move(std::get<std::string>(text));
}

// Not by the process's number: in a container that is always the same, and what a run left that was
// killed would be in the way of every run after it.
std::string temporary_name(const std::string& file_name) {
  constexpr int kShown = 150;  // a name has 255 bytes at most
  return fmt::format(".{:.{}}.{}.tmp", file_name, kShown, aws::random_hex(8));
}

// Whoever holds it is alone; the kernel drops it with the process. A run that was stopped while it
// held the lock must not hold up every run after it.
Descriptor locked(const TrustedFolder& folder, const fs::path& path) {
  constexpr std::chrono::milliseconds kPatience{10'000};
  constexpr std::chrono::milliseconds kPause{20};
  Descriptor lock{::openat(folder.fd(), path.filename().c_str(),
                           O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kMode)};
  if (lock.get() < 0) fail_to_store_errno(path);
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) fail_to_store_errno(path);
    if (std::chrono::steady_clock::now() > give_up) {
      throw Error{Fault::kReportNotStored,
                  fmt::format("{} has been locked by another run for {} seconds", path.string(),
                              kPatience.count() / 1000),
                  "look for a schema-drift that hangs"};
    }
    std::this_thread::sleep_for(kPause);
  }
  return lock;
}

}  // namespace

Store::Listing FolderStore::list(const std::string& folder, const Stop& stop) {
  const fs::path path = folder.empty() ? folder_ : (folder_ / folder).parent_path();
  auto top = TrustedFolder::open(folder_, Kind::kReports);
  if (const auto* why = std::get_if<Untrusted>(&top)) {
    fail_to_read(why->at.empty() ? folder_ : folder_ / why->at, *why);
  }
  auto opened = folder.empty()
                    ? std::optional(std::move(std::get<TrustedFolder>(top)))
                    : found(std::get<TrustedFolder>(top).below(folder, Kind::kReports), folder_);
  const auto names = opened ? found(opened->names(kAll), path) : std::nullopt;
  Listing listing;
  if (!names) return listing;  // taken away meanwhile, as prune does
  for (const std::string& name : *names) {
    stop.check("listing reports");
    (is_folder(*opened, name) ? listing.folders : listing.files).push_back(name);
  }
  return listing;
}

std::optional<std::string> FolderStore::read(const std::string& name, const Stop&) {
  const fs::path path = name;
  auto folder = found(TrustedFolder::open(folder_, Kind::kReports), folder_);
  if (folder && path.has_parent_path()) {
    folder = found(folder->below(path.parent_path(), Kind::kReports), folder_);
  }
  if (!folder) return std::nullopt;
  return found(folder->read(path.filename().string(), kMaxReportBytes), folder_ / path);
}

void FolderStore::add(const std::string& name, const std::string& text, const Stop&) {
  write(name, [&](const TrustedFolder& folder, const fs::path& path) {
    const std::string file_name = path.filename().string();
    if (contents(folder, file_name) == text) return;  // a spooled report that got through before
    {
      const TemporaryFile file(folder.fd(), path.parent_path(), temporary_name(file_name), text,
                               kMode);
      file.link_to(file_name);
    }
    sync_folder(folder.fd(), path.parent_path());
  });
}

void FolderStore::replace(const std::string& name, const std::string& text, const Stays& stays,
                          const Stop&) {
  write(name, [&](const TrustedFolder& folder, const fs::path& path) {
    const std::string file_name = path.filename().string();
    std::optional<Descriptor> lock;
    if (stays) {
      lock = locked(folder, path.parent_path() / fmt::format(".{}.lock", path.stem().string()));
      const auto there = contents(folder, file_name);
      if (there && stays(*there)) return;
    }
    TemporaryFile file(folder.fd(), path.parent_path(), temporary_name(file_name), text, kMode);
    file.rename_to(file_name);
    sync_folder(folder.fd(), path.parent_path());
  });
}

void FolderStore::write(const std::string& name,
                        const std::function<void(const TrustedFolder&, const fs::path&)>& put) {
  const FolderOwner owner(folder_);
  const fs::path path = folder_ / name;
  try {
    const TrustedFolder folder = report_folder(folder_, fs::path(name).parent_path());
    put(folder, path);
  } catch (const Error& error) {
    throw Error{error.fault, error.what(), owner.hint(error.hint)};
  }
}

}  // namespace drift::reporters
