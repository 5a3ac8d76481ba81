#include "reporters/report_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace drift::reporters {
namespace {

// Texts that are read ahead: reports of a thousand pending revisions are half a megabyte each.
constexpr std::size_t kAhead = 64;

// The folders of days ("2026/11/20/") that are within the filter, newest first. A month is looked
// into only when its days are wanted.
class Days {
 public:
  Days(Store& store, const ReportFilter& filter, const Stop& stop)
      : store_(store),
        stop_(stop),
        since_(filter.since ? report::dated_folder(*filter.since) : "0000/00/00"),
        until_(filter.until ? report::dated_folder(*filter.until) : "9999/99/99") {
    years_ = within("");
  }

  std::optional<std::string> next() {
    while (days_.empty()) {
      while (months_.empty()) {
        if (years_.empty()) return std::nullopt;
        months_ = within(taken(years_));
      }
      days_ = within(taken(months_));
    }
    return taken(days_);
  }

 private:
  static std::string taken(std::vector<std::string>& folders) {
    std::string last = std::move(folders.back());
    folders.pop_back();
    return last;
  }

  // Oldest first: the last is taken first.
  std::vector<std::string> within(const std::string& folder) {
    std::vector<std::string> found;
    for (const std::string& name : store_.list(folder, stop_).folders) {
      const std::string path = folder + name;
      if (report::is_part_of_date(path) && path >= since_.substr(0, path.size()) &&
          path <= until_.substr(0, path.size())) {
        found.push_back(path + "/");
      }
    }
    return found;
  }

