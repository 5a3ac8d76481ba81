#include "drift/report/target_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/base/printable.h"
#include "drift/report/age.h"

namespace drift::report {
namespace {

using std::chrono::seconds;

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string day(TimePoint time) { return rfc3339(time).substr(0, 10); }

std::string minute(TimePoint time) {
  std::string text = rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

// Rows of cells as aligned columns; the last one is not padded.
std::string aligned(const std::vector<std::vector<std::string>>& rows, std::string_view indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line{indent};
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line + '\n';
  }
  return text;
}

// "7 runs: 6 synced, 1 error"
std::string runs(const TargetHistory& history) {
  if (history.reports.empty()) return "NO RUN in this time";
  std::string text = counted(history.reports.size(), "run") + ":";
  const char* separator = " ";
  for (const auto& [status, count] : runs_by_status(history)) {
    text += fmt::format("{}{} {}", separator, count, status);
    separator = ", ";
  }
  return text;
}

}  // namespace

std::vector<Stretch> stretches(const TargetHistory& history, const Period& period) {
  std::vector<Stretch> all;
  TimePoint at = period.since;
  const auto add = [&](TimePoint end, const std::string& status) {
    end = std::min(end, period.until);
    if (end <= at) return;
    all.push_back({at, end, status});
    at = end;
  };
  const auto& reports = history.reports;
  for (std::size_t i = reports.size(); i-- > 0;) {
    add(reports[i].timestamp, "");  // since the run before fell silent
    const TimePoint silent = reports[i].timestamp + kSilence;
    add(i > 0 ? std::min(reports[i - 1].timestamp, silent) : silent, reports[i].status);
  }
  add(period.until, "");
  return all;
}

std::map<std::string, std::size_t> runs_by_status(const TargetHistory& history) {
  std::map<std::string, std::size_t> counts;
  for (const StoredReport& report : history.reports) ++counts[report.status];
  return counts;
}

std::optional<TimePoint> trouble_since(const StoredReport& report) {
  const AlertState state = alert_state_of(report);
  if (report.failure) return state.failing ? state.failing->since : report.timestamp;
  if (report.status == verdict::status_name(verdict::Status::kSynced)) return std::nullopt;
  return state.drift ? state.drift->since : report.timestamp;
}

std::string in_short(const StoredReport& report) {
  if (report.failure) return "cannot tell: " + shortened(printable(report.failure->message));
  if (report.findings.empty()) return {};
  if (!report.pending.empty() && report.status == "behind") {
    return fmt::format("{} {} pending", counted(report.pending.size(), "revision"),
                       report.pending.size() == 1 ? "is" : "are");
  }
  return shortened(printable(report.findings.front().message));
}

std::string list_text(const std::vector<std::pair<StoredReport, std::string>>& reports) {
  std::vector<std::vector<std::string>> rows = {
      {"WHEN (UTC)", "TARGET", "STATUS", "ALERT", "WHAT", "REPORT"}};
  for (const auto& [report, place] : reports) {
    rows.push_back({minute(report.timestamp), printable(report.target), printable(report.status),
                    report.alert_sent ? "sent" : "-", in_short(report), printable(place)});
  }
  return aligned(rows, "");
}

std::string summary_text(const std::vector<TargetHistory>& targets, const Period& period) {
  std::size_t run_count = 0;
  std::vector<std::vector<std::string>> rows;
  std::string troubles;
  for (const TargetHistory& history : targets) {
    run_count += history.reports.size();
    const std::string status = history.latest ? printable(history.latest->status) : "unknown";
    rows.push_back({printable(history.target), status, runs(history)});
    const auto since = history.latest ? trouble_since(*history.latest) : std::nullopt;
    if (since) {
      const auto known = age(*since, period.until);
      troubles += fmt::format("  {}: {}{}: {}\n", printable(history.target), status,
                              known ? fmt::format(" since {} ({})", day(*since), *known) : "",
                              in_short(*history.latest));
    }
    if (history.latest && period.until - history.latest->timestamp > kSilence) {
      const auto known = age(history.latest->timestamp, period.until);
      troubles +=
          known ? fmt::format("  {}: nothing has run since {} ({})\n", printable(history.target),
                              rfc3339(history.latest->timestamp), *known)
                : fmt::format("  {}: the clock of its last run was wrong: {}\n",
                              printable(history.target), rfc3339(history.latest->timestamp));
    }
  }
  std::string text =
      fmt::format("schema-drift from {} to {}: {}, {}\n", day(period.since), day(period.until),
                  counted(targets.size(), "target"), counted(run_count, "run"));
  if (targets.empty()) return text + "\nthere is no report here\n";
  text += troubles.empty() ? "\nall is as it should be\n" : "\nto be looked at:\n" + troubles;
  return text + "\neach target, as it was last:\n" + aligned(rows, "  ");
}

}  // namespace drift::report
