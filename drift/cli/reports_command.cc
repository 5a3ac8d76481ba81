#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/nearest.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/cli/report_archive_words.h"
#include "drift/cli/time_words.h"
#include "drift/report/history_page.h"
#include "drift/report/target_history.h"

namespace drift::cli {
namespace {

using report::StoredReport;
using report::TargetHistory;

constexpr std::size_t kDefaultLimit = 50;
constexpr int kMostReports = 10'000;
constexpr std::chrono::days kSummaryTime{7};

enum class Form { kText, kJson, kHtml };

Form form_of(const config::Options& options) {
  const std::string name = options.format.value_or("text");
  if (name == "text") return Form::kText;
  if (name == "json") return Form::kJson;
  if (name == "html") return Form::kHtml;
  throw Error{Fault::kUsage, fmt::format("\"{}\" is no --format of reports", name),
              "give text, json or html"};
}

std::size_t limit_of(const config::Options& options, std::size_t otherwise) {
  if (!options.limit) return otherwise;
  const std::string& text = *options.limit;
  int limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc{} || end != text.data() + text.size() || limit < 1 ||
      limit > kMostReports) {
    throw Error{Fault::kUsage, fmt::format("\"{}\" is no --limit", text),
                fmt::format("give a whole number from 1 to {}", kMostReports)};
  }
  return static_cast<std::size_t>(limit);
}

std::optional<TimePoint> past_time(const std::optional<std::string>& text, const char* option,
                                   TimePoint now) {
  if (!text) return std::nullopt;
  const auto time = time_of(*text, now, /*ahead=*/false);
  if (time) return time;
  throw Error{Fault::kUsage, fmt::format("\"{}\" is no {}", *text, option),
              "give a date (2026-11-01), a time (2026-11-01T09:00:00Z) or a distance (7d, 36h)"};
}

class Reports {
 public:
  Reports(const Context& context, const std::vector<std::string>& words, TimePoint now,
          check::AwsAccess& aws)
      : options_(context.resolved.run),
        words_(words),
        now_(now),
        stop_(*context.stop),
        log_(*context.log),
        form_(form_of(options_)),
        archive_(open_archive(context, aws)) {}

  void list() {
    no_more_words(1);
    const reporters::ReportFilter filter = filter_of(kDefaultLimit);
    std::vector<std::pair<StoredReport, std::string>> rows = rows_of(filter);
    if (form_ == Form::kHtml) {
      write_fully(1, report::history_page(by_target(std::move(rows)), period_of(filter)));
      return;
    }
    write_fully(1, form_ == Form::kJson ? report::list_json(rows) : report::list_text(rows));
  }

  void latest() {
    no_more_words(2);
    std::vector<std::string> targets = archive_.targets(stop_);
    if (words_.size() == 2) targets = {words_[1]};
    std::vector<std::pair<StoredReport, std::string>> rows;
    for (const std::string& target : targets) {
      StoredReport read = latest_report(archive_, target, stop_);
      const report::ReportName name{read.target, read.timestamp, read.run_id, {}};
      rows.emplace_back(std::move(read), archive_.place(name));
    }
    if (form_ == Form::kHtml) {
      // A picture of the last days would be empty without the reports of those days.
      throw Error{Fault::kUsage, "latest has no --format html", "use reports summary"};
    }
    write_fully(1, form_ == Form::kJson ? report::list_json(rows) : report::list_text(rows));
  }

  // A run id, a file name or path of a report, or a target (its latest).
  void show() {
    no_more_words(2);
    if (words_.size() < 2) {
      throw Error{Fault::kUsage, "show was not told which report",
                  "give a run id, the name of a report, or a target"};
    }
    if (form_ == Form::kHtml) {
      throw Error{Fault::kUsage, "show has no --format html", "give text or json"};
    }
    const auto [json, place] = find(words_[1]);
    const StoredReport read = read_report(json, place);
    if (form_ == Form::kJson) {
      write_fully(1, json);
    } else {
      write_fully(1, report::to_text(report::as_report(read), wants_colour(1)) +
                         fmt::format("  {:<12}{}\n", "report", printable(place)));
    }
  }

  void summary() {
    no_more_words(1);
    reporters::ReportFilter filter = filter_of(kMostReports);
    if (!filter.since) filter.since = filter.until.value_or(now_) - kSummaryTime;
    std::vector<TargetHistory> targets = by_target(rows_of(filter));
    const report::Period period = period_of(filter);
    switch (form_) {
      case Form::kText: write_fully(1, report::summary_text(targets, period)); break;
      case Form::kJson: write_fully(1, report::summary_json(targets, period)); break;
      case Form::kHtml: write_fully(1, report::history_page(targets, period)); break;
    }
  }

