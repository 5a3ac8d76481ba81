#include "reporters/folder_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/report/report.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw Error{Fault::kReportNotStored,
              fmt::format("cannot store the report at {}: {}", path.string(), why),
              "check that the folder of --reports exists or can be made, is writable by this user "
              "and has space"};
}

[[noreturn]] void fail_errno(const fs::path& path) { fail(path, std::strerror(errno)); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder, error.message());
}

// A rename is only durable once its folder is.
void sync_folder(const fs::path& folder) {
  const Descriptor fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) fail_errno(folder);
}

// A whole, synced file under a name that nobody looks at; removed unless `keep` was called.
class TemporaryFile {
 public:
  TemporaryFile(fs::path path, const std::string& content) : path_(std::move(path)) {
    const Descriptor fd{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
    if (fd.get() < 0) fail_errno(path_);
    exists_ = true;
    try {
      write_fully(fd.get(), content);
    } catch (const Error& error) {
      remove();
      fail(path_, error.what());
    }
    if (::fsync(fd.get()) != 0) {
      const std::string why = std::strerror(errno);
      remove();
      fail(path_, why);
    }
  }
  ~TemporaryFile() { remove(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path& path() const { return path_; }
  void keep() { exists_ = false; }

 private:
  void remove() {
    if (exists_) ::unlink(path_.c_str());
    exists_ = false;
  }

  fs::path path_;
  bool exists_ = false;
};

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
    if (errno != EWOULDBLOCK) fail_errno(path);
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

void make_latest(const fs::path& folder, const report::Report& report, const std::string& json) {
  make_folder(folder);
  const fs::path latest = folder / (report.target + ".json");
  const fs::path lock_path = folder / ("." + report.target + ".lock");
  // Comparing and replacing must be one step against a run that overlaps; the lock is held for the
  // time of one small write, and the kernel drops it with the process.
  const Descriptor lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
  if (lock.get() < 0) fail_errno(lock_path);
  lock_exclusively(lock.get(), lock_path);
  // RFC 3339 in UTC sorts as text.
  if (timestamp_of(latest) > rfc3339(report.timestamp)) return;
  TemporaryFile file(folder / fmt::format(".{}.{}.tmp", report.target, report.run_id), json);
  if (::rename(file.path().c_str(), latest.c_str()) != 0) fail_errno(latest);
  file.keep();
  sync_folder(folder);
}

}  // namespace

std::string FolderSink::store(const report::Report& report, const std::string& json) {
  const fs::path folder = fs::path(folder_) / report::dated_folder(report);
  make_folder(folder);
  const std::string name = report::file_name(report);
  const fs::path path = folder / name;
  {
    const TemporaryFile file(folder / ("." + name + ".tmp"), json);
    // link(2) fails where the name exists; rename(2) would overwrite evidence.
    if (::link(file.path().c_str(), path.c_str()) != 0) fail_errno(path);
  }
  sync_folder(folder);
  make_latest(fs::path(folder_) / "latest", report, json);
  return path.string();
}

}  // namespace drift::reporters
