#include "drift/cli/report_histories.h"

#include <fmt/format.h>

#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/check/side_by_side.h"
#include "drift/cli/report_archive_words.h"

namespace drift::cli {
namespace {

using report::StoredReport;
using report::TargetHistory;

class Reading {
 public:
  Reading(reporters::ReportArchive& archive, const Stop& stop, Log& log)
      : archive_(archive), stop_(stop), log_(log) {}

  TargetHistory latest_of(const std::string& name) {
    TargetHistory history;
    history.target = name;
    passing_over([&] {
      const auto json = archive_.latest(name, stop_);
      if (!json) return;
      history.latest = read_report(*json, fmt::format("the latest report of {}", name));
      history.latest_sha256 = aws::sha256_hex(*json);
    });
    passing_over([&] { history.acknowledgement = archive_.acknowledgement(name, stop_); });
    return history;
  }

  // What is damaged is named and passed over.
  template <typename Body>
  void passing_over(Body body) {
    try {
      body();
    } catch (const Error& error) {
      if (error.fault != Fault::kReportUnreadable) throw;
      pass_over(error.what());
    }
  }
  void pass_over(const std::string& why) {
    const std::lock_guard lock(mutex_);
    log_.warning(why);
    damaged_ = true;
  }
  bool damaged() const { return damaged_; }

 private:
  reporters::ReportArchive& archive_;
  const Stop& stop_;
  Log& log_;
  std::mutex mutex_;
  bool damaged_ = false;
};

}  // namespace

Histories read_histories(reporters::ReportArchive& archive, reporters::ReportFilter filter,
                         TimePoint now, const Stop& stop, Log& log) {
  Histories read;
  report::Period& period = read.period;
  period.since = filter.since.value_or(filter.until.value_or(now) - kSummaryTime);
  period.until = filter.until.value_or(now);
  filter.since = period.since;
  Reading reading(archive, stop, log);
  const std::vector<std::string> names =
      filter.target.empty() ? archive.targets(stop) : std::vector{filter.target};
  std::vector<TargetHistory> latest(names.size());
  std::exception_ptr failure;
  std::mutex mutex;
  check::side_by_side(names.size(), [&](std::size_t i) {
    try {
      latest[i] = reading.latest_of(names[i]);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
  std::map<std::string, TargetHistory> by_target;
  for (TargetHistory& one : latest) by_target[one.target] = std::move(one);
  TimePoint oldest = period.until;
  const bool more = archive.each(filter, stop, [&](const auto& found, const auto& text) {
    if (!text.unreadable_because.empty()) reading.pass_over(text.unreadable_because);
    if (!text.json) return true;
    reading.passing_over([&] {
      const StoredReport report = read_report(*text.json, found.place);
      oldest = report.timestamp;
      TargetHistory& history = by_target[report.target];
      history.target = report.target;
      if (!history.latest) {
        history.latest = report;
        history.latest_sha256 = aws::sha256_hex(*text.json);
      }
      history.reports.push_back(report::past_run(report, found.place));
    });
    return true;
  });
  // Nothing may be said of a time whose reports were not read.
  if (more) {
    period.since = oldest;
    period.limit_met = filter.limit;
  }
  for (auto& [name, history] : by_target) read.targets.push_back(std::move(history));
  read.damaged = reading.damaged();
  return read;
}

}  // namespace drift::cli
