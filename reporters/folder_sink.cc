#include "reporters/folder_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <variant>

#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/trusted_folder.h"
#include "drift/report/report.h"
#include "reporters/durable_file.h"
#include "reporters/folder_owner.h"
#include "reporters/report_store.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kMode = 0664;  // less the umask: a report holds no secret

// The text of that name; nothing where there is none, or none that may be read.
std::optional<std::string> contents(const TrustedFolder& folder, const std::string& name) {
  auto text = folder.read(name, kMaxReportBytes);
  if (std::holds_alternative<Untrusted>(text)) return std::nullopt;
  return std::move(std::get<std::string>(text));
}

// The number of a report among those of its target; 0 where it has none, or the text is damaged: a
// damaged latest is replaced, the dated reports are the evidence.
std::uint64_t sequence_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return 0;
  const auto found = json.find("sequence");
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
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

void make_latest(const fs::path& top, const report::ReportName& name, const std::string& json) {
  const fs::path path = top / "latest";
  const TrustedFolder folder = report_folder(top, "latest");
  const std::string latest = name.target + ".json";
  const std::string lock_name = "." + name.target + ".lock";
  // Comparing and replacing must be one step against a run that overlaps; the lock is held for the
  // time of one small write, and the kernel drops it with the process.
  const Descriptor lock{::openat(folder.fd(), lock_name.c_str(),
                                 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0664)};
  if (lock.get() < 0) fail_to_store_errno(path / lock_name);
  lock_exclusively(lock.get(), path / lock_name);
  // By number and not by time: a clock that was ahead once would freeze the latest until then.
  const std::uint64_t number = sequence_of(json);
  if (number != 0 && sequence_of(contents(folder, latest).value_or("")) > number) return;
  TemporaryFile file(folder.fd(), path, fmt::format(".{}.{}.tmp", name.target, name.run_id), json,
                     kMode);
  file.rename_to(latest);
  sync_folder(folder.fd(), path);
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
  const fs::path day = report::dated_folder(name);
  const fs::path path = fs::path(folder_) / day;
  const TrustedFolder folder = report_folder(folder_, day);
  const std::string file_name = report::file_name(name);
  // A spooled report that got through before.
  if (contents(folder, file_name) == json) return (path / file_name).string();
  {
    const TemporaryFile file(folder.fd(), path, "." + file_name + ".tmp", json, kMode);
    file.link_to(file_name);
  }
  sync_folder(folder.fd(), path);
  if (latest) make_latest(folder_, name, json);
  return (path / file_name).string();
}

}  // namespace drift::reporters
