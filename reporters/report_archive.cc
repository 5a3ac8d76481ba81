#include "reporters/report_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <tuple>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/report/report.h"

namespace drift::reporters {
namespace {

// Texts that are read ahead: reports of a thousand pending revisions are half a megabyte each.
constexpr std::size_t kAhead = 64;

bool is_number(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789") == std::string::npos;
}

// The folders of days ("2026/11/20/") that are within the filter, newest first. A month is looked
// into only when its days are wanted.
class Days {
 public:
  Days(ReportStore& store, const ReportFilter& filter, const Stop& stop)
      : store_(store),
        stop_(stop),
        since_(filter.since ? day_of(*filter.since) : "0000/00/00"),
        until_(filter.until ? day_of(*filter.until) : "9999/99/99") {
    years_ = within("", 4);
  }

  std::optional<std::string> next() {
    while (days_.empty()) {
      while (months_.empty()) {
        if (years_.empty()) return std::nullopt;
        months_ = within(taken(years_), 2);
      }
      days_ = within(taken(months_), 2);
    }
    return taken(days_);
  }

 private:
  static std::string day_of(TimePoint time) {
    std::string day = rfc3339(time).substr(0, 10);
    std::replace(day.begin(), day.end(), '-', '/');
    return day;
  }

  static std::string taken(std::vector<std::string>& folders) {
    std::string last = std::move(folders.back());
    folders.pop_back();
    return last;
  }

  // Oldest first: the last is taken first.
  std::vector<std::string> within(const std::string& folder, std::size_t digits) {
    std::vector<std::string> found;
    for (const std::string& name : store_.folders(folder, stop_)) {
      const std::string path = folder + name;
      if (is_number(name, digits) && path >= since_.substr(0, path.size()) &&
          path <= until_.substr(0, path.size())) {
        found.push_back(path + "/");
      }
    }
    return found;
  }

  ReportStore& store_;
  const Stop& stop_;
  const std::string since_, until_;
  std::vector<std::string> years_, months_, days_;
};

std::string path_of(const report::ReportName& name) {
  return report::dated_folder(name) + "/" + report::file_name(name);
}

bool wanted(const report::ReportName& name, const ReportFilter& filter) {
  return (filter.target.empty() || filter.target == name.target) &&
         (!filter.since || name.timestamp >= *filter.since) &&
         (!filter.until || name.timestamp < *filter.until);
}

// One for each run and target, the one with a suffix if there are two; newest first.
std::vector<report::ReportName> runs_of(const std::vector<std::string>& files,
                                        const ReportFilter& filter) {
  std::vector<report::ReportName> names;
  for (const std::string& file : files) {
    auto name = report::parse_file_name(file.substr(file.rfind('/') + 1));
    if (name && report::is_report(*name) && wanted(*name, filter) && path_of(*name) == file)
      names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end(),
            [](const report::ReportName& a, const report::ReportName& b) {
              return std::tie(b.timestamp, a.target, a.run_id, b.suffix) <
                     std::tie(a.timestamp, b.target, b.run_id, a.suffix);
            });
  const auto same_run = [](const report::ReportName& a, const report::ReportName& b) {
    return std::tie(a.timestamp, a.target, a.run_id) == std::tie(b.timestamp, b.target, b.run_id);
  };
  names.erase(std::unique(names.begin(), names.end(), same_run), names.end());
  return names;
}

}  // namespace

bool ReportArchive::each_name(const ReportFilter& filter, const Stop& stop,
                              const std::function<bool(const ArchivedReport&)>& take) {
  std::size_t count = 0;
  Days days(*store_, filter, stop);
  while (const std::optional<std::string> day = days.next()) {
    for (report::ReportName& name : runs_of(store_->files(*day, stop), filter)) {
      stop.check("listing reports");
      if (filter.limit && count++ == *filter.limit) return true;
      std::string place = store_->place(path_of(name));
      if (!take({std::move(name), std::move(place)})) return false;
    }
  }
  return false;
}

bool ReportArchive::each(const ReportFilter& filter, const Stop& stop,
                         const std::function<bool(const ArchivedReport&, const Text&)>& take) {
  std::vector<ArchivedReport> ahead;
  bool wanted = true;
  const auto hand_over = [&] {
    std::vector<std::string> paths;
    for (const ArchivedReport& one : ahead) paths.push_back(path_of(one.name));
    const std::vector<Text> texts = read(paths, stop);
    for (std::size_t i = 0; wanted && i < ahead.size(); ++i) wanted = take(ahead[i], texts[i]);
    ahead.clear();
    return wanted;
  };
  const bool more = each_name(filter, stop, [&](const ArchivedReport& found) {
    ahead.push_back(found);
    return ahead.size() < kAhead || hand_over();
  });
  if (wanted) hand_over();
  return more;
}

void ReportArchive::each_file(const ReportFilter& filter, const Stop& stop,
                              const std::function<void(const DatedFile&, const Text&)>& take) {
  std::vector<DatedFile> ahead;
  std::vector<std::string> paths;
  const auto hand_over = [&] {
    const std::vector<Text> texts = read(paths, stop);
    for (std::size_t i = 0; i < ahead.size(); ++i) take(ahead[i], texts[i]);
    ahead.clear();
    paths.clear();
  };
  ReportFilter without_end = filter;
  without_end.until.reset();
  Days days(*store_, without_end, stop);
  while (const std::optional<std::string> day = days.next()) {
    for (std::string& file : store_->files(*day, stop)) {
      auto name = report::parse_file_name(file.substr(file.rfind('/') + 1));
      // What was pruned is told of later.
      if (!name || !wanted(*name, name->suffix == "pruned" ? without_end : filter)) continue;
      const bool in_its_folder = path_of(*name) == file;
      ahead.push_back({std::move(*name), file, in_its_folder});
      paths.push_back(std::move(file));
      if (ahead.size() >= kAhead) hand_over();
    }
  }
  hand_over();
}

std::vector<std::string> ReportArchive::targets(const Stop& stop) {
  return targets_in("latest/", stop);
}

std::vector<std::string> ReportArchive::acknowledged(const Stop& stop) {
  return targets_in("acks/", stop);
}

std::vector<std::string> ReportArchive::targets_in(const std::string& folder, const Stop& stop) {
  constexpr std::string_view kEnd = ".json";
  std::vector<std::string> targets;
  for (const std::string& file : store_->files(folder, stop)) {
    const std::string name = file.substr(folder.size());
    if (name.starts_with('.') || !name.ends_with(kEnd) || name.find('/') != std::string::npos) {
      continue;
    }
    targets.push_back(name.substr(0, name.size() - kEnd.size()));
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

std::string ReportArchive::place(const report::ReportName& name) const {
  return store_->place(path_of(name));
}

std::optional<std::string> ReportArchive::read(const report::ReportName& name, const Stop& stop) {
  return store_->read(path_of(name), stop);
}

std::vector<ReportArchive::Text> ReportArchive::read(const std::vector<std::string>& paths,
                                                     const Stop& stop) {
  constexpr std::size_t kAtOnce = 8;
  std::vector<Text> texts(paths.size());
  std::atomic<std::size_t> next{0};
  const auto read_one = [&](std::size_t i) {
    try {
      texts[i].json = store_->read(paths[i], stop);
    } catch (const Error& error) {
      // One damaged file must not hide all others; a store that gives nothing must be said at once.
      if (error.fault != Fault::kReportUnreadable) throw;
      texts[i].unreadable_because = error.what();
    }
  };
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next++) < paths.size();) read_one(i);
    } catch (...) {
      next = paths.size();  // what one was refused, the others need not ask for
      throw;
    }
  };
  std::vector<std::future<void>> workers;
  for (std::size_t i = 1; i < std::min(kAtOnce, paths.size()); ++i) {
    workers.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& worker : workers) worker.get();
  return texts;
}

