#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/age.h"
#include "drift/report/report.h"
#include "drift/report/tenants.h"

namespace drift::report {
namespace {

// A report as lines for people: a label of twelve columns, then the text. Text from repositories,
// databases and servers is made printable.

using verdict::Status;

// How much of what others wrote is shown. What is left out stands in the JSON report, and the lines
// say so.
struct Bounds {
  std::size_t findings;  // how many
  std::size_t message;   // bytes of a finding's or a failure's message, and of what to do about it
  std::size_t all;  // bytes of all messages, or of all that is to be done, before no more follow
  std::size_t warnings;  // how many
};
// Of a mail: the whole message of any failure, and far less than the 256 KiB that SNS takes.
constexpr Bounds kMailBounds{25, 16 * 1024, 32 * 1024, 20};
// Of a terminal, where nothing comes after it: statements of findings are to be copied whole.
constexpr Bounds kTerminalBounds{1'000, 1 << 20, 16 << 20, 1'000};

// A report of a database that is years behind must still be read on a telephone.
constexpr std::size_t kMostPendingShown = 20;
constexpr std::size_t kMostIdsShown = 20;
// A name or a title; a docstring may have any length.
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kTitleBytes = 200;
constexpr std::size_t kWarningBytes = 1'000;
constexpr std::size_t kPlaceBytes = 1'000;
constexpr std::string_view kCutHere = "[cut here: the JSON report has the rest]";

std::string name(std::string_view text) { return shortened(text, kNameBytes); }

std::string comma_list(const std::vector<std::string>& values) {
  std::string text;
  const std::size_t shown = std::min(values.size(), kMostIdsShown);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + name(values[i]);
  if (values.size() > shown) text += fmt::format(" and {} more", values.size() - shown);
  return text.empty() ? "none" : text;
}

// Of those whose date can be true.
const PendingRevision* oldest_pending(const Report& report) {
  const PendingRevision* oldest = nullptr;
  for (const PendingRevision& revision : report.pending) {
    if (!revision.committed_at) continue;
    if (!can_have_been(*revision.committed_at, report.timestamp)) continue;
    if (oldest == nullptr || *revision.committed_at < *oldest->committed_at) oldest = &revision;
  }
  return oldest;
}

std::string where_in_repository(const Report& report) {
  const Repository& repository = report.repository;
  std::string text =
      fmt::format("{} at {}", shortened(repository.url, kPlaceBytes),
                  repository.ref.empty() ? "HEAD" : shortened(repository.ref, kPlaceBytes));
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
  const std::string database = shortened(production.database, kPlaceBytes);
  if (!production.version_table) return database;
  return fmt::format("{}, {}", database, shortened(*production.version_table, kPlaceBytes));
}

void add_line(std::string& text, std::string_view label, std::string_view value) {
  if (!value.empty()) text += fmt::format("  {:<12}{}\n", label, value);
}

// Messages and actions are our own sentences around names that are not, and an action may hold an
// SQL statement on lines of its own: lines are kept, everything else is escaped. A statement is cut
// between two of them, so that half a statement is never taken for a whole one.
void add_block(std::string& text, std::string_view label, std::string_view lines,
               std::size_t most) {
  std::size_t left = most;
  for (bool first = true; !lines.empty(); first = false) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string line = shortened(lines.substr(0, end), first ? most : end * 6);
    if (!first && line.size() > left) {
      add_line(text, "", kCutHere);
      return;
    }
    left -= std::min(left, line.size());
    add_line(text, first ? label : "", line);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void add_rest(std::string& text, std::string_view label, std::size_t rest, std::string_view what) {
  if (rest == 0) return;
  add_line(text, label,
           fmt::format("and {}, in the JSON report", counted(rest, fmt::format("more {}", what))));
}

// "3 revisions are pending", "cannot tell: connection refused".
std::string headline(const Report& report) {
  if (report.tenants && report.status != Status::kError) return tenants_in_short(*report.tenants);
  const std::size_t pending = report.pending.size();
  switch (report.status) {
    case Status::kSynced: return "production has every migration of this ref";
    case Status::kBehind:
      return fmt::format("{} {} pending", counted(pending, "revision"),
                         pending == 1 ? "is" : "are");
    case Status::kAhead: return "production is ahead of this ref";
    case Status::kDiverged:
      return fmt::format("production and this ref have parted, and {} {} pending",
                         counted(pending, "revision"), pending == 1 ? "is" : "are");
    case Status::kUnknownRevision: return "production has a revision that this ref does not have";
    case Status::kUnversioned:
      return report.reason == "table_missing" ? "there is no version table"
                                              : "the version table is empty";
    case Status::kInconsistent: return "the rows of the version table contradict each other";
    case Status::kSchemaDrift:
      return report.schema ? fmt::format("{} from the schema of this revision",
                                         counted(report.schema->failing, "difference"))
                           : "the schema is not that of its revision";
    case Status::kError:
      return report.failure
                 ? "cannot tell: " + shortened(report.failure->message, kTerminalBounds.message)
                 : "cannot tell";
  }
  return "cannot tell";
}

std::string upper_status(const Report& report) {
  std::string text{verdict::status_name(report.status)};
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// Repository and production, the heads and what is applied.
void add_sides(std::string& text, const Report& report) {
  add_line(text, "repository", where_in_repository(report));
  add_line(text, "production", where_in_production(report));
  if (report.codebase_heads) add_line(text, "heads", comma_list(*report.codebase_heads));
  if (report.production_versions) {
    add_line(text, "applied", comma_list(*report.production_versions));
  }
}

// Of what was asked for or found; a database in good health of which nobody wanted more has none.
constexpr std::size_t kMostHealthShown = 5;

void add_schema(std::string& text, const Report& report) {
  if (!report.schema) return;
  const SchemaSection& schema = *report.schema;
  if (schema.compared()) add_line(text, "schema", in_words(schema));
  const auto& findings = schema.health.findings;
  const std::size_t all = health_findings(schema).value_or(0);
  const std::size_t shown = std::min(findings.size(), kMostHealthShown);
  for (std::size_t i = 0; i < shown; ++i) {
    add_line(text, "health",
             fmt::format("{}: {}", findings[i].severity, shortened(findings[i].message, 300)));
  }
  if (all > shown) {
    add_line(text, "health", fmt::format("and {} more, in the JSON report", all - shown));
  }
}

void add_tenants(std::string& text, const Report& report) {
  if (report.tenants) add_line(text, "tenants", tenants_in_short(*report.tenants));
}

// Nothing where this run is the first that saw the drift, or where a clock must have been wrong.
void add_first_seen(std::string& text, const Report& report) {
  const auto since = first_seen(report);
  const auto ago = since ? age(*since, report.timestamp) : std::nullopt;
  if (ago) add_line(text, "first seen", fmt::format("{} ({} ago)", rfc3339(*since), *ago));
}

// The commit that brought the oldest revision which is known to be pending. That is no time since
// when production lags: a commit may be older than its merge.
void add_oldest_pending(std::string& text, const Report& report) {
  // Where nothing tells what is applied, nothing tells what is pending.
  if (report.status == Status::kUnversioned) return;
  const PendingRevision* oldest = oldest_pending(report);
  if (oldest == nullptr) return;
  std::string line = fmt::format("{} was committed {} ({} ago)", name(oldest->revision),
                                 rfc3339(*oldest->committed_at),
                                 time_span(report.timestamp - *oldest->committed_at));
  const auto& arrived = oldest->arrived_at;
  if (arrived && oldest->arrived_with != oldest->commit &&
      can_have_been(*arrived, report.timestamp)) {
    line += fmt::format(" and came to this ref {} ({} ago)", rfc3339(*arrived),
                        time_span(report.timestamp - *arrived));
  }
  add_line(text, "oldest", line);
}

void add_pending(std::string& text, const Report& report) {
  if (report.pending.empty()) return;
  add_line(text, "pending", "in upgrade order:");
  const std::size_t shown = std::min(report.pending.size(), kMostPendingShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const PendingRevision& revision = report.pending[i];
    text += fmt::format("    {}", name(revision.revision));
    if (!revision.message.empty()) text += "  " + shortened(revision.message, kTitleBytes);
    if (revision.committed_at) {
      text += fmt::format("  ({}, {})", rfc3339(*revision.committed_at).substr(0, 10),
                          name(revision.author.value_or("unknown author")));
    }
    text += '\n';
  }
  if (report.pending.size() > shown) {
    text += fmt::format("    and {} more, all in the JSON report\n", report.pending.size() - shown);
  }
}

// What differs, or the whole failure with its kind; without what to do about it.
void add_differences(std::string& text, const Report& report, const Bounds& bounds) {
  if (report.failure) {
    const Failure& failure = *report.failure;
    add_line(text, "failure", shortened(failure.message, bounds.message));
    add_line(text, "kind", fmt::format("{}, of {}", name(failure.kind), name(failure.stage)));
  }
  const std::size_t most = std::min(report.findings.size(), bounds.findings);
  const std::size_t before = text.size();
  std::size_t shown = 0;
  for (; shown < most && text.size() - before <= bounds.all; ++shown) {
    add_block(text, "finding", report.findings[shown].message, bounds.message);
  }
  add_rest(text, "finding", report.findings.size() - shown, "finding");
}

// What to do about that, in the same order.
void add_actions(std::string& text, const Report& report, const Bounds& bounds) {
  if (report.failure) add_block(text, "what to do", report.failure->hint, bounds.message);
  const std::size_t before = text.size();
  const std::size_t most = std::min(report.findings.size(), bounds.findings);
  std::set<std::string_view> told;  // twenty rows of one kind have one thing to be done about them
  for (std::size_t i = 0; i < most; ++i) {
    const std::string& action = report.findings[i].action;
    if (!told.insert(action).second) continue;
    if (text.size() - before > bounds.all) {
      add_line(text, "what to do", kCutHere);
      return;
    }
    add_block(text, "what to do", action, bounds.message);
  }
}

// Each finding with what to do about it, then what to do about a failure.
void add_findings(std::string& text, const Report& report, const Bounds& bounds) {
  const std::size_t shown = std::min(report.findings.size(), bounds.findings);
  for (std::size_t i = 0; i < shown; ++i) {
    add_block(text, "finding", report.findings[i].message, bounds.message);
    add_block(text, "what to do", report.findings[i].action, bounds.message);
  }
  add_rest(text, "finding", report.findings.size() - shown, "finding");
  if (report.failure) add_block(text, "what to do", report.failure->hint, bounds.message);
}

void add_warnings(std::string& text, const Report& report, const Bounds& bounds) {
  const std::size_t shown = std::min(report.warnings.size(), bounds.warnings);
  for (std::size_t i = 0; i < shown; ++i) {
    add_block(text, "warning", report.warnings[i], std::min(bounds.message, kWarningBytes));
  }
  add_rest(text, "warning", report.warnings.size() - shown, "warning");
}

// Select Graphic Rendition, ECMA-48 8.3.117.
std::string_view colour_of(Status status) {
  switch (status) {
    case Status::kSynced: return "\x1b[32m";
    case Status::kBehind:
    case Status::kUnversioned: return "\x1b[33m";
    default: return "\x1b[31m";
  }
}

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

std::optional<TimePoint> first_seen(const Report& report) {
  if (!report.alert) return std::nullopt;
  const Seen& seen = report.alert->seen;
  std::optional<TimePoint> since;
  if (report.failure) {
    if (seen.failing) since = seen.failing->first.at;
  } else if (seen.drift) {
    since = seen.drift->first.at;
  }
  if (!since || *since == report.timestamp) return std::nullopt;
  return since;
}

std::string to_text(const Report& report, bool colour) {
  const std::string status = upper_status(report);
  const std::string shown =
      colour ? fmt::format("{}{}\x1b[0m", colour_of(report.status), status) : status;
  std::string text = fmt::format("{}: {}: {}\n", printable(report.target), shown, headline(report));
  add_sides(text, report);
  add_tenants(text, report);
  add_schema(text, report);
  add_first_seen(text, report);
  add_oldest_pending(text, report);
  add_pending(text, report);
  add_findings(text, report, kTerminalBounds);
  add_warnings(text, report, kTerminalBounds);
  // Whoever waits for the mail should know that there is none.
  if (report.alert && !report.alert->destinations.empty() && !report.alert->send &&
      report.status != Status::kSynced) {
    add_line(text, "no alert", report.alert->reason);
  }
  // Where nobody would be told anyway, that somebody knows is news all the same.
  if (report.alert && report.alert->destinations.empty() && report.acknowledgement &&
      report.alert->seen.drift && report.alert->seen.drift->acknowledged) {
    add_line(text, "known",
             fmt::format("acknowledged by {} until {}: {}", printable(report.acknowledgement->by),
                         rfc3339(report.acknowledgement->until),
                         printable(report.acknowledgement->reason)));
  }
  if (report.impact) text += impact_text(*report.impact);
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

std::string what_it_says(const Report& report) { return headline(report); }

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
  add_tenants(text, report);
  add_schema(text, report);
  add_pending(text, report);
  add_warnings(text, report, kMailBounds);
  return text;
}

}  // namespace drift::report
