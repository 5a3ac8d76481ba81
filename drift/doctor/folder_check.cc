#include "drift/doctor/folder_check.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace drift::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnFolder =
    "give a folder that belongs to the user of the nightly run and that nobody else may write into "
    "(chmod 700)";

// `folder`, or the nearest folder above it that exists.
fs::path existing(fs::path folder) {
  std::error_code ignored;
  folder = fs::absolute(folder, ignored).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  while (folder.has_relative_path() && ::access(folder.c_str(), F_OK) != 0 && errno == ENOENT) {
    folder = folder.parent_path();
  }
  return folder;
}

std::optional<Space> space_of(const fs::path& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return std::nullopt;
  // btrfs and others that make inodes as they go say that they have none at all.
  const bool counted = found.f_files > 0;
  return Space{std::uint64_t{found.f_bavail} * found.f_frsize, counted ? found.f_favail : 1};
}

}  // namespace

std::string space_problem(const Space& space) {
  if (space.bytes == 0) return "the disk is full";
  if (space.files == 0) return "the disk has no room for another file name (inodes)";
  if (space.bytes >= kLittleSpace) return "";
  return fmt::format("only {} MiB are free", space.bytes >> 20U);
}

Outcome examine_folder(std::string check, const fs::path& folder, TrustedFolder::Kind kind,
                       const std::string& hint) {
  Outcome outcome{std::move(check), folder.string(), State::kOk, "", ""};
  const fs::path place = existing(folder);
  std::error_code ignored;
  if (!fs::is_directory(place, ignored)) {
    outcome.state = State::kFail;
    outcome.seen = fmt::format("{} is no folder", place.string());
    outcome.action = hint;
    // What cannot be passed through cannot be looked at either.
    if (::access(place.c_str(), F_OK) != 0) {
      outcome.seen = fmt::format("{} cannot be reached: {}", place.string(), std::strerror(errno));
    }
    return outcome;
  }
  if (::access(place.c_str(), W_OK | X_OK) != 0) {
    outcome.state = State::kFail;
    outcome.seen = fmt::format("{} cannot be written: {}", place.string(), std::strerror(errno));
    outcome.action = hint;
    return outcome;
  }
  fs::path normal = fs::absolute(folder, ignored).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const bool there = place == normal;
  // The run would not use it, however well it could write there.
  if (there) {
    const auto trusted = TrustedFolder::open(normal, kind);
    if (const auto* why = std::get_if<Untrusted>(&trusted)) {
      outcome.state = State::kFail;
      outcome.seen = "is not trusted: " + why->reason;
      outcome.action = std::string(kOwnFolder);
      return outcome;
    }
  }
  outcome.seen = there ? "writable" : "is not there yet; the first run makes it";
  const auto space = space_of(place);
  if (!space) return outcome;
  const std::string problem = space_problem(*space);
  if (problem.empty()) return outcome;
  outcome.state = space->bytes == 0 || space->files == 0 ? State::kFail : State::kWarn;
  outcome.seen = problem;
  outcome.action = "make room on the file system of " + place.string();
  return outcome;
}

}  // namespace drift::doctor
