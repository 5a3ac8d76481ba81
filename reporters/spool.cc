#include "reporters/spool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/report/report.h"
#include "reporters/durable_file.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

struct Spooled {
  fs::path path;
  report::ReportName name;
};

// Oldest first. What is no report (a temporary file of a run that was killed) is left alone.
std::vector<Spooled> spooled_in(const fs::path& folder) {
  std::vector<Spooled> found;
  std::error_code error;  // no folder: nothing was ever spooled
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (auto name = report::parse_file_name(entry.path().filename().string())) {
      found.push_back({entry.path(), std::move(*name)});
    }
  }
  std::sort(found.begin(), found.end(), [](const Spooled& a, const Spooled& b) {
    return std::tie(a.name.timestamp, a.path) < std::tie(b.name.timestamp, b.path);
  });
  return found;
}

}  // namespace

Spool::Spool(std::string folder, const std::string& sink_url)
    : folder_((fs::path(std::move(folder)) / aws::sha256_hex(sink_url).substr(0, 16)).string()) {}

std::string Spool::keep(const report::ReportName& name, const std::string& json) const {
  const fs::path folder = folder_;
  make_folder(folder, kFolderMode);
  const fs::path path = folder / report::file_name(name);
  const TemporaryFile file(folder / ("." + report::file_name(name) + ".tmp"), json, kFileMode);
  file.link_to(path);
  sync_folder(folder);
  return path.string();
}

std::vector<std::string> Spool::reports_of(const std::string& target) const {
  std::vector<std::string> texts;
  for (const Spooled& spooled : spooled_in(folder_)) {
    if (spooled.name.target != target) continue;
    std::ifstream file(spooled.path, std::ios::binary);
    std::string json{std::istreambuf_iterator<char>(file), {}};
    if (file) texts.push_back(std::move(json));
  }
  return texts;
}

Spool::Waiting Spool::waiting() const {
  const std::vector<Spooled> spooled = spooled_in(folder_);
  Waiting waiting{spooled.size(), std::nullopt};
  if (!spooled.empty()) waiting.oldest = spooled.front().name.timestamp;
  return waiting;
}

std::size_t Spool::upload(ReportSink& sink, const Stop& stop, const Log& log) const {
  const std::vector<Spooled> spooled = spooled_in(folder_);
  for (std::size_t i = 0; i < spooled.size(); ++i) {
    const Spooled& report = spooled[i];
    std::ifstream file(report.path, std::ios::binary);
    const std::string json{std::istreambuf_iterator<char>(file), {}};
    if (!file) continue;  // another run was faster
    try {
      // The report of this run becomes the latest, not one that is older.
      const std::string place = sink.store(report.name, json, /*latest=*/false, stop);
      log.info("spooled report stored", {{"at", place}});
    } catch (const Error& error) {
      log.warning("a spooled report still cannot be stored",
                  {{"spooled", report.path.string()}, {"error", error.what()}});
      return spooled.size() - i;
    }
    ::unlink(report.path.c_str());
  }
  return 0;
}

}  // namespace drift::reporters
