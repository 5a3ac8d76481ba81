#include "reporters/folder_prune.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/url.h"
#include "drift/report/chain.h"
#include "drift/report/report.h"
#include "drift/report/stored_report.h"
#include "reporters/folder_owner.h"
#include "reporters/folder_store.h"
#include "reporters/report_store.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const char* doing, const fs::path& path, const std::string& why) {
  throw Error{Fault::kReportNotStored, fmt::format("cannot {} {}: {}", doing, path.string(), why),
              "prune as the user that owns the reports"};
}

// The folders directly below `folder` whose names are numbers of that many digits, sorted. A
// symbolic link is none: what it leads to is not ours.
std::vector<fs::path> numbered(const fs::path& folder, std::size_t digits) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool is_number =
        name.size() == digits && name.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && fs::is_directory(entry->symlink_status())) found.push_back(entry->path());
  }
  if (error) fail("read", folder, error.message());
  std::sort(found.begin(), found.end());
  return found;
}

// In the order in which runs store them.
bool is_older(const report::ReportName& a, const report::ReportName& b) {
  return std::tie(a.timestamp, a.suffix, a.run_id) < std::tie(b.timestamp, b.suffix, b.run_id);
}

// Every dated report and record, oldest day first.
void each_file(const fs::path& folder, const Stop& stop,
               const std::function<void(const fs::path&, report::ReportName)>& take) {
  for (const fs::path& year : numbered(folder, 4)) {
    for (const fs::path& month : numbered(year, 2)) {
      for (const fs::path& day : numbered(month, 2)) {
        stop.check("listing reports");
        std::error_code error;
        for (fs::directory_iterator entry(day, error), end; !error && entry != end;
             entry.increment(error)) {
          auto name = report::parse_file_name(entry->path().filename().string());
          if (!name || !fs::is_regular_file(entry->symlink_status())) continue;
          if (folder / report::dated_folder(*name) == day) take(entry->path(), std::move(*name));
        }
        if (error) fail("read", day, error.message());
      }
    }
  }
}

class Pruning {
 public:
  Pruning(fs::path folder, const PruneRules& rules, const Stop& stop)
      : folder_(std::move(folder)), rules_(rules), stop_(stop) {}

  std::map<std::string, Pruned> prune() {
    count();
    if (!rules_.dry_run) {
      for (const auto& [target, last] : last_removed_) record(target, last);
      remove();
    }
    return std::move(pruned_);
  }

 private:
  bool goes(const report::ReportName& name) const {
    if (name.timestamp >= rules_.before) return false;
    if (!is_report(name)) return true;
    const auto newest = newest_.find(name.target);
    return newest == newest_.end() || name.timestamp < newest->second;
  }

  void count() {
    each_file(folder_, stop_, [&](const fs::path&, const report::ReportName& name) {
      if (!is_report(name)) return;
      TimePoint& newest = newest_.try_emplace(name.target, name.timestamp).first->second;
      newest = std::max(newest, name.timestamp);
    });
    each_file(folder_, stop_, [&](const fs::path&, const report::ReportName& name) {
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
    });
  }

  // What the oldest report that is kept names as the one before it.
  void record(const std::string& target, const report::ReportName& last) const {
    FolderStore store(folder_);
    const std::string path = report::dated_folder(last) + "/" + report::file_name(last);
    const std::optional<std::string> json = store.read(path, stop_);
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
    const report::ReportName name{target, rules_.now, rules_.run_id, "pruned"};
    store.write(report::dated_folder(name) + "/" + report::file_name(name), report::to_json(record),
                /*replace=*/false, stop_);
  }

  void remove() const {
    each_file(folder_, stop_, [&](const fs::path& path, const report::ReportName& name) {
      if (!goes(name)) return;
      if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        fail("remove", path, std::strerror(errno));
      // The folders of a day, a month, a year, once nothing is in them.
      fs::path folder = path.parent_path();
      for (int up = 0; up < 3 && ::rmdir(folder.c_str()) == 0; ++up) folder = folder.parent_path();
    });
  }

  const fs::path folder_;
  const PruneRules& rules_;
  const Stop& stop_;
  std::map<std::string, TimePoint> newest_;
  std::map<std::string, report::ReportName> last_removed_;
  std::map<std::string, Pruned> pruned_;
};

}  // namespace

std::map<std::string, Pruned> prune_folder(const std::string& folder, const PruneRules& rules,
                                           const Stop& stop) {
  // Root must not be led out of a folder whose owner exchanges a day for a link meanwhile.
  const FolderOwner owner(folder);
  return Pruning(folder, rules, stop).prune();
}

}  // namespace drift::reporters
