#include "reporters/folder_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "drift/base/error.h"
#include "drift/report/report.h"
#include "reporters/durable_file.h"
#include "reporters/folder_owner.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0666;  // less the umask: a report holds no secret

std::optional<std::string> contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

// The timestamp of the report at `path`, or "" where there is none that can be read: a damaged
// latest is replaced, the dated reports are the evidence.
std::string timestamp_of(const fs::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return {};
  const auto found = json.find("timestamp");
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// A run that was stopped while it held the lock must not hold up every run after it.
void lock_exclusively(int fd, const fs::path& path) {
  constexpr std::chrono::milliseconds kPatience{10'000};
  constexpr std::chrono::milliseconds kPause{20};
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) fail_to_store_errno(path);
    if (std::chrono::steady_clock::now() > give_up) {
      throw Error{Fault::kReportNotStored,
                  fmt::format("the report was kept, but not as the latest: {} has been locked by "
                              "another run for {} seconds",
                              path.string(), kPatience.count() / 1000),
                  "look for a schema-drift that hangs"};
    }
    std::this_thread::sleep_for(kPause);
  }
}

void make_latest(const fs::path& folder, const report::ReportName& name, const std::string& json) {
  make_folder(folder);
  const fs::path latest = folder / (name.target + ".json");
  const fs::path lock_path = folder / ("." + name.target + ".lock");
  // Comparing and replacing must be one step against a run that overlaps; the lock is held for the
  // time of one small write, and the kernel drops it with the process.
  const Descriptor lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
  if (lock.get() < 0) fail_to_store_errno(lock_path);
  lock_exclusively(lock.get(), lock_path);
  // RFC 3339 in UTC sorts as text.
  if (timestamp_of(latest) > rfc3339(name.timestamp)) return;
  TemporaryFile file(folder / fmt::format(".{}.{}.tmp", name.target, name.run_id), json, kMode);
  file.rename_to(latest);
  sync_folder(folder);
}

}  // namespace

std::string FolderSink::store(const report::ReportName& name, const std::string& json, bool latest,
                              const Stop&) {
  const FolderOwner owner(folder_);
  try {
    return store_there(name, json, latest);
  } catch (const Error& error) {
    throw Error{error.fault, error.what(), owner.hint(error.hint)};
  }
}

std::string FolderSink::store_there(const report::ReportName& name, const std::string& json,
                                    bool latest) const {
  const fs::path folder = fs::path(folder_) / report::dated_folder(name);
  make_folder(folder);
  const std::string file_name = report::file_name(name);
  const fs::path path = folder / file_name;
  if (contents(path) == json) return path.string();  // a spooled report that got through before
  {
    const TemporaryFile file(folder / ("." + file_name + ".tmp"), json, kMode);
    file.link_to(path);
  }
  sync_folder(folder);
  if (latest) make_latest(fs::path(folder_) / "latest", name, json);
  return path.string();
}

}  // namespace drift::reporters
