#include "drift/report/history_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "drift/base/text.h"
#include "drift/report/history_card.h"
#include "drift/report/history_picture.h"
#include "drift/report/page.h"

namespace drift::report {
namespace {

std::string tiles(const std::vector<TargetHistory>& targets, const Period& period) {
  // A verdict from before the silence is nobody's verdict any more.
  std::map<std::string, std::size_t> counts;
  for (const TargetHistory& history : targets) {
    ++counts[is_silent(history, period) ? "" : history.latest->status];
  }
  std::string html = "<ul class=\"tiles\">\n";
  for (const auto& [status, count] : counts) {
    html += fmt::format("<li class=\"{}\"><b>{}</b>{}</li>\n", colour_class(status), count,
                        status.empty() ? "without a run" : html_escaped(status));
  }
  return html + "</ul>\n";
}

constexpr int kWell = 5;

// The smaller, the sooner it is to be looked at.
int urgency(const TargetHistory& history, const Period& period) {
  if (is_silent(history, period)) return 2;
  if (!trouble_since(*history.latest)) return kWell;
  if (is_acknowledged(history, period.until)) return 4;
  const std::string_view colour = colour_class(history.latest->status);
  return colour == "broken" ? 0 : colour == "error" ? 1 : 3;
}

std::vector<const TargetHistory*> gravest_first(const std::vector<TargetHistory>& targets,
                                                const Period& period) {
  std::vector<const TargetHistory*> sorted;
  for (const TargetHistory& history : targets) sorted.push_back(&history);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const TargetHistory* one, const TargetHistory* other) {
                     return urgency(*one, period) < urgency(*other, period);
                   });
  return sorted;
}

std::string to_be_looked_at(const std::vector<TargetHistory>& targets, const Period& period) {
  std::string html;
  for (const TargetHistory* history : gravest_first(targets, period)) {
    if (urgency(*history, period) == kWell) break;
    html += fmt::format("{0}<a href=\"#{1}\">{1}</a>", html.empty() ? "" : ", ",
                        html_escaped(history->target));
  }
  return html.empty() ? "<p>All is as it should be.</p>\n"
                      : "<p>To be looked at: " + html + "</p>\n";
}

// What stands between backticks is what to type.
std::string with_code(std::string_view text) {
  std::string result;
  bool open = false;
  for (const char c : html_escaped(text)) {
    if (c != '`') {
      result += c;
      continue;
    }
    result += open ? "</code>" : "<code>";
    open = !open;
  }
  return result;
}

// What the cards send to, and nothing else.
std::string runbook_of(const std::vector<TargetHistory>& targets, const Period& period) {
  std::set<std::string> wanted;
  for (const TargetHistory& history : targets) {
    if (history.latest) wanted.insert(history.latest->status);
    if (is_silent(history, period)) wanted.emplace(kSilent);
  }
  std::string html;
  for (const RunbookEntry& entry : runbook()) {
    if (!wanted.contains(std::string(entry.status))) continue;
    html += fmt::format("<div class=\"entry\" id=\"do:{0}\"><h3>{1}</h3>\n<p>{2}</p>\n<ol>\n",
                        entry.status, entry.status == kSilent ? "no run" : entry.status,
                        html_escaped(entry.meaning));
    for (const std::string_view step : entry.steps) {
      html += fmt::format("<li>{}</li>\n", with_code(step));
    }
    html += "</ol></div>\n";
  }
  if (html.empty()) return {};
  return "<section class=\"runbook\">\n<h2>What to do</h2>\n" + html + "</section>\n";
}

// The newest hashes: a page that was kept elsewhere is an anchor for `reports verify`.
std::string evidence_table(const std::vector<TargetHistory>& targets) {
  std::string rows;
  for (const TargetHistory& history : targets) {
    const std::string anchor = evidence(history);
    if (anchor.empty()) continue;
    rows += fmt::format("<tr><td>{}<td class=\"mono\">{}</tr>\n", html_escaped(history.target),
                        html_escaped(anchor));
  }
  if (rows.empty()) return {};
  return "<footer><h3>evidence</h3><div class=\"scroll\"><table>" + rows +
         "</table></div></footer>\n";
}

}  // namespace

std::string history_page(const std::vector<TargetHistory>& targets, const Period& period) {
  std::size_t runs = 0;
  for (const TargetHistory& history : targets) runs += history.reports.size();
  std::string html =
      page_begin(fmt::format("schema-drift, {} to {}", rfc3339(period.since).substr(0, 10),
                             rfc3339(period.until).substr(0, 10))) +
      fmt::format("<h1>schema-drift</h1>\n<p class=\"faint\">{} to {} UTC · {} · {}</p>\n",
                  minute_text(period.since), minute_text(period.until),
                  counted(targets.size(), "target"), counted(runs, "run"));
  if (period.limit_met) html += "<p>" + limit_sentence(period) + "</p>\n";
  if (targets.empty()) {
    html += "<p>There is no report here.</p>\n";
  } else {
    html += tiles(targets, period) + to_be_looked_at(targets, period) + timeline_key();
    html +=
        "<p class=\"faint\">A bar is a run's verdict until the next run, for 26 hours at most: "
        "nobody knows what was after that.</p>\n";
  }
  for (const TargetHistory* history : gravest_first(targets, period)) {
    html += target_card(*history, period);
  }
  return html + runbook_of(targets, period) + evidence_table(targets) + "</body>\n</html>\n";
}

}  // namespace drift::report
