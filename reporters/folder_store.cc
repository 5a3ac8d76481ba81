#include "reporters/folder_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/trusted_folder.h"
#include "reporters/durable_file.h"
#include "reporters/folder_owner.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;
using Kind = TrustedFolder::Kind;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

[[noreturn]] void fail_to_read(const fs::path& path, const Untrusted& why) {
  throw Error{
      Fault::kReportUnreadable, fmt::format("cannot read {}: {}", path.string(), why.reason),
      why.code != 0
          ? "check that the folder of --reports is the right one and that you may read it"
          : "find out who put it there: what is read from the folder of --reports could have "
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

// Appends the names of all files below `folder`, which lies at `path`.
void add_files(const TrustedFolder& folder, const fs::path& top, const fs::path& below,
               std::vector<std::string>& into, const Stop& stop) {
  const auto names = found(folder.names(kAll), top / below);
  if (!names) return;
  for (const std::string& name : *names) {
    stop.check("listing reports");
    if (!is_folder(folder, name)) {
      into.push_back((below / name).string());
      continue;
    }
    // Taken away meanwhile, as prune does.
    if (const auto inner = found(folder.below(name, Kind::kReports), top / below)) {
      add_files(*inner, top, below / name, into, stop);
    }
  }
}

}  // namespace

std::optional<TrustedFolder> FolderStore::open(const fs::path& below) const {
  auto top = found(TrustedFolder::open(folder_, Kind::kReports), folder_);
  if (!top || below.empty()) return top;
  return found(top->below(below, Kind::kReports), folder_);
}

std::optional<TrustedFolder> FolderStore::open_to_list(const fs::path& below) const {
  auto top = TrustedFolder::open(folder_, Kind::kReports);
  if (const auto* why = std::get_if<Untrusted>(&top))
    fail_to_read(why->at.empty() ? folder_ : folder_ / why->at, *why);
  auto& opened = std::get<TrustedFolder>(top);
  if (below.empty()) return std::move(opened);
  return found(opened.below(below, Kind::kReports), folder_);
}

std::vector<std::string> FolderStore::folders(const std::string& folder, const Stop& stop) {
  std::vector<std::string> folders;
  const auto opened = open_to_list(folder);
  const auto names = opened ? found(opened->names(kAll), folder_ / folder) : std::nullopt;
  if (!names) return folders;
  for (const std::string& name : *names) {
    stop.check("listing reports");
    if (is_folder(*opened, name)) folders.push_back(name);
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<std::string> FolderStore::files(const std::string& folder, const Stop& stop) {
  std::vector<std::string> names;
  const fs::path below = fs::path(folder).lexically_normal();
  if (const auto opened = open_to_list(below)) {
    add_files(*opened, folder_, below.has_filename() ? below : below.parent_path(), names, stop);
  }
  return names;
}

std::optional<std::string> FolderStore::read(const std::string& name, const Stop&) {
  const fs::path path = name;
  const auto folder = open(path.parent_path());
  if (!folder) return std::nullopt;
  return found(folder->read(path.filename().string(), kMaxReportBytes), folder_ / path);
}

void FolderStore::write(const std::string& name, const std::string& text, bool replace,
                        const Stop&) {
  const FolderOwner owner(folder_);
  try {
    write_there(name, text, replace);
  } catch (const Error& error) {
    throw Error{error.fault, error.what(), owner.hint(error.hint)};
  }
}

void FolderStore::write_there(const fs::path& path, const std::string& text, bool replace) const {
  const fs::path where = folder_ / path.parent_path();
  const std::string file_name = path.filename().string();
  const TrustedFolder folder = report_folder(folder_, path.parent_path());
  // Not the process's number: in a container that is always the same, and what a run left that was
  // killed would be in the way of every run after it.
  TemporaryFile file(folder.fd(), where, fmt::format(".{}.{}.tmp", file_name, aws::random_hex(8)),
                     text, 0664);
  if (replace) {
    file.rename_to(file_name);
  } else {
    file.link_to(file_name);
  }
  sync_folder(folder.fd(), where);
}

}  // namespace drift::reporters
