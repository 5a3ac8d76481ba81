#include "drift/report/report_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "drift/base/printable.h"
#include "drift/report/age.h"

namespace drift::report {
namespace {

using verdict::Status;

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
           fmt::format("and {} more {}{}, in the JSON report", rest, what, rest == 1 ? "" : "s"));
}

}  // namespace

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

void add_line(std::string& text, std::string_view label, std::string_view value) {
  if (!value.empty()) text += fmt::format("  {:<12}{}\n", label, value);
}

void add_sides(std::string& text, const Report& report) {
  add_line(text, "repository", where_in_repository(report));
  add_line(text, "production", where_in_production(report));
  if (report.codebase_heads) add_line(text, "heads", comma_list(*report.codebase_heads));
  if (report.production_versions) {
    add_line(text, "applied", comma_list(*report.production_versions));
  }
}

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

void add_first_seen(std::string& text, const Report& report) {
  const auto since = first_seen(report);
  const auto ago = since ? age(*since, report.timestamp) : std::nullopt;
  if (ago) add_line(text, "first seen", fmt::format("{} ({} ago)", rfc3339(*since), *ago));
}

void add_oldest_pending(std::string& text, const Report& report) {
  // Where nothing tells what is applied, nothing tells what is pending.
  if (report.status == Status::kUnversioned) return;
  const PendingRevision* oldest = oldest_pending(report);
  if (oldest == nullptr) return;
  add_line(text, "oldest",
           fmt::format("{} was committed {} ({} ago)", name(oldest->revision),
                       rfc3339(*oldest->committed_at),
                       time_span(report.timestamp - *oldest->committed_at)));
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

}  // namespace drift::report
