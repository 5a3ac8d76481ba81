#include "reporters/report_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "drift/base/stop.h"
#include "drift/report/report.h"

namespace drift::reporters {
namespace {

bool is_number(const std::string& text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789") == std::string::npos;
}

// "2026/11/", newest first, of the store's folders that are months and within the filter.
class Months {
 public:
  Months(ReportStore& store, const ReportFilter& filter, const Stop& stop)
      : store_(store), stop_(stop) {
    since_ = filter.since ? basic_timestamp(*filter.since).substr(0, 6) : "000000";
    until_ = filter.until ? basic_timestamp(*filter.until).substr(0, 6) : "999999";
    for (const std::string& year : store.folders("", stop)) {
      if (is_number(year, 4) && year >= since_.substr(0, 4) && year <= until_.substr(0, 4)) {
        years_.push_back(year);
      }
    }
  }

  std::optional<std::string> next() {
    while (months_.empty()) {
      if (years_.empty()) return std::nullopt;
      const std::string year = std::move(years_.back());
      years_.pop_back();
      for (const std::string& month : store_.folders(year + "/", stop_)) {
        if (is_number(month, 2) && year + month >= since_ && year + month <= until_) {
          months_.push_back(fmt::format("{}/{}/", year, month));
        }
      }
    }
    std::string month = std::move(months_.back());
    months_.pop_back();
    return month;
  }

 private:
  ReportStore& store_;
  const Stop& stop_;
  std::string since_, until_;
  std::vector<std::string> years_, months_;  // oldest first
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
void add_month(std::vector<report::ReportName>& found, const std::vector<std::string>& files,
               const ReportFilter& filter) {
  std::vector<report::ReportName> names;
  for (const std::string& file : files) {
    auto name = report::parse_file_name(file.substr(file.rfind('/') + 1));
    if (name && wanted(*name, filter) && path_of(*name) == file) names.push_back(std::move(*name));
  }
  std::sort(names.begin(), names.end(),
            [](const report::ReportName& a, const report::ReportName& b) {
              return std::tie(b.timestamp, a.target, a.run_id, b.suffix) <
                     std::tie(a.timestamp, b.target, b.run_id, a.suffix);
            });
  for (report::ReportName& name : names) {
    const bool second = !found.empty() && found.back().run_id == name.run_id &&
                        found.back().target == name.target &&
                        found.back().timestamp == name.timestamp;
    if (!second) found.push_back(std::move(name));
  }
}

}  // namespace

std::vector<ArchivedReport> ReportArchive::list(const ReportFilter& filter, const Stop& stop) {
  std::vector<report::ReportName> found;
  Months months(*store_, filter, stop);
  while (found.size() < filter.limit) {
    const std::optional<std::string> month = months.next();
    if (!month) break;
    add_month(found, store_->files(*month, stop), filter);
  }
  if (found.size() > filter.limit) found.resize(filter.limit);
  std::vector<ArchivedReport> reports;
  for (report::ReportName& name : found) {
    std::string place = store_->place(path_of(name));
    reports.push_back({std::move(name), std::move(place)});
  }
  return reports;
}

std::vector<std::string> ReportArchive::targets(const Stop& stop) {
  constexpr std::string_view kFolder = "latest/";
  constexpr std::string_view kEnd = ".json";
  std::vector<std::string> targets;
  for (const std::string& file : store_->files(std::string(kFolder), stop)) {
    const std::string name = file.substr(kFolder.size());
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

std::vector<std::optional<std::string>> ReportArchive::read(
    const std::vector<ArchivedReport>& reports, const Stop& stop) {
  constexpr std::size_t kAtOnce = 8;
  std::vector<std::optional<std::string>> texts(reports.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next++) < reports.size();) texts[i] = read(reports[i].name, stop);
    } catch (...) {
      next = reports.size();  // what one was refused, the others need not ask for
      throw;
    }
  };
  std::vector<std::future<void>> workers;
  for (std::size_t i = 1; i < std::min(kAtOnce, reports.size()); ++i) {
    workers.push_back(std::async(std::launch::async, work));
  }
  work();
  for (std::future<void>& worker : workers) worker.get();
  return texts;
}

std::optional<std::string> ReportArchive::latest(const std::string& target, const Stop& stop) {
  return store_->read(fmt::format("latest/{}.json", target), stop);
}

std::optional<report::Acknowledgement> ReportArchive::acknowledgement(const std::string& target,
                                                                      const Stop& stop) {
  const auto json = store_->read(fmt::format("acks/{}.json", target), stop);
  return json ? report::read_acknowledgement(*json) : std::nullopt;
}

std::string ReportArchive::acknowledge(const std::string& target,
                                       const report::Acknowledgement& given,
                                       const std::string& run_id, const Stop& stop) {
  const std::string json = report::to_json(target, given);
  const report::ReportName name{target, given.at, run_id, "ack"};
  // The evidence first: an acknowledgement that silences must have been recorded.
  store_->write(path_of(name), json, /*replace=*/false, stop);
  store_->write(fmt::format("acks/{}.json", target), json, /*replace=*/true, stop);
  return store_->place(path_of(name));
}

}  // namespace drift::reporters
