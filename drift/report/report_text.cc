#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "drift/base/printable.h"
#include "drift/report/report.h"

namespace drift::report {
namespace {

using verdict::Status;

// A report of a database that is years behind must still be read on a telephone.
constexpr std::size_t kMostPendingShown = 20;

// Select Graphic Rendition, ECMA-48 8.3.117.
std::string_view colour_of(Status status) {
  switch (status) {
    case Status::kSynced: return "\x1b[32m";
    case Status::kBehind:
    case Status::kUnversioned: return "\x1b[33m";
    default: return "\x1b[31m";
  }
}

std::string comma_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    if (!text.empty()) text += ", ";
    text += printable(value);
  }
  return text.empty() ? "none" : text;
}

std::string headline(const Report& report) {
  const std::size_t pending = report.pending.size();
  switch (report.status) {
    case Status::kSynced: return "production has every migration of this ref";
    case Status::kBehind:
      return fmt::format("{} revision{} pending", pending, pending == 1 ? " is" : "s are");
    case Status::kUnknownRevision: return "production has a revision that this ref does not have";
    case Status::kUnversioned:
      return report.reason == "table_missing" ? "there is no version table"
                                              : "the version table is empty";
    case Status::kInconsistent: return "the rows of the version table contradict each other";
    case Status::kError:
      return report.failure ? "cannot tell: " + printable(report.failure->message) : "cannot tell";
  }
  return "cannot tell";
}

// The oldest commit that brought a pending revision: production cannot have been in step since.
const PendingRevision* oldest_pending(const Report& report) {
  const PendingRevision* oldest = nullptr;
  for (const PendingRevision& revision : report.pending) {
    if (!revision.committed_at) continue;
    if (oldest == nullptr || *revision.committed_at < *oldest->committed_at) oldest = &revision;
  }
  return oldest;
}

std::string since(const Report& report) {
  const PendingRevision* oldest = oldest_pending(report);
  if (oldest == nullptr) return {};
  const auto days = std::chrono::floor<std::chrono::days>(report.timestamp - *oldest->committed_at);
  return fmt::format("{} ({} day{} ago), when {} was committed", rfc3339(*oldest->committed_at),
                     days.count(), days.count() == 1 ? "" : "s", printable(oldest->revision));
}

void add_line(std::string& text, std::string_view label, std::string_view value) {
  if (!value.empty()) text += fmt::format("  {:<12}{}\n", label, value);
}

std::string where_in_repository(const Report& report) {
  const Repository& repository = report.repository;
  std::string text = fmt::format("{} at {}", printable(repository.url),
                                 repository.ref.empty() ? "HEAD" : printable(repository.ref));
  if (repository.commit) {
    text += fmt::format(" ({}", repository.commit->substr(0, 12));
    if (repository.committed_at) text += ", committed " + rfc3339(*repository.committed_at);
    text += ")";
  }
  return text;
}

std::string where_in_production(const Report& report) {
  const Production& production = report.production;
  if (production.database.empty()) return {};  // `pending`: rows without a database
  if (!production.version_table) return printable(production.database);
  return fmt::format("{}, {}", printable(production.database),
                     printable(*production.version_table));
}

void add_pending(std::string& text, const Report& report) {
  if (report.pending.empty()) return;
  add_line(text, "pending", "in upgrade order:");
  const std::size_t shown = std::min(report.pending.size(), kMostPendingShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const PendingRevision& revision = report.pending[i];
    text += fmt::format("    {}", printable(revision.revision));
    if (!revision.message.empty()) text += "  " + printable(revision.message);
    if (revision.committed_at) {
      text += fmt::format("  ({}, {})", rfc3339(*revision.committed_at).substr(0, 10),
                          printable(revision.author.value_or("unknown author")));
    }
    text += '\n';
  }
  if (report.pending.size() > shown) {
    text += fmt::format("    and {} more, all in the JSON report\n", report.pending.size() - shown);
  }
}

