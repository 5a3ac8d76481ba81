#include "drift/report/history_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "drift/report/age.h"
#include "drift/report/history_picture.h"

namespace drift::report {
namespace {

// A page of a database that is years behind must still open on a telephone.
constexpr std::size_t kMostPending = 50;
constexpr std::size_t kMostReports = 100;

// Colours have 4.5:1 against their ground in both schemes; the words say the same without colour.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ground:#fff;--card:#f6f7f9;--ink:#1b1d21;--faint:#5b616b;--line:#d8dbe0;
--synced:#1e7b34;--drift:#9a5b00;--broken:#b3261e;--error:#6a3fa0;--gap:#c3c7ce;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#14161a;--card:#1d2026;--ink:#e8eaee;--faint:#a2a9b4;
--line:#343943;--synced:#6fce85;--drift:#f0b04e;--broken:#ff8a80;--error:#c9a5ff;--gap:#4a505b;--on:#14161a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.35rem;margin:0}h2{font-size:1.1rem;margin:0 0 .3rem;display:flex;gap:.6rem;align-items:baseline;flex-wrap:wrap}
h3{font-size:.85rem;margin:1rem 0 .2rem;color:var(--faint);font-weight:600}
p{margin:.2rem 0}.faint{color:var(--faint)}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0;padding:0;list-style:none}
.tiles li{background:var(--card);border-left:4px solid var(--gap);padding:.4rem .9rem;border-radius:4px}
.tiles b{font-size:1.3rem;margin-right:.35rem}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem;margin:1rem 0}
.badge{font-size:.8rem;font-weight:600;padding:.05rem .55rem;border-radius:1rem;color:var(--on)}
.badge.synced{background:var(--synced)}.badge.drift{background:var(--drift)}
.badge.broken{background:var(--broken)}.badge.error{background:var(--error)}
.badge.gap{background:var(--gap);color:var(--ink)}
li.synced{border-color:var(--synced)}li.drift{border-color:var(--drift)}
li.broken{border-color:var(--broken)}li.error{border-color:var(--error)}
svg{display:block;width:100%;height:auto;margin:.6rem 0 0;overflow:visible}
rect.synced{fill:var(--synced)}rect.drift{fill:var(--drift)}rect.broken{fill:var(--broken)}
rect.error{fill:var(--error)}rect.gap{fill:none;stroke:var(--gap);stroke-dasharray:3 3}
rect.duration{fill:var(--faint)}
.tick{stroke:var(--line);stroke-width:1;fill:none}.axis{font-size:11px;fill:var(--faint)}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th{text-align:left;color:var(--faint);font-weight:600}th,td{padding:.2rem .8rem .2rem 0;vertical-align:top;
border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td.mono,.mono{font-family:ui-monospace,monospace;font-size:.85em}
.scroll{overflow-x:auto}details{margin-top:.8rem}summary{cursor:pointer;color:var(--faint)}
.finding{border-left:3px solid var(--drift);padding:.1rem .7rem;margin:.4rem 0;white-space:pre-line}
.finding.critical{border-color:var(--broken)}.finding.failure{border-color:var(--error)}
@media print{body{max-width:none;padding:0}section{break-inside:avoid}details>summary{display:none}
svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}.badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

std::string minute(TimePoint time) {
  std::string text = rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string count_of(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string badge(const std::string& status) {
  return fmt::format("<span class=\"badge {}\">{}</span>", colour_class(status),
                     status.empty() ? "no report" : html_escaped(status));
}

// Line ends of an action are kept: it may hold a statement on lines of its own.
std::string lines(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!escaped.empty()) escaped += '\n';
    escaped += html_escaped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return escaped;
}

std::string block(std::string_view kind, const std::string& what, const std::string& to_do) {
  std::string html = fmt::format("<div class=\"finding {}\">{}", kind, lines(what));
  if (!to_do.empty()) html += fmt::format("<p class=\"faint\">{}</p>", lines(to_do));
  return html + "</div>\n";
}

std::string tiles(const std::vector<TargetHistory>& targets) {
  std::map<std::string, std::size_t> counts;
  for (const TargetHistory& history : targets) {
    ++counts[history.latest ? history.latest->status : ""];
  }
  std::string html = "<ul class=\"tiles\">\n";
  for (const auto& [status, count] : counts) {
    html += fmt::format("<li class=\"{}\"><b>{}</b>{}</li>\n", colour_class(status), count,
                        status.empty() ? "without a report" : html_escaped(status));
  }
  return html + "</ul>\n";
}

std::string pending_table(const StoredReport& report, const Period& period) {
  if (report.pending.empty()) return {};
  std::string html =
      "<h3>pending, in upgrade order</h3><div class=\"scroll\"><table><tr><th>revision<th>message"
      "<th>committed<th>by<th>age of the commit</tr>\n";
  const std::size_t shown = std::min(report.pending.size(), kMostPending);
  for (std::size_t i = 0; i < shown; ++i) {
    const PendingRevision& revision = report.pending[i];
    const auto& committed = revision.committed_at;
    html += fmt::format("<tr><td class=\"mono\">{}<td>{}<td>{}<td>{}<td>{}</tr>\n",
                        html_escaped(revision.revision), html_escaped(revision.message),
                        committed ? rfc3339(*committed).substr(0, 10) : "",
                        html_escaped(revision.author.value_or("")),
                        committed ? age(*committed, period.until).value_or("") : "");
  }
  html += "</table></div>\n";
  if (report.pending.size() > shown) {
    html += fmt::format("<p class=\"faint\">and {} more, all in the report</p>\n",
                        report.pending.size() - shown);
  }
  return html;
}

std::string reports_table(const TargetHistory& history) {
  if (history.reports.empty()) return {};
  std::string html = fmt::format(
      "<details><summary>{}</summary><div class=\"scroll\"><table><tr><th>when (UTC)<th>status"
      "<th>what<th>alert<th>took<th>report</tr>\n",
      count_of(history.reports.size(), "report"));
  const std::size_t shown = std::min(history.reports.size(), kMostReports);
  for (std::size_t i = 0; i < shown; ++i) {
    const PastRun& report = history.reports[i];
    html += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}<td>{} ms<td class=\"mono\">{}</tr>\n",
                        minute(report.timestamp), html_escaped(report.status),
                        html_escaped(report.what),
                        report.alert_due ? html_escaped(report.alert_kind) : "", report.duration_ms,
                        html_escaped(report.place));
  }
  html += "</table></div>\n";
  if (history.reports.size() > shown) {
    html +=
        fmt::format("<p class=\"faint\">and {} older ones</p>\n", history.reports.size() - shown);
  }
  return html + "</details>\n";
}

