#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/report/age.h"
#include "drift/report/report.h"
#include "drift/report/report_lines.h"

namespace drift::report {
namespace {

constexpr std::size_t kSubjectCharacters = 100;
constexpr std::size_t kMostChanges = 10;
constexpr std::size_t kSentenceBytes = 2'000;
// A location may be the sentence on why there is none.
constexpr std::size_t kLocationBytes = 16 * 1024;

// What the subject says of the news in it, after the status.
std::string news(const Report& report) {
  if (!report.alert) return {};
  switch (report.alert->kind) {
    case AlertKind::kDriftChanged: return ", changed";
    case AlertKind::kDriftReminder:
    case AlertKind::kAcknowledgementExpired:
    case AlertKind::kAcknowledgementWithdrawn: {
      const auto since = first_seen(report);
      const auto known = since ? age(*since, report.timestamp) : std::nullopt;
      return known ? ", for " + *known : ", still";
    }
    case AlertKind::kCannotTellReminder: return ", still";
    case AlertKind::kCanTellAgain: return ", can tell again";
    case AlertKind::kRecovered: return ", recovered";
    default: return {};
  }
}

void add_alert_reason(std::string& text, const Report& report) {
  if (!report.alert) return;
  add_line(text, "why now", shortened(report.alert->reason, kSentenceBytes));
  const auto& changes = report.alert->changes;
  const std::size_t shown = std::min(changes.size(), kMostChanges);
  for (std::size_t i = 0; i < shown; ++i) {
    add_line(text, "changed", shortened(changes[i], kSentenceBytes));
  }
  if (changes.size() > shown) {
    add_line(text, "changed",
             fmt::format("and {} more, in the JSON report", changes.size() - shown));
  }
}

}  // namespace

verdict::Severity severity(const Report& report) {
  if (report.failure) return verdict::Severity::kCritical;
  auto gravest = verdict::Severity::kInfo;
  for (const verdict::Finding& finding : report.findings) {
    gravest = std::max(gravest, finding.severity);
  }
  return gravest;
}

std::string title(const Report& report) {
  // More than the title has room for, cut before it is looked at character by character.
  const std::string line =
      shortened(fmt::format("[schema-drift] {}: {}{}: {}", printable(report.target),
                            upper_status(report), news(report), headline(report)),
                kSubjectCharacters * 4);
  std::string_view rest = line;
  std::size_t characters = 0;
  std::size_t cut = 0;  // where the title ends when "..." must follow
  for (; !rest.empty(); ++characters) {
    if (characters == kSubjectCharacters - 3) cut = line.size() - rest.size();
    if (characters == kSubjectCharacters) return line.substr(0, cut) + "...";
    rest.remove_prefix(first_character(rest).size);
  }
  return line;
}

std::string subject(const Report& report) {
  // SNS refuses a subject that is longer, not ASCII or starts with a space.
  // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
  const std::string line = title(report);
  std::string ascii;
  for (std::string_view rest = line; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    ascii += character.code_point >= 0x20 && character.code_point < 0x7f ? rest.front() : '?';
    rest.remove_prefix(character.size);
  }
  return ascii;
}

std::string alert_text(const Report& report, const std::string& report_location) {
  std::string text = title(report) + "\n";
  add_differences(text, report, kMailBounds);
  add_alert_reason(text, report);
  add_first_seen(text, report);
  add_oldest_pending(text, report);
  add_actions(text, report, kMailBounds);
  add_line(text, "report", shortened(report_location, kLocationBytes));
  add_line(text, "run", fmt::format("{} at {}", report.run_id, rfc3339(report.timestamp)));
  add_line(text, "evidence", evidence(report));
  text += '\n';
  add_sides(text, report);
  add_pending(text, report);
  add_warnings(text, report, kMailBounds);
  return text;
}

}  // namespace drift::report