 private:
  void no_more_words(std::size_t most) const {
    if (words_.size() <= most) return;
    throw Error{Fault::kUsage,
                fmt::format("reports {} does not know \"{}\"", words_.front(), words_[most]),
                "see schema-drift reports --help"};
  }

  reporters::ReportFilter filter_of(std::size_t limit) const {
    return {options_.target.value_or(""), past_time(options_.since, "--since", now_),
            past_time(options_.until, "--until", now_), limit_of(options_, limit)};
  }

  report::Period period_of(const reporters::ReportFilter& filter) const {
    return {filter.since.value_or(filter.until.value_or(now_) - kSummaryTime),
            filter.until.value_or(now_)};
  }

  // One damaged report must not hide all others.
  std::vector<std::pair<StoredReport, std::string>> rows_of(const reporters::ReportFilter& filter) {
    const std::vector<reporters::ArchivedReport> found = archive_.list(filter, stop_);
    const auto texts = archive_.read(found, stop_);
    std::vector<std::pair<StoredReport, std::string>> rows;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!texts[i]) continue;
      try {
        rows.emplace_back(read_report(*texts[i], found[i].place), found[i].place);
      } catch (const Error& error) {
        log_.warning(error.what());
      }
    }
    return rows;
  }

  // Every target that has a latest report, also where nothing ran in the time asked for.
  std::vector<TargetHistory> by_target(std::vector<std::pair<StoredReport, std::string>> rows) {
    std::vector<std::string> names = archive_.targets(stop_);
    if (options_.target) names = {*options_.target};
    std::vector<TargetHistory> all;
    for (const std::string& name : names) {
      TargetHistory history;
      history.target = name;
      if (const auto json = archive_.latest(name, stop_)) {
        auto read = report::read_stored_report(*json);
        if (auto* latest = std::get_if<StoredReport>(&read)) history.latest = std::move(*latest);
      }
      for (auto& [report, place] : rows) {
        if (report.target != name) continue;
        history.places.push_back(place);
        history.reports.push_back(std::move(report));
      }
      if (!history.latest && !history.reports.empty()) history.latest = history.reports.front();
      all.push_back(std::move(history));
    }
    return all;
  }

  std::pair<std::string, std::string> find(const std::string& which) {
    const std::string file = which.substr(which.rfind('/') + 1);
    if (const auto name = report::parse_file_name(file)) {
      if (auto json = archive_.read(*name, stop_)) return {std::move(*json), archive_.place(*name)};
      throw Error{Fault::kUsage, fmt::format("there is no report {}", printable(which)),
                  "schema-drift reports list shows which there are"};
    }
    constexpr std::size_t kRunId = 16;
    if (which.size() == kRunId &&
        which.find_first_not_of("0123456789abcdef") == std::string::npos) {
      reporters::ReportFilter filter = filter_of(kMostReports);
      for (const auto& found : archive_.list(filter, stop_)) {
        if (found.name.run_id != which) continue;
        if (auto json = archive_.read(found.name, stop_)) return {std::move(*json), found.place};
      }
      throw Error{Fault::kUsage, fmt::format("no report is of the run {}", which),
                  "schema-drift reports list shows which there are"};
    }
    const StoredReport latest = latest_report(archive_, which, stop_);
    const report::ReportName name{latest.target, latest.timestamp, latest.run_id, {}};
    return {archive_.latest(which, stop_).value_or(""), archive_.place(name)};
  }

  const config::Options& options_;
  const std::vector<std::string>& words_;
  const TimePoint now_;
  const Stop& stop_;
  Log& log_;
  const Form form_;
  reporters::ReportArchive archive_;
};

}  // namespace

int run_reports(const Context& context, const std::vector<std::string>& words) {
  static const std::vector<std::string> kVerbs = {"list", "show", "latest", "summary"};
  static const SystemClock clock;
  const std::string verb = words.empty() ? "list" : words.front();
  if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end()) {
    const std::string near = nearest(verb, kVerbs);
    throw Error{Fault::kUsage, fmt::format("reports does not know \"{}\"", printable(verb)),
                near.empty() ? "it knows list, show, latest and summary"
                             : fmt::format("did you mean {}?", near)};
  }
  check::AwsAccess aws(clock);
  Reports reports(context, words, clock.now(), aws);
  if (verb == "list") reports.list();
  if (verb == "show") reports.show();
  if (verb == "latest") reports.latest();
  if (verb == "summary") reports.summary();
  return 0;
}

}  // namespace drift::cli