std::string section(const TargetHistory& history, const Period& period) {
  const std::string status = history.latest ? history.latest->status : "";
  std::string html = fmt::format("<section id=\"{0}\">\n<h2>{0}{1}</h2>\n",
                                 html_escaped(history.target), badge(status));
  if (history.latest) {
    const StoredReport& latest = *history.latest;
    std::string line = html_escaped(in_short(latest));
    const auto since = trouble_since(latest);
    if (const auto known = since ? age(*since, period.until) : std::nullopt) {
      line += fmt::format("{}since {} UTC ({})", line.empty() ? "" : " · ", minute(*since), *known);
    }
    if (!line.empty()) html += fmt::format("<p>{}</p>\n", line);
    const auto before = age(latest.timestamp, period.until);
    html +=
        fmt::format("<p class=\"faint\">{} at {}{}{} · {} · last run {} UTC{}</p>\n",
                    html_escaped(latest.repository_url), html_escaped(latest.ref),
                    latest.commit.empty() ? "" : " · ", html_escaped(latest.commit.substr(0, 12)),
                    html_escaped(latest.database), minute(latest.timestamp),
                    before ? fmt::format(" ({} before this page)", *before) : "");
  }
  html += timeline_picture(history, period);
  if (history.latest) {
    const StoredReport& latest = *history.latest;
    if (latest.failure) html += block("failure", latest.failure->message, latest.failure->hint);
    for (const verdict::Finding& finding : latest.findings) {
      html += block(verdict::severity_name(finding.severity), finding.message, finding.action);
    }
    for (const std::string& sentence : latest.undelivered) {
      html += block("failure", "not delivered: " + sentence, "");
    }
    html += pending_table(latest, period);
  }
  const std::string durations = duration_picture(history, period);
  if (!durations.empty()) html += "<h3>how long the runs took</h3>" + durations;
  return html + reports_table(history) + "</section>\n";
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
      "'unsafe-inline'\">\n<title>schema-drift, {0} to {1}</title>\n<style>{2}</style>\n</head>\n"
      "<body>\n<h1>schema-drift</h1>\n<p class=\"faint\">{3} to {4} UTC · {5} · {6}</p>\n",
      rfc3339(period.since).substr(0, 10), rfc3339(period.until).substr(0, 10), kStyle,
      minute(period.since), minute(period.until), count_of(targets.size(), "target"),
      count_of(runs, "run"));
  if (period.limit_met) html += "<p>" + limit_sentence(period) + "</p>\n";
  if (targets.empty()) {
    html += "<p>There is no report here.</p>\n";
  } else {
    html += tiles(targets);
    html +=
        "<p class=\"faint\">A bar is a run's verdict until the next run; dashed: nothing ran, so "
        "nobody knows.</p>\n";
  }
  // What is to be looked at comes first.
  for (const bool troubled : {true, false}) {
    for (const TargetHistory& history : targets) {
      const bool well = history.latest && !trouble_since(*history.latest) &&
                        period.until - history.latest->timestamp <= kSilence;
      if (well != troubled) html += section(history, period);
    }
  }
  return html + evidence_table(targets) + "</body>\n</html>\n";
}

}  // namespace drift::report