  Store& store_;
  const Stop& stop_;
  const std::string since_, until_;
  std::vector<std::string> years_, months_, days_;
};

void add_files(Store& store, const std::string& folder, const Stop& stop,
               std::vector<std::string>& files) {
  const Store::Listing listing = store.list(folder, stop);
  for (const std::string& name : listing.files) files.push_back(folder + name);
  // Nothing of ours; whoever verifies wants to know what was put there.
  for (const std::string& name : listing.folders)
    add_files(store, folder + name + "/", stop, files);
}

// The number of a report among those of its target; 0 where it has none, or the text is damaged: a
// damaged latest is replaced, the dated reports are the evidence.
std::uint64_t sequence_of(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return 0;
  const auto found = json.find("sequence");
  return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
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
    if (name && report::is_report(*name) && wanted(*name, filter) &&
        report::dated_path(*name) == file)
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
  bool more = false;
  each_day(*store_, filter, stop, [&](const std::vector<std::string>& files) {
    for (report::ReportName& name : runs_of(files, filter)) {
      stop.check("listing reports");
      if (filter.limit && count++ == *filter.limit) {
        more = true;
        return false;
      }
      std::string place = store_->place(report::dated_path(name));
      if (!take({std::move(name), std::move(place)})) return false;
    }
    return true;
  });
  return more;
}

bool ReportArchive::each(const ReportFilter& filter, const Stop& stop,
                         const std::function<bool(const ArchivedReport&, const Text&)>& take) {
  std::vector<ArchivedReport> ahead;
  bool wanted = true;
  const auto hand_over = [&] {
    std::vector<std::string> paths;
    for (const ArchivedReport& one : ahead) paths.push_back(report::dated_path(one.name));
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
  each_day(*store_, without_end, stop, [&](const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      auto name = report::parse_file_name(file.substr(file.rfind('/') + 1));
      // What was pruned is told of later.
      if (!name || !wanted(*name, name->suffix == report::kPrunedSuffix ? without_end : filter))
        continue;
      const bool in_its_folder = report::dated_path(*name) == file;
      ahead.push_back({std::move(*name), file, in_its_folder});
      paths.push_back(file);
      if (ahead.size() >= kAhead) hand_over();
    }
    return true;
  });
  hand_over();
}

std::vector<std::string> ReportArchive::targets(const Stop& stop) {
  return targets_in(report::kLatestFolder, stop);
}

std::vector<std::string> ReportArchive::acknowledged(const Stop& stop) {
  return targets_in(report::kAcknowledgementFolder, stop);
}

std::vector<std::string> ReportArchive::targets_in(std::string_view folder, const Stop& stop) {
  std::vector<std::string> targets;
  for (const std::string& file : store_->list(std::string(folder), stop).files) {
    if (auto target = report::target_of(file)) targets.push_back(std::move(*target));
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

std::string ReportArchive::place(const report::ReportName& name) const {
  return store_->place(report::dated_path(name));
}

std::optional<std::string> ReportArchive::read(const report::ReportName& name, const Stop& stop) {
  return store_->read(report::dated_path(name), stop);
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
  return store_->read(report::latest_path(target), stop);
}

std::string ReportArchive::store(const report::ReportName& name, const std::string& json,
                                 bool latest, const Stop& stop) {
  const std::string path = report::dated_path(name);
  const std::string latest_path = report::latest_path(name.target);
  stored(path, "", [&] { store_->add(path, json, stop); });
  if (latest) {
    // By number and not by time: a clock that was ahead once would freeze the latest until then.
    const std::uint64_t number = sequence_of(json);
    const auto stays = [&](const std::string& there) {
      return number != 0 && sequence_of(there) > number;
    };
    stored(latest_path, "the report was kept, but not as the latest: ", [&] {
      store_->replace(latest_path, json, stays, stop);
    });
  }
  return store_->place(path);
}

template <typename Write>
void ReportArchive::stored(const std::string& path, std::string_view but, Write write) {
  try {
    write();
  } catch (const Error& error) {
    // A folder says itself what it cannot write.
    const std::string why =
        error.fault == Fault::kReportNotStored
            ? error.what()
            : fmt::format("cannot store the report at {}: {}", store_->place(path), error.what());
    throw Error{Fault::kReportNotStored, fmt::format("{}{}", but, why), error.hint,
                error.retryable};
  }
}

std::optional<std::string> ReportArchive::seen(const std::string& target, const std::string& key,
                                               const Stop& stop) {
  return store_->read(report::seen_path(target, key), stop);
}

std::optional<std::string> ReportArchive::told(const std::string& target, const std::string& key,
                                               const Stop& stop) {
  return store_->read(report::told_path(target, key), stop);
}

void ReportArchive::keep_seen(const std::string& target, const std::string& key,
                              const std::string& json, const Stop& stop) {
  store_->replace(report::seen_path(target, key), json, nullptr, stop);
}

void ReportArchive::keep_told(const std::string& target, const std::string& key,
                              const std::string& json, const Stop& stop) {
  store_->replace(report::told_path(target, key), json, nullptr, stop);
}

std::optional<report::Acknowledgement> ReportArchive::acknowledgement(const std::string& target,
                                                                      const Stop& stop) {
  // A damaged or foreign report may name anything as its target.
  if (target.find('/') != std::string::npos) return std::nullopt;
  const auto json = store_->read(report::acknowledgement_path(target), stop);
  return json ? report::read_acknowledgement(*json) : std::nullopt;
}

std::string ReportArchive::acknowledge(const std::string& target,
                                       const report::Acknowledgement& given,
                                       const std::string& run_id, const Stop& stop) {
  const std::string json = report::to_json(target, given);
  const TimePoint at = given.withdrawn ? given.withdrawn->at : given.at;
  const std::string path =
      report::dated_path({target, at, run_id, std::string(report::kAckSuffix)});
  // The evidence first: an acknowledgement that silences must have been recorded.
  store_->add(path, json, stop);
  store_->replace(report::acknowledgement_path(target), json, nullptr, stop);
  return store_->place(path);
}

void each_day(Store& store, const ReportFilter& filter, const Stop& stop,
              const std::function<bool(const std::vector<std::string>& files)>& take) {
  Days days(store, filter, stop);
  while (const std::optional<std::string> day = days.next()) {
    std::vector<std::string> files;
    add_files(store, *day, stop, files);
    if (!take(files)) return;
  }
}

}  // namespace drift::reporters
