#include "drift/report/history_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "drift/base/text.h"
#include "drift/report/history_card.h"
#include "drift/report/history_picture.h"

namespace drift::report {
namespace {

// Texts have 4.5:1 against their ground in both schemes, and words and heights say the same as the
// colours. Paper is light whatever the reader's screen is.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light;--ground:#fff;--card:#f6f7f9;--ink:#1b1d21;--faint:#565c66;--line:#d8dbe0;
--link:#0b4fb3;--synced:#1e7b34;--drift:#9a5b00;--broken:#b3261e;--error:#6a3fa0;--gap:#dfe2e7;--on:#fff}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ground:#14161a;--card:#1d2026;
--ink:#e8eaee;--faint:#a2a9b4;--line:#343943;--link:#8ab4f8;--synced:#6fce85;--drift:#f0b04e;
--broken:#ff8a80;--error:#c9a5ff;--gap:#3d434d;--on:#14161a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
h1{font-size:1.35rem;margin:0}
h2{font-size:1.1rem;margin:0 0 .2rem;display:flex;gap:.2rem .5rem;align-items:baseline;flex-wrap:wrap}
h3{font-size:.85rem;margin:.9rem 0 .2rem;color:var(--faint);font-weight:600}
p{margin:.2rem 0}.faint{color:var(--faint)}.lead{font-weight:500}
.tiles,.key{display:flex;flex-wrap:wrap;margin:.8rem 0;padding:0;list-style:none}
.tiles{gap:.6rem}.key{gap:.3rem 1.1rem;font-size:.85rem;color:var(--faint)}
.tiles li{background:var(--card);border-left:4px solid var(--line);padding:.3rem .8rem;border-radius:4px}
.tiles b{font-size:1.25rem;margin-right:.35rem}
.key li{display:flex;gap:.4rem;align-items:center}.key svg{width:14px;height:20px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;margin:1rem 0}
.badge{font-size:.8rem;font-weight:600;padding:0 .55rem;border-radius:1rem;color:var(--on);
border:1px solid transparent}
.badge.synced{background:var(--synced)}.badge.drift{background:var(--drift)}
.badge.broken{background:var(--broken)}.badge.error{background:var(--error)}
.badge.gap{background:var(--gap);color:var(--ink)}.badge.past{color:var(--faint);border-color:var(--faint)}
li.synced{border-color:var(--synced)}li.drift{border-color:var(--drift)}
li.broken{border-color:var(--broken)}li.error{border-color:var(--error)}li.gap{border-color:var(--faint)}
svg{display:block}
.timeline,.durations{width:100%;height:28px;margin-top:.5rem}
rect.synced{fill:var(--synced)}rect.drift{fill:var(--drift)}rect.broken{fill:var(--broken)}
rect.error{fill:var(--error)}
rect.gap{fill:var(--gap);stroke:var(--faint);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
path{stroke:var(--faint);stroke-width:1.5;vector-effect:non-scaling-stroke;fill:none}
.days{position:relative;display:flex;justify-content:space-between;font-size:.78rem;color:var(--faint)}
.mid,.more{position:absolute;transform:translateX(-50%)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.05rem .8rem;margin:.6rem 0 0;font-size:.88rem}
dt{color:var(--faint)}dd{margin:0}.missed{color:var(--broken)}
table{border-collapse:collapse;width:100%;font-size:.88rem;overflow-wrap:normal}
th{text-align:left;color:var(--faint);font-weight:600}
th,td{padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
time,.reports td:not(.wide){white-space:nowrap}td.wide,td.mono{overflow-wrap:anywhere}td.wide{width:40%}td.mono{min-width:13ch}
.mono,code{font-family:ui-monospace,monospace;font-size:.92em}
details{margin-top:.7rem}summary{cursor:pointer;color:var(--faint)}
.finding{border-left:3px solid var(--drift);padding:.1rem .7rem;margin:.5rem 0;white-space:pre-line}
.finding.critical{border-color:var(--broken)}.finding.failure{border-color:var(--error)}
.runbook h3{font-size:.95rem;color:var(--ink)}.runbook ol{margin:.2rem 0;padding-left:1.4rem}
@media(max-width:40rem){.more{display:none}thead{display:none}
table,tbody,tr,td.wide,.pending td.mono{display:block}td{display:inline;border:0;padding:0;margin-right:.7rem;
overflow-wrap:anywhere}tr{border-bottom:1px solid var(--line);padding:.35rem 0}td.wide{width:auto}}
@media print{@page{margin:14mm}body{max-width:none;padding:0;font-size:10pt}
.card{box-decoration-break:clone;-webkit-box-decoration-break:clone}
.head,.finding,.tiles,.key,tr,.entry{break-inside:avoid}.head,h2,h3{break-after:avoid}
summary{list-style:none}a{color:inherit;text-decoration:none}
rect,.badge,.tiles li{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

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
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing may be fetched or run, whatever a text in a report tries.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<title>schema-drift, {0} to {1}</title>\n<style>{2}</style>\n</head>\n"
      "<body>\n<h1>schema-drift</h1>\n<p class=\"faint\">{3} to {4} UTC · {5} · {6}</p>\n",
      rfc3339(period.since).substr(0, 10), rfc3339(period.until).substr(0, 10), kStyle,
      minute_text(period.since), minute_text(period.until), counted(targets.size(), "target"),
      counted(runs, "run"));
  if (period.limit_met) html += "<p>" + limit_sentence(period) + "</p>\n";
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
