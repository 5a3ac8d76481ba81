#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/cli/report_archive_words.h"
#include "drift/cli/report_histories.h"
#include "drift/report/acknowledgement_standing.h"
#include "drift/report/history_page.h"
#include "drift/report/target_history.h"

namespace drift::cli {
namespace {

using report::StoredReport;
using report::TargetHistory;

constexpr std::size_t kDefaultLimit = 50;
constexpr int kMostReports = 10'000;

enum class Form { kText, kJson, kHtml };

Form form_of(const config::Options& options) {
  const std::string name = options.format.value_or("text");
  if (name == "text") return Form::kText;
  if (name == "json") return Form::kJson;
  if (name == "html") return Form::kHtml;
  throw config::unknown_choice("--format", name, "give text, json or html");
}

std::optional<std::size_t> limit_of(const config::Options& options) {
  if (!options.limit) return std::nullopt;
  return static_cast<std::size_t>(config::whole_number("--limit", *options.limit, 1, kMostReports));
}

std::optional<TimePoint> past_time(const std::optional<std::string>& text, const char* option,
                                   TimePoint now) {
  if (!text) return std::nullopt;
  const auto time = time_of(*text, now, /*ahead=*/false);
  if (time) return time;
  throw config::invalid_value(
      option, *text, "not a time",
      "give a date (2026-11-01), a time (2026-11-01T09:00:00Z) or a distance (7d, 36h)");
}

// What `show` adds: the report's place in the chain, and what it does not speak of.
std::string evidence_lines(const StoredReport& read, const std::string& json) {
  std::string text;
  for (const std::string& sentence : read.not_checked) {
    text += fmt::format("  {:<12}{}\n", "not checked", printable(sentence));
  }
  if (!read.sequence) return text;  // of a release that did not number them
  report::Report report = report::as_report(read);
  report.stored_sha256 = aws::sha256_hex(json);
  return text + fmt::format("  {:<12}{}\n", "evidence", report::evidence(report));
}

class Reports {
 public:
  Reports(const Context& context, const std::vector<std::string>& words, TimePoint now,
          check::AwsAccess& aws)
      : context_(context),
        options_(context.resolved.run),
        words_(words),
        now_(now),
        stop_(*context.stop),
        log_(*context.log),
        form_(form_of(options_)),
        archive_(open_archive(context, aws)) {}

  int list() {
    no_more_words(1);
    if (form_ == Form::kHtml) return page();
    std::vector<report::PastRun> runs;
    reporters::ReportFilter filter = filter_of();
    filter.limit = filter.limit.value_or(kDefaultLimit);
    read_runs(filter, [&](const StoredReport& report, const std::string& place, const auto&) {
      runs.push_back(report::past_run(report, place));
    });
    write_fully(1, form_ == Form::kJson ? report::list_json(runs) : report::list_text(runs));
    return exit_code_;
  }

  int latest() {
    no_more_words(2);
    if (form_ == Form::kHtml) {
      // A picture of the last days would be empty without the reports of those days.
      throw Error{Fault::kUsage, "reports latest cannot print html", "use reports summary"};
    }
    const bool one = words_.size() == 2;
    std::string sha256;
    std::vector<report::PastRun> runs;
    for (const std::string& target : one ? std::vector{words_[1]} : archive_.targets(stop_)) {
      if (one) {
        runs.push_back(past_run(latest_report(archive_, target, stop_)));
      } else if (const auto read = readable_latest(target, sha256)) {
        runs.push_back(past_run(*read));
      }
    }
    write_fully(1, form_ == Form::kJson ? report::list_json(runs) : report::list_text(runs));
    return exit_code_;
  }

  // A run id, a file name or path of a report, or a target (its latest).
  int show() {
    no_more_words(2);
    if (words_.size() < 2) {
      throw Error{Fault::kUsage, "reports show needs to know which report",
                  "give a run id, the name of a report, or a target"};
    }
    if (form_ == Form::kHtml) {
      throw Error{Fault::kUsage, "reports show cannot print html", "give text or json"};
    }
    const auto [json, place] = find(words_[1]);
    const StoredReport read = read_report(json, place);
    if (form_ == Form::kJson) {
      write_fully(1, json);
    } else {
      write_fully(1, report::to_text(report::as_report(read), wants_colour(1)) +
                         evidence_lines(read, json) + acknowledgement_of(read.target) +
                         fmt::format("  {:<12}{}\n", "report", printable(place)));
    }
    return 0;
  }

  int summary() {
    no_more_words(1);
    if (form_ == Form::kHtml) return page();
    const auto [targets, period] = histories();
    if (form_ == Form::kText) {
      write_fully(1, report::summary_text(targets, period));
    } else {
      report::summary_json(targets, period, [](std::string_view part) { write_fully(1, part); });
    }
    return exit_code_;
  }

  int verify() {
    no_more_words(2);
    if (form_ == Form::kHtml) {
      throw Error{Fault::kUsage, "reports verify cannot print html", "give text or json"};
    }
    reporters::ReportFilter filter = filter_of();
    if (words_.size() == 2) filter.target = words_[1];
    return verify_reports(context_, filter, archive_);
  }

  int prune() {
    no_more_words(1);
    if (form_ == Form::kHtml) {
      throw Error{Fault::kUsage, "reports prune cannot print html", "give text or json"};
    }
    return prune_reports(context_, now_);
  }