// Messages and actions are our own sentences around names that are not, and an action may hold an
// SQL statement on lines of its own: lines are kept, everything else is escaped.
void add_block(std::string& text, std::string_view label, std::string_view lines) {
  bool first = true;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    add_line(text, first ? label : "", printable(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    first = false;
  }
}

void add_findings(std::string& text, const Report& report) {
  for (const verdict::Finding& finding : report.findings) {
    add_block(text, "finding", finding.message);
    add_block(text, "what to do", finding.action);
  }
  if (report.failure && !report.failure->hint.empty()) {
    add_block(text, "what to do", report.failure->hint);
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

// What the subject says of the news in it, after the status.
std::string news(const Report& report) {
  if (!report.alert) return {};
  switch (report.alert->kind) {
    case AlertKind::kDriftChanged: return ", changed";
    case AlertKind::kDriftReminder:
    case AlertKind::kAcknowledgementExpired:
    case AlertKind::kAcknowledgementWithdrawn: {
      const auto since =
          report.alert->seen.drift ? report.alert->seen.drift->first.at : report.timestamp;
      const auto days = std::chrono::floor<std::chrono::days>(report.timestamp - since);
      if (days.count() < 0) return ", still";
      return fmt::format(", for {} day{}", days.count(), days.count() == 1 ? "" : "s");
    }
    case AlertKind::kCannotTellReminder: return ", still";
    case AlertKind::kCanTellAgain: return ", can tell again";
    case AlertKind::kRecovered: return ", recovered";
    default: return {};
  }
}

void add_alert_reason(std::string& text, const Report& report) {
  if (!report.alert) return;
  add_line(text, "why now", report.alert->reason);
  for (const std::string& change : report.alert->changes) add_line(text, "changed", change);
}

std::string body(const Report& report) {
  std::string text;
  add_line(text, "repository", where_in_repository(report));
  add_line(text, "production", where_in_production(report));
  if (report.codebase_heads) add_line(text, "heads", comma_list(*report.codebase_heads));
  if (report.production_versions) {
    add_line(text, "applied", comma_list(*report.production_versions));
  }
  add_line(text, "since", since(report));
  add_pending(text, report);
  add_findings(text, report);
  for (const std::string& warning : report.warnings) add_block(text, "warning", warning);
  return text;
}

}  // namespace

std::string to_text(const Report& report, bool colour) {
  const std::string status = upper(verdict::status_name(report.status));
  const std::string shown =
      colour ? fmt::format("{}{}\x1b[0m", colour_of(report.status), status) : status;
  std::string text =
      fmt::format("{}: {}: {}\n", printable(report.target), shown, headline(report)) + body(report);
  // Whoever waits for the mail should know that there is none.
  if (report.alert && !report.alert->destinations.empty() && !report.alert->send &&
      report.status != Status::kSynced) {
    add_line(text, "no alert", report.alert->reason);
  }
  return text;
}

verdict::Severity severity(const Report& report) {
  if (report.failure) return verdict::Severity::kCritical;
  auto gravest = verdict::Severity::kInfo;
  for (const verdict::Finding& finding : report.findings) {
    gravest = std::max(gravest, finding.severity);
  }
  return gravest;
}

std::string subject(const Report& report) {
  const std::string line =
      fmt::format("[schema-drift] {}: {}{}: {}", report.target,
                  upper(verdict::status_name(report.status)), news(report), headline(report));
  // SNS refuses a subject that is longer, not ASCII or starts with a space.
  // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
  std::string ascii;
  for (const char c : line.substr(0, 100)) ascii += c >= 0x20 && c < 0x7f ? c : '?';
  return ascii;
}

std::string alert_text(const Report& report, const std::string& report_location) {
  std::string text = subject(report) + "\n";
  add_alert_reason(text, report);
  text += body(report);
  add_line(text, "report", printable(report_location));
  add_line(text, "run", fmt::format("{} at {}", report.run_id, rfc3339(report.timestamp)));
  add_line(text, "evidence", evidence(report));
  return text;
}

}  // namespace drift::report
