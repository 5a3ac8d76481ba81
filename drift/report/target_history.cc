#include "drift/report/target_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/acknowledgement_standing.h"
#include "drift/report/age.h"
#include "drift/report/report_json.h"

namespace drift::report {
namespace {

using std::chrono::seconds;

std::string day(TimePoint time) { return rfc3339(time).substr(0, 10); }

// A report is stored before its alert is sent, so it can say that one was due, never that it
// arrived.
std::string_view alert_word(const PastRun& run) {
  if (!run.alert_due) return "-";
  return run.undelivered.empty() ? "due" : "undelivered";
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

// "7 runs: 6 synced, 1 error; 1 night missed"
std::string runs(const TargetHistory& history, const Period& period) {
  if (history.reports.empty()) return "NO RUN in this time";
  std::string text = counted(history.reports.size(), "run") + ":";
  const char* separator = " ";
  for (const auto& [status, count] : runs_by_status(history)) {
    text += fmt::format("{}{} {}", separator, count, status);
    separator = ", ";
  }
  const std::size_t missed = missed_nights(history, period);
  if (missed > 0) text += "; " + counted(missed, "night") + " missed";
  return text;
}

using Json = nlohmann::ordered_json;

Json row(const PastRun& run) {
  Json drift;
  if (run.could_tell) drift = run.status != "synced";
  return {{"timestamp", rfc3339(run.timestamp)},
          {"run_id", run.run_id},
          {"target", run.target},
          {"status", run.status},
          {"drift_detected", std::move(drift)},
          {"since", run.since ? Json(rfc3339(*run.since)) : Json(nullptr)},
          {"what", run.what},
          {"pending", run.pending},
          {"alert", {{"kind", run.alert_kind}, {"due", run.alert_due}}},
          {"undelivered", run.undelivered},
          {"duration_ms", run.duration_ms},
          {"report", run.place}};
}

Json target_json(const TargetHistory& history, const Period& period) {
  Json target;
  target["target"] = history.target;
  target["latest"] = history.latest ? row(past_run(*history.latest, "")) : Json(nullptr);
  if (history.latest) {
    target["latest"].erase("report");
    const std::uint64_t sequence = history.latest->sequence.value_or(0);
    target["latest"]["sequence"] = sequence == 0 ? Json(nullptr) : Json(sequence);
    target["latest"]["sha256"] = history.latest_sha256;
  }
  target["runs"] = runs_by_status(history);
  target["missed_nights"] = missed_nights(history, period);
  target["acknowledgement"] = nullptr;
  if (history.acknowledgement) {
    const Acknowledgement& given = *history.acknowledgement;
    const StoredReport* latest = history.latest ? &*history.latest : nullptr;
    Json acknowledgement;
    acknowledgement["state"] = standing_name(standing_of(given, latest, period.until));
    acknowledgement.update(acknowledgement_json(given));
    target["acknowledgement"] = std::move(acknowledgement);
  }
  target["reports"] = Json::array();
  for (const PastRun& run : history.reports) target["reports"].push_back(row(run));
  return target;
}

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    result.append(4, ' ').append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return result;
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

std::size_t missed_nights(const TargetHistory& history, const Period& period) {
  using std::chrono::days;
  constexpr std::chrono::hours kSlack = kSilence - days{1};
  const auto whole_days = [](seconds span) {
    return static_cast<std::size_t>(std::max<std::int64_t>(span / days{1}, 0));
  };
  std::size_t missed = 0;
  const auto& reports = history.reports;
  for (std::size_t i = 1; i < reports.size(); ++i) {
    const seconds between = reports[i - 1].timestamp - reports[i].timestamp;
    // The run that ended the silence was that of its own night, early or late.
    if (between > kSilence) missed += whole_days(between + kSlack) - 1;
  }
  if (!history.latest && reports.empty()) return missed;
  const TimePoint last = reports.empty() ? history.latest->timestamp : reports.front().timestamp;
  missed += whole_days(period.until - last - kSlack);
  if (last < period.since) missed -= std::min(missed, whole_days(period.since - last - kSlack));
  return missed;
}

std::string minute_text(TimePoint time) {
  std::string text = rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

bool is_silent(const TargetHistory& history, const Period& period) {
  return !history.latest || period.until - history.latest->timestamp > kSilence;
}

bool tells_acknowledgement(const TargetHistory& history, const Period& period) {
  if (!history.acknowledgement) return false;
  const Acknowledgement& given = *history.acknowledgement;
  if (history.latest && trouble_since(*history.latest)) return true;
  const TimePoint last = given.withdrawn ? std::max(given.withdrawn->at, given.at) : given.until;
  return last >= period.since && given.at < period.until;
}

std::map<std::string, std::size_t> runs_by_status(const TargetHistory& history) {
  std::map<std::string, std::size_t> counts;
  for (const PastRun& run : history.reports) ++counts[run.status];
  return counts;
}

std::optional<TimePoint> trouble_since(const StoredReport& report) {
  const Seen seen = seen_in(report);
  if (report.failure) return seen.failing ? seen.failing->first.at : report.timestamp;
  if (report.status == verdict::status_name(verdict::Status::kSynced)) return std::nullopt;
  return seen.drift ? seen.drift->first.at : report.timestamp;
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

PastRun past_run(const StoredReport& report, std::string place) {
  PastRun run;
  run.timestamp = report.timestamp;
  run.run_id = report.run_id;
  run.target = report.target;
  run.status = report.status;
  run.could_tell = !report.failure;
  run.since = trouble_since(report);
  run.what = in_short(report);
  run.pending = report.pending.size();
  run.alert_kind = report.alert_kind;
  run.alert_due = report.alert_due;
  run.undelivered = report.undelivered;
  run.duration_ms = report.duration_ms;
  run.place = std::move(place);
  return run;
}

std::string evidence(const TargetHistory& history) {
  if (!history.latest || history.latest_sha256.empty()) return {};
  Report report = as_report(*history.latest);
  report.stored_sha256 = history.latest_sha256;
  return evidence(report);
}

std::string limit_sentence(const Period& period) {
  if (!period.limit_met) return {};
  return fmt::format("only the newest {} were read (--limit {})",
                     counted(*period.limit_met, "report"), *period.limit_met);
}

std::string list_text(const std::vector<PastRun>& runs) {
  std::vector<std::vector<std::string>> rows = {
      {"WHEN (UTC)", "TARGET", "STATUS", "ALERT", "WHAT", "REPORT"}};
  for (const PastRun& run : runs) {
    rows.push_back({minute_text(run.timestamp), printable(run.target), printable(run.status),
                    std::string(alert_word(run)), run.what, printable(run.place)});
  }
  return aligned(rows, "");
}

std::string summary_text(const std::vector<TargetHistory>& targets, const Period& period) {
  std::size_t run_count = 0;
  std::vector<std::vector<std::string>> rows;
  std::string troubles;
  std::string acknowledged;
  for (const TargetHistory& history : targets) {
    run_count += history.reports.size();
    const std::string status = history.latest ? printable(history.latest->status) : "unknown";
    rows.push_back({printable(history.target), status, runs(history, period)});
    if (tells_acknowledgement(history, period)) {
      const Acknowledgement& given = *history.acknowledgement;
      acknowledged += fmt::format(
          "  {}: {}; by {}: {}\n", printable(history.target),
          standing_text(given, history.latest ? &*history.latest : nullptr, period.until),
          printable(given.by), printable(given.reason));
    }
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
  if (period.limit_met) text += limit_sentence(period) + "\n";
  if (targets.empty()) return text + "\nthere is no report here\n";
  text += troubles.empty() ? "\nall is as it should be\n" : "\nto be looked at:\n" + troubles;
  if (!acknowledged.empty()) text += "\nacknowledged:\n" + acknowledged;
  text += "\neach target, as it was last:\n" + aligned(rows, "  ");
  std::vector<std::vector<std::string>> anchors;
  for (const TargetHistory& history : targets) {
    if (history.latest) anchors.push_back({printable(history.target), evidence(history)});
  }
  if (anchors.empty()) return text;
  return text + "\nevidence, for `reports verify --anchor`:\n" + aligned(anchors, "  ");
}

std::string list_json(const std::vector<PastRun>& runs) {
  Json rows = Json::array();
  for (const PastRun& run : runs) rows.push_back(row(run));
  return rows.dump(2) + "\n";
}

void summary_json(const std::vector<TargetHistory>& targets, const Period& period,
                  const std::function<void(std::string_view)>& write) {
  Json document;
  document["since"] = rfc3339(period.since);
  document["until"] = rfc3339(period.until);
  document["limit_met"] = period.limit_met ? Json(*period.limit_met) : Json(nullptr);
  document["targets"] = Json::array();
  // All but the end of the empty list: "[]", a line end and "}".
  std::string text = document.dump(2);
  write(std::string_view(text).substr(0, text.size() - 3));
  const char* separator = "\n";
  for (const TargetHistory& history : targets) {
    write(separator + indented(target_json(history, period).dump(2)));
    separator = ",\n";
  }
  write(targets.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace drift::report
