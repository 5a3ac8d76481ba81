#include "reporters/folder_prune.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <tuple>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/url.h"
#include "drift/report/chain.h"
#include "drift/report/stored_report.h"
#include "reporters/durable_file.h"
#include "reporters/folder_store.h"
#include "reporters/report_archive.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* doing, const fs::path& path, const std::string& why) {
  throw Error{Fault::kReportNotStored, fmt::format("cannot {} {}: {}", doing, path.string(), why),
              "prune as the user that owns the reports"};
}

// In the order in which runs store them.
bool is_older(const report::ReportName& a, const report::ReportName& b) {
  return std::tie(a.timestamp, a.suffix, a.run_id) < std::tie(b.timestamp, b.suffix, b.run_id);
}

class Pruning {
 public:
  Pruning(fs::path folder, const PruneRules& rules, const Stop& stop)
      : folder_(std::move(folder)), store_(folder_), rules_(rules), stop_(stop) {}

  std::map<std::string, Pruned> prune() {
    find_files();
    for (const auto& [path, name] : files_) count(name);
    if (!rules_.dry_run) {
      for (const auto& [target, last] : last_removed_) record(target, last);
      remove();
    }
    return std::move(pruned_);
  }

 private:
  // Every dated report and record. A symbolic link is none: what it leads to is not ours.
  void find_files() {
    each_day(store_, {}, stop_, [&](const std::vector<std::string>& files) {
      for (const std::string& file : files) {
        const fs::path path = folder_ / file;
        auto name = report::parse_file_name(path.filename().string());
        if (!name || report::dated_path(*name) != file) continue;
        std::error_code ignored;  // taken away meanwhile
        if (!fs::is_regular_file(fs::symlink_status(path, ignored))) continue;
        if (is_report(*name)) {
          TimePoint& newest = newest_.try_emplace(name->target, name->timestamp).first->second;
          newest = std::max(newest, name->timestamp);
        }
        files_.emplace(file, std::move(*name));
      }
      return true;
    });
  }

  bool goes(const report::ReportName& name) const {
    if (name.timestamp >= rules_.before) return false;
    if (!is_report(name)) return true;
    const auto newest = newest_.find(name.target);
    return newest == newest_.end() || name.timestamp < newest->second;
  }

  void count(const report::ReportName& name) {
    Pruned& pruned = pruned_[name.target];
    if (!is_report(name)) {
      if (goes(name)) ++pruned.records;
    } else if (!goes(name)) {
      pruned.oldest_kept = std::min(pruned.oldest_kept.value_or(name.timestamp), name.timestamp);
    } else {
      ++pruned.reports;
      pruned.newest_removed =
          std::max(pruned.newest_removed.value_or(name.timestamp), name.timestamp);
      report::ReportName& last = last_removed_.try_emplace(name.target, name).first->second;
      if (is_older(last, name)) last = name;
    }
  }

  // What the oldest report that is kept names as the one before it.
  void record(const std::string& target, const report::ReportName& last) {
    const std::string path = report::dated_path(last);
    const std::optional<std::string> json = store_.read(path, stop_);
    if (!json) fail("read", folder_ / path, std::strerror(ENOENT));
    report::PruneRecord record{target,
                               rules_.now,
                               rules_.by,
                               rules_.before,
                               pruned_.at(target).reports,
                               0,
                               aws::sha256_hex(*json)};
    const auto read = report::read_stored_report(*json);
    if (const auto* stored = std::get_if<report::StoredReport>(&read)) {
      record.last_sequence = stored->sequence.value_or(0);
    }
    store_.add(
        report::dated_path({target, rules_.now, rules_.run_id, std::string(report::kPrunedSuffix)}),
        report::to_json(record), stop_);
  }

  // Oldest first: where this is cut short, no chain has a hole.
  void remove() const {
    for (const auto& [file, name] : files_) {
      if (!goes(name)) continue;
      const fs::path path = folder_ / file;
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        fail("remove", path, std::strerror(errno));
      }
      // The folders of a day, a month, a year, once nothing is in them.
      fs::path folder = path.parent_path();
      for (int up = 0; up < 3 && ::rmdir(folder.c_str()) == 0; ++up) folder = folder.parent_path();
    }
  }

  const fs::path folder_;
  FolderStore store_;
  const PruneRules& rules_;
  const Stop& stop_;
  std::map<std::string, report::ReportName> files_;  // by path, so the oldest day first
  std::map<std::string, TimePoint> newest_;
  std::map<std::string, report::ReportName> last_removed_;
  std::map<std::string, Pruned> pruned_;
};

}  // namespace

std::string prunable_folder(const std::string& url) {
  if (const auto folder = folder_of(url)) return folder->string();
  make_store(url, {}, nullptr);  // throws where there is no such place
  throw Error{Fault::kUsage,
              fmt::format("reports prune removes nothing from {}", redacted_url(url)),
              "give the bucket a lifecycle rule for dated reports, as ReportDays of "
              "cron/cloudformation.yaml does"};
}

std::map<std::string, Pruned> prune_folder(const std::string& folder, const PruneRules& rules,
                                           const Stop& stop) {
  // Root must not be led out of a folder whose owner exchanges a day for a link meanwhile.
  const FolderOwner owner(folder);
  return Pruning(folder, rules, stop).prune();
}

}  // namespace drift::reporters