std::optional<std::string> ReportArchive::latest(const std::string& target, const Stop& stop) {
  return store_->read(fmt::format("latest/{}.json", target), stop);
}

std::optional<std::string> ReportArchive::seen(const std::string& target, const std::string& key,
                                               const Stop& stop) {
  return store_->read(fmt::format("latest/seen/{}/{}.json", target, key), stop);
}

std::optional<std::string> ReportArchive::told(const std::string& target, const std::string& key,
                                               const Stop& stop) {
  return store_->read(fmt::format("latest/told/{}/{}.json", target, key), stop);
}

void ReportArchive::keep_seen(const std::string& target, const std::string& key,
                              const std::string& json, const Stop& stop) {
  store_->write(fmt::format("latest/seen/{}/{}.json", target, key), json, /*replace=*/true, stop);
}

void ReportArchive::keep_told(const std::string& target, const std::string& key,
                              const std::string& json, const Stop& stop) {
  store_->write(fmt::format("latest/told/{}/{}.json", target, key), json, /*replace=*/true, stop);
}

std::optional<report::Acknowledgement> ReportArchive::acknowledgement(const std::string& target,
                                                                      const Stop& stop) {
  // A damaged or foreign report may name anything as its target.
  if (target.find('/') != std::string::npos) return std::nullopt;
  const auto json = store_->read(fmt::format("acks/{}.json", target), stop);
  return json ? report::read_acknowledgement(*json) : std::nullopt;
}

std::string ReportArchive::acknowledge(const std::string& target,
                                       const report::Acknowledgement& given,
                                       const std::string& run_id, const Stop& stop) {
  const std::string json = report::to_json(target, given);
  const TimePoint at = given.withdrawn ? given.withdrawn->at : given.at;
  const report::ReportName name{target, at, run_id, "ack"};
  // The evidence first: an acknowledgement that silences must have been recorded.
  store_->write(path_of(name), json, /*replace=*/false, stop);
  store_->write(fmt::format("acks/{}.json", target), json, /*replace=*/true, stop);
  return store_->place(path_of(name));
}

}  // namespace drift::reporters