 private:
  // As it stands now, whatever the age of the report that is shown.
  std::string acknowledgement_of(const std::string& target) {
    const auto given = readable_acknowledgement(target);
    if (!given) return {};
    const std::optional<StoredReport> latest = cli::readable_latest(archive_, target, stop_);
    std::string text;
    for (const std::string& line :
         report::acknowledgement_lines(*given, latest ? &*latest : nullptr, now_)) {
      text += fmt::format("  {:<12}{}\n", text.empty() ? "ack" : "", line);
    }
    return text;
  }

  void no_more_words(std::size_t most) const {
    if (words_.size() <= most) return;
    throw Error{Fault::kUsage,
                fmt::format("reports {} does not know \"{}\"", words_.front(), words_[most]),
                "see schema-drift reports --help"};
  }

  int page() {
    const auto [targets, period] = histories();
    write_fully(1, report::history_page(targets, period));
    return exit_code_;
  }

  reporters::ReportFilter filter_of() const {
    return {options_.target.value_or(""), past_time(options_.since, "--since", now_),
            past_time(options_.until, "--until", now_), limit_of(options_)};
  }

  // What is damaged is named and passed over, and the exit code says that it was.
  void pass_over(const std::string& why) {
    log_.warning(why);
    exit_code_ = 2;
  }

  report::PastRun past_run(const StoredReport& latest) const {
    const report::ReportName name{latest.target, latest.timestamp, latest.run_id, {}};
    return report::past_run(latest, archive_.place(name));
  }

  // Gives the reports to `take`, newest first. Returns whether there are more than the limit.
  bool read_runs(const reporters::ReportFilter& filter,
                 const std::function<void(const StoredReport&, const std::string&,
                                          const std::string&)>& take) {
    return archive_.each(filter, stop_, [&](const auto& found, const auto& text) {
      if (!text.unreadable_because.empty()) pass_over(text.unreadable_because);
      if (!text.json) return true;
      try {
        take(read_report(*text.json, found.place), found.place, *text.json);
      } catch (const Error& error) {
        if (error.fault != Fault::kReportUnreadable) throw;
        pass_over(error.what());
      }
      return true;
    });
  }

  // Nothing of what is damaged. `sha256` becomes that of its bytes.
  std::optional<StoredReport> readable_latest(const std::string& target, std::string& sha256) {
    try {
      const auto json = archive_.latest(target, stop_);
      if (!json) return std::nullopt;
      StoredReport read = read_report(*json, fmt::format("the latest report of {}", target));
      sha256 = aws::sha256_hex(*json);
      return read;
    } catch (const Error& error) {
      if (error.fault != Fault::kReportUnreadable) throw;
      pass_over(error.what());
    }
    return std::nullopt;
  }

  std::optional<report::Acknowledgement> readable_acknowledgement(const std::string& target) {
    try {
      return archive_.acknowledgement(target, stop_);
    } catch (const Error& error) {
      if (error.fault != Fault::kReportUnreadable) throw;
      pass_over(error.what());
    }
    return std::nullopt;
  }

  std::pair<std::vector<TargetHistory>, report::Period> histories() {
    Histories read = read_histories(archive_, filter_of(), now_, stop_, log_);
    if (read.damaged) exit_code_ = 2;
    return {std::move(read.targets), read.period};
  }

  std::pair<std::string, std::string> find(const std::string& which) {
    const std::string file = which.substr(which.rfind('/') + 1);
    if (const auto name = report::parse_file_name(file)) {
      if (auto json = archive_.read(*name, stop_)) return {std::move(*json), archive_.place(*name)};
      throw Error{Fault::kUsage, fmt::format("no report {}", printable(which)),
                  "schema-drift reports list shows which there are"};
    }
    constexpr std::size_t kRunId = 16;
    if (which.size() == kRunId &&
        which.find_first_not_of("0123456789abcdef") == std::string::npos) {
      std::optional<std::pair<std::string, std::string>> found;
      archive_.each_name(filter_of(), stop_, [&](const reporters::ArchivedReport& one) {
        if (one.name.run_id != which) return true;
        if (auto json = archive_.read(one.name, stop_)) found.emplace(std::move(*json), one.place);
        return !found;
      });
      if (found) return *std::move(found);
      throw Error{Fault::kUsage, fmt::format("no report of run {}", which),
                  "schema-drift reports list shows which there are"};
    }
    const StoredReport latest = latest_report(archive_, which, stop_);
    const report::ReportName name{latest.target, latest.timestamp, latest.run_id, {}};
    return {archive_.latest(which, stop_).value_or(""), archive_.place(name)};
  }

  const Context& context_;
  const config::Options& options_;
  const std::vector<std::string>& words_;
  const TimePoint now_;
  const Stop& stop_;
  Log& log_;
  const Form form_;
  reporters::ReportArchive archive_;
  int exit_code_ = 0;
};

}  // namespace

int run_reports(const Context& context, const std::vector<std::string>& words) {
  static const std::vector<std::string> kVerbs = {"list",    "show",   "latest",
                                                  "summary", "verify", "prune"};
  static const SystemClock clock;
  const std::string verb = words.empty() ? "list" : words.front();
  if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end()) {
    const std::string near = nearest(verb, kVerbs);
    throw Error{Fault::kUsage, fmt::format("reports does not know \"{}\"", printable(verb)),
                near.empty() ? "it knows list, show, latest, summary, verify and prune"
                             : fmt::format("did you mean {}?", near)};
  }
  check::AwsAccess aws(clock);
  Reports reports(context, words, clock.now(), aws);
  if (verb == "list") return reports.list();
  if (verb == "show") return reports.show();
  if (verb == "latest") return reports.latest();
  if (verb == "verify") return reports.verify();
  if (verb == "prune") return reports.prune();
  return reports.summary();
}

}  // namespace drift::cli
