#include "drift/report/fleet_alert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::report {
namespace {

using verdict::Status;

constexpr std::size_t kMostCauses = 20;
constexpr std::size_t kSentenceBytes = 1'000;
constexpr std::size_t kActionBytes = 1'000;

// By what a person has to do first: nobody watches a database that cannot be told about.
int badness(Status status) {
  switch (status) {
    case Status::kSynced: return 0;
    case Status::kSchemaDrift: return 1;
    case Status::kBehind: return 2;
    case Status::kUnversioned: return 3;
    case Status::kError: return 9;
    default: return 5;
  }
}

std::string upper(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return all;
}

std::string news_word(AlertKind kind) {
  switch (kind) {
    case AlertKind::kDriftChanged: return ", changed";
    case AlertKind::kDriftReminder:
    case AlertKind::kAcknowledgementExpired:
    case AlertKind::kAcknowledgementWithdrawn:
    case AlertKind::kCannotTellReminder: return ", still";
    case AlertKind::kCanTellAgain: return ", can tell again";
    case AlertKind::kRecovered: return ", recovered";
    default: return {};
  }
}

void add_line(std::string& text, std::string_view label, std::string_view value) {
  text += fmt::format("  {:<12}{}\n", label, value);
}

std::string grouped_digits(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string named(const FleetCause& cause) {
  std::string text;
  for (const std::string& target : cause.targets) {
    text += (text.empty() ? "" : ", ") + printable(target);
  }
  const std::size_t rest = cause.count - cause.targets.size();
  return rest == 0 ? text : fmt::format("{} and {} more", text, grouped_digits(rest));
}

}  // namespace

TargetNews news_of(const Report& report, const DestinationDecision& decision) {
  TargetNews news;
  news.target = report.target;
  news.status = report.status;
  news.kind = decision.kind;
  news.severity = severity(report);
  news.what = what_it_says(report);
  if (report.failure) {
    const Failure& failure = *report.failure;
    // A database's name stands in what goes wrong with it.
    const bool of_one_target = failure.stage == "production" || failure.stage == "configuration";
    news.cause = failure.stage + '\0' + failure.kind + '\0';
    if (!of_one_target) news.cause += failure.message;
    news.action = failure.hint;
  } else {
    news.cause = report.reason;
    for (const verdict::Finding& finding : report.findings) {
      news.cause += '\0' + finding.kind + '\0' + finding.fingerprint;
    }
    if (!report.findings.empty()) news.action = report.findings.front().action;
  }
  return news;
}

void group(FleetAlert& alert, std::vector<TargetNews> news) {
  alert.told = news.size();
  std::sort(news.begin(), news.end(),
            [](const TargetNews& a, const TargetNews& b) { return a.target < b.target; });
  std::map<std::tuple<Status, std::string, std::string>, FleetCause> causes;
  for (TargetNews& one : news) {
    FleetCause& cause = causes[{one.status, news_word(one.kind), one.cause}];
    ++cause.count;
    if (cause.targets.size() < kNamedTargets) cause.targets.push_back(one.target);
    if (cause.count == 1) {
      cause.first = std::move(one);
    } else if (one.what != cause.first.what) {
      cause.alike = false;
    }
  }
  alert.causes.clear();
  for (auto& [key, cause] : causes) alert.causes.push_back(std::move(cause));
  std::sort(alert.causes.begin(), alert.causes.end(), [](const FleetCause& a, const FleetCause& b) {
    return std::tuple(-badness(a.first.status), b.count, a.first.target) <
           std::tuple(-badness(b.first.status), a.count, b.first.target);
  });
}

std::string counted_statuses(const std::map<Status, std::size_t>& statuses) {
  std::vector<std::pair<Status, std::size_t>> all(statuses.begin(), statuses.end());
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return badness(a.first) < badness(b.first); });
  std::size_t targets = 0;
  std::string text;
  for (const auto& [status, count] : all) {
    if (count == 0) continue;
    targets += count;
    text += fmt::format("{} {} {}", text.empty() ? "" : ",", grouped_digits(count),
                        verdict::status_name(status));
  }
  return fmt::format("{} target{}{}{}", grouped_digits(targets), targets == 1 ? "" : "s",
                     text.empty() ? "" : ":", text);
}

std::string subject(const FleetAlert& alert) {
  std::map<Status, std::size_t> told;
  for (const FleetCause& cause : alert.causes) told[cause.first.status] += cause.count;
  std::vector<std::pair<Status, std::size_t>> worst(told.begin(), told.end());
  std::sort(worst.begin(), worst.end(),
            [](const auto& a, const auto& b) { return badness(a.first) > badness(b.first); });
  std::string text = fmt::format("[schema-drift] {} of {} targets", grouped_digits(alert.told),
                                 grouped_digits(alert.targets));
  const char* before = ": ";
  for (const auto& [status, count] : worst) {
    const std::string part =
        fmt::format("{}{} {}", before, grouped_digits(count), upper(verdict::status_name(status)));
    if (text.size() + part.size() > 100) break;
    text += part;
    before = ", ";
  }
  return text;
}

std::string alert_text(const FleetAlert& alert) {
  std::string text = subject(alert) + "\n";
  const std::size_t shown = std::min(alert.causes.size(), kMostCauses);
  for (std::size_t i = 0; i < shown; ++i) {
    const FleetCause& cause = alert.causes[i];
    const TargetNews& news = cause.first;
    add_line(text, verdict::status_name(news.status),
             fmt::format("{}{}: {}{}", counted(cause.count, "target"), news_word(news.kind),
                         shortened(news.what, kSentenceBytes),
                         cause.alike ? "" : " (and others of the kind)"));
    add_line(text, "", named(cause));
    std::string_view action = news.action;
    const std::size_t line = std::min(action.find('\n'), action.size());
    // Statements are for one database: its report has them.
    if (line > 0) add_line(text, "what to do", shortened(action.substr(0, line), kActionBytes));
  }
  if (alert.causes.size() > shown) {
    add_line(text, "",
             fmt::format("and {} more causes, in the reports", alert.causes.size() - shown));
  }
  if (!alert.why_here.empty())
    add_line(text, "why here", shortened(alert.why_here, kSentenceBytes));
  add_line(text, "all", counted_statuses(alert.statuses));
  add_line(text, "reports", shortened(alert.reports, kSentenceBytes));
  add_line(text, "run", fmt::format("{} at {}", alert.run_id, rfc3339(alert.timestamp)));
  return text;
}

verdict::Severity severity(const FleetAlert& alert) {
  auto gravest = verdict::Severity::kInfo;
  for (const FleetCause& cause : alert.causes) gravest = std::max(gravest, cause.first.severity);
  return gravest;
}

Status status(const FleetAlert& alert) {
  return alert.causes.empty() ? Status::kSynced : alert.causes.front().first.status;
}

}  // namespace drift::report
