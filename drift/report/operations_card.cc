#include "drift/report/operations_card.h"

#include <fmt/format.h>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/impact/impact.h"
#include "drift/impact/operation_text.h"
#include "drift/report/page.h"

namespace drift::report {
namespace {

using pending::Operation;
using pending::Severity;

// The word beside it says the same.
std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::kHigh: return " critical";
    case Severity::kMedium: return "";
    case Severity::kLow:
    case Severity::kNone: break;
  }
  return " slight";
}

std::string faint(const std::string& words) {
  return fmt::format("<p class=\"faint\">{}</p>", html_escaped(words));
}

std::string line_of(const StoredOperation& stored, const StoredRevision& revision,
                    const impact::LiveTables& live) {
  const Operation& one = stored.operation;
  const bool existed = one.locks.count(one.table) > 0;
  std::string html = fmt::format("<div class=\"finding{}\"><b>{}</b> ", colour_of(one.severity),
                                 word_of(one.severity));
  if (existed) {
    html += fmt::format("{} ({}) · ", html_escaped(one.table),
                        html_escaped(impact::size_in_words(live, one.table)));
  }
  html += html_escaped(impact::shown(one, !existed));
  if (!stored.wait.empty()) html += " · " + html_escaped(stored.wait);
  for (const auto& [table, lock] : one.locks) {
    if (table == one.table) continue;
    html += fmt::format(" · {} on {} ({})", word_of(lock), html_escaped(table),
                        html_escaped(impact::size_in_words(live, table)));
  }
  if (one.conditional) html += ", on a condition";
  if (const std::string safe = impact::safe_way(one); !safe.empty()) {
    html += fmt::format("<p>→ <code>{}</code></p>", html_escaped(safe));
  }
  if (one.opaque && !one.command.empty()) html += faint("cannot read it: " + one.reason);
  for (const pending::Hazard& hazard : one.hazards) {
    if (hazard.suppressed.empty()) continue;
    html += faint(fmt::format("{} is ignored: {}", hazard.rule, shortened(hazard.suppressed)));
  }
  for (const std::string& note : one.notes) html += faint(shortened(note, 500));
  return html + faint(fmt::format("{}:{}", revision.file, one.line)) + "</div>\n";
}

std::string revision_of(const StoredRevision& revision, const impact::LiveTables& live) {
  std::string html = fmt::format("<h3>{}</h3>\n", html_escaped(revision.revision));
  for (const StoredOperation& one : revision.operations) html += line_of(one, revision, live);
  for (const std::string& sentence : impact::queue_of(revision.tables, live)) {
    html += fmt::format("<p>queue: {}</p>\n", html_escaped(sentence));
  }
  const std::string timeout = impact::lock_timeout_in_words(revision.tables, live);
  if (!timeout.empty()) html += faint("lock_timeout: " + timeout) + "\n";
  return html;
}

}  // namespace

std::string operations_card(const StoredOperations& all) {
  if (!all.why_not.empty()) {
    return fmt::format("<p>What the pending revisions do was not read: {}</p>\n",
                       html_escaped(all.why_not));
  }
  if (all.count == 0) return {};
  std::size_t shown = 0;
  for (const StoredRevision& one : all.revisions) shown += one.operations.size();
  std::string html =
      fmt::format("<details{}><summary>what they do: {}, {} high{}</summary>\n",
                  all.high + all.opaque > 0 ? " open" : "", counted(all.count, "operation"),
                  all.high, all.opaque == 0 ? "" : fmt::format(", {} not read", all.opaque));
  html += faint(impact::sizes_in_words(all.live)) + "\n";
  for (const StoredRevision& one : all.revisions) html += revision_of(one, all.live);
  if (all.count > shown) {
    html += faint(fmt::format("and {} more{}", all.count - shown,
                              all.left_out == 0 ? ", all in the report"
                                                : fmt::format(", of which the report has {}",
                                                              all.count - shown - all.left_out)));
  }
  return html + "</details>\n";
}

}  // namespace drift::report
