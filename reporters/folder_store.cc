#include "reporters/folder_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "reporters/durable_file.h"
#include "reporters/folder_owner.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_to_read(const fs::path& path, const std::string& why) {
  throw Error{Fault::kReportUnreadable, fmt::format("cannot read {}: {}", path.string(), why),
              "check that the folder of --reports is the right one and that you may read it"};
}

// An empty place has no reports; a place that does not exist is a mistyped one, or a disk that is
// not mounted.
void listed(const fs::path& root, const fs::path& folder, const std::error_code& error) {
  if (!error) return;
  if (error != std::errc::no_such_file_or_directory) fail_to_read(folder, error.message());
  std::error_code why;
  if (!fs::exists(root, why)) fail_to_read(root, error.message());
}

}  // namespace

std::vector<std::string> FolderStore::folders(const std::string& folder, const Stop&) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder_ / folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory(error)) names.push_back(entry->path().filename().string());
  }
  listed(folder_, folder_ / folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> FolderStore::files(const std::string& folder, const Stop& stop) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder_ / folder, error), end; !error && entry != end;
       entry.increment(error)) {
    stop.check("listing reports");
    if (entry->is_directory(error)) continue;
    names.push_back(entry->path().lexically_relative(folder_).string());
  }
  listed(folder_, folder_ / folder, error);
  return names;
}

std::optional<std::string> FolderStore::read(const std::string& name, const Stop&) {
  const fs::path path = folder_ / name;
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return std::nullopt;
  }
  if (error) fail_to_read(path, error.message());
  if (size > kMaxReportBytes) fail_to_read(path, "it is too large to be a report");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_to_read(path, std::generic_category().message(errno));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) fail_to_read(path, "the file cannot be read to its end");
  return text;
}

void FolderStore::write(const std::string& name, const std::string& text, bool replace,
                        const Stop&) {
  const FolderOwner owner(folder_);
  try {
    write_there(folder_ / name, text, replace);
  } catch (const Error& error) {
    throw Error{error.fault, error.what(), owner.hint(error.hint)};
  }
}

void FolderStore::write_there(const fs::path& path, const std::string& text, bool replace) {
  make_folder(path.parent_path());
  TemporaryFile file(path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(),
                                                      static_cast<long>(::getpid())),
                     text, 0666);
  if (replace) {
    file.rename_to(path);
  } else {
    file.link_to(path);
  }
  sync_folder(path.parent_path());
}

}  // namespace drift::reporters
