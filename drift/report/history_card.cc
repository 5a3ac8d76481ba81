#include "drift/report/history_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/base/text.h"
#include "drift/report/acknowledgement_standing.h"
#include "drift/report/age.h"
#include "drift/report/history_picture.h"
#include "drift/report/operations_card.h"
#include "drift/report/page.h"

namespace drift::report {
namespace {

struct Forge {
  std::string_view host;
  std::string_view way;    // from the repository to a commit
  std::size_t most_names;  // in the path of a repository: gitlab has groups in groups
};

constexpr std::array<Forge, 4> kForges = {{{"github.com", "/commit/", 2},
                                           {"gitlab.com", "/-/commit/", 20},
                                           {"bitbucket.org", "/commits/", 2},
                                           {"codeberg.org", "/commit/", 2}}};

bool is_object_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

// A page of a database that is years behind must still open on a telephone.
constexpr std::size_t kMostPending = 50;
constexpr std::size_t kMostReports = 100;

// On one line, wherever the page is broken.
std::string moment(TimePoint time) { return fmt::format("<time>{} UTC</time>", minute_text(time)); }

// " (3 days ago)", or "" where that cannot be.
std::string ago(TimePoint then, TimePoint now) {
  const auto known = age(then, now);
  return known ? fmt::format(" ({} ago)", *known) : "";
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

std::string badge(std::string_view colour, const std::string& words) {
  return fmt::format(" <span class=\"badge {}\">{}</span>", colour, html_escaped(words));
}

std::string fact(std::string_view name, const std::string& html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html);
}

std::string way_out(std::string_view status) {
  return fmt::format("<a href=\"#do:{}\">what to do</a>", status);
}

bool has_entry(std::string_view status) {
  return std::any_of(runbook().begin(), runbook().end(),
                     [&](const RunbookEntry& entry) { return entry.status == status; });
}

// The verdict is of the past where nothing has run since: calm colours would be a false calm.
std::string badges(const TargetHistory& history, const Period& period, TimePoint now) {
  std::string html;
  if (!history.latest) return badge("gap", "no report");
  const StoredReport& latest = *history.latest;
  if (is_silent(history, period)) {
    const auto known = age(latest.timestamp, period.until);
    html = badge("gap", known ? "no run for " + *known : "the clock of its last run was wrong") +
           badge("past", "last: " + latest.status);
  } else {
    html = badge(colour_class(latest.status), latest.status);
  }
  if (is_acknowledged(history, now)) {
    html += badge("past",
                  "acknowledged until " + rfc3339(history.acknowledgement->until).substr(0, 10));
  }
  return html;
}

std::string lead(const TargetHistory& history, const Period& period) {
  const StoredReport& latest = *history.latest;
  std::string html;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) html += (html.empty() ? "" : " · ") + part;
  };
  if (is_silent(history, period)) {
    add("nothing has run since " + moment(latest.timestamp));
    add(way_out(kSilent));
  }
  add(html_escaped(in_short(latest)));
  if (const auto since = trouble_since(latest)) {
    add(fmt::format("{} {}{}", latest.failure ? "since" : "first seen", moment(*since),
                    ago(*since, period.until)));
    if (has_entry(latest.status)) add(way_out(latest.status));
  }
  return html.empty() ? "" : fmt::format("<p class=\"lead\">{}</p>\n", html);
}

std::string runs(const TargetHistory& history, const Period& period) {
  std::string html = std::to_string(history.reports.size());
  const char* separator = ": ";
  for (const auto& [status, count] : runs_by_status(history)) {
    html += fmt::format("{}{} {}", separator, count, html_escaped(status));
    separator = ", ";
  }
  const std::size_t missed = missed_nights(history, period);
  if (missed == 0) return html + " · no night missed";
  return html + fmt::format(" · <b class=\"missed\">{} missed</b>", counted(missed, "night"));
}

std::string source(const StoredReport& latest) {
  std::string html =
      fmt::format("{} at {}", html_escaped(latest.repository_url), html_escaped(latest.ref));
  if (latest.commit.empty()) return html;
  const std::string commit =
      fmt::format("<span class=\"mono\">{}</span>", html_escaped(latest.commit.substr(0, 12)));
  const auto page = commit_page(latest.repository_url, latest.commit);
  if (!page) return html + ", commit " + commit;
  return html + fmt::format(", commit <a href=\"{}\" rel=\"noreferrer\">{}</a>",
                            html_escaped(*page), commit);
}

std::string acknowledgement(const TargetHistory& history, TimePoint now) {
  const Acknowledgement& given = *history.acknowledgement;
  const StoredReport* latest = history.latest ? &*history.latest : nullptr;
  std::string html = fmt::format("{}<br>by {} on {}: {}<br>covers {}",
                                 html_escaped(standing_text(given, latest, now)),
                                 html_escaped(given.by), rfc3339(given.at).substr(0, 10),
                                 html_escaped(given.reason), html_escaped(covered_text(given)));
  if (latest != nullptr && standing_of(given, latest, now) == Standing::kInForce) {
    const std::string others = uncovered_text(given, *latest);
    if (!others.empty()) html += "<br><b>not covered: " + html_escaped(others) + "</b>";
  }
  return html;
}

std::string facts(const TargetHistory& history, const Period& period) {
  std::string html = "<dl>\n" + fact("runs", runs(history, period));
  if (history.latest) {
    const StoredReport& latest = *history.latest;
    html += fact("last run",
                 fmt::format("{}{}, run <span class=\"mono\">{}</span>", moment(latest.timestamp),
                             ago(latest.timestamp, period.until), html_escaped(latest.run_id)));
    html += fact("database", html_escaped(latest.database));
    html += fact("repository", source(latest));
  }
  if (history.latest && history.latest->schema) {
    html += fact("schema", html_escaped(history.latest->schema->words));
  }
  if (tells_acknowledgement(history, period)) {
    html += fact("acknowledged", acknowledgement(history, period.until));
  }
  return html + "</dl>\n";
}

std::string pending_table(const StoredReport& report, const Period& period) {
  if (report.pending.empty()) return {};
  std::string html =
      "<h3>pending, in upgrade order</h3>\n<table class=\"pending\"><thead><tr><th>revision"
      "<th>message<th>committed<th>by</tr></thead>\n<tbody>";
  const std::size_t shown = std::min(report.pending.size(), kMostPending);
  for (std::size_t i = 0; i < shown; ++i) {
    const PendingRevision& revision = report.pending[i];
    const auto& committed = revision.committed_at;
    html += fmt::format("<tr><td class=\"mono\">{}<td class=\"wide\">{}<td>{}{}<td>{}</tr>\n",
                        html_escaped(revision.revision), html_escaped(revision.message),
                        committed ? rfc3339(*committed).substr(0, 10) : "",
                        committed ? ago(*committed, period.until) : "",
                        html_escaped(revision.author.value_or("")));
  }
  html += "</tbody></table>\n";
  if (report.pending.size() > shown) {
    html += fmt::format("<p class=\"faint\">and {} more, all in the report</p>\n",
                        report.pending.size() - shown);
  }
  return html;
}

std::string health(const StoredReport& report) {
  if (!report.schema || report.schema->health.empty()) return {};
  const auto& findings = report.schema->health;
  std::string html = fmt::format("<details><summary>health of the schema: {}</summary>\n",
                                 counted(findings.size(), "finding"));
  for (const verdict::Finding& finding : findings) {
    html += block(verdict::severity_name(finding.severity), finding.message, finding.action);
  }
  return html + "</details>\n";
}

std::string reports_table(const TargetHistory& history, const Period& period) {
  if (history.reports.empty()) return {};
  const std::string took = durations_text(history);
  std::string html = fmt::format(
      "<details><summary>{}{}</summary>\n{}<p class=\"faint\">schema-drift reports show RUN prints "
      "one in full.</p>\n<table class=\"reports\"><thead><tr><th>when (UTC)<th>status<th>what"
      "<th>alert<th>took<th>run</tr></thead>\n<tbody>",
      counted(history.reports.size(), "report"), took.empty() ? "" : ": " + took,
      duration_picture(history, period));
  const std::size_t shown = std::min(history.reports.size(), kMostReports);
  for (std::size_t i = 0; i < shown; ++i) {
    const PastRun& run = history.reports[i];
    html += fmt::format(
        "<tr><td>{}<td>{}<td class=\"wide\">{}<td>{}<td>{} ms<td class=\"mono\">{}</tr>\n",
        minute_text(run.timestamp), html_escaped(run.status), html_escaped(run.what),
        run.alert_due ? html_escaped(run.alert_kind) : "", run.duration_ms,
        html_escaped(run.run_id));
  }
  html += "</tbody></table>\n";
  if (history.reports.size() > shown) {
    html +=
        fmt::format("<p class=\"faint\">and {} older ones</p>\n", history.reports.size() - shown);
  }
  return html + "</details>\n";
}

}  // namespace

std::optional<std::string> commit_page(std::string_view repository_url, std::string_view commit) {
  constexpr std::string_view kHttps = "https://";
  if (!repository_url.starts_with(kHttps) || !is_object_id(commit)) return std::nullopt;
  std::string_view rest = repository_url.substr(kHttps.size());
  const std::string_view host = rest.substr(0, rest.find('/'));
  const auto forge = std::find_if(kForges.begin(), kForges.end(),
                                  [&](const Forge& known) { return known.host == host; });
  if (forge == kForges.end() || host.size() == rest.size()) return std::nullopt;
  rest.remove_prefix(host.size() + 1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.ends_with(".git")) rest.remove_suffix(4);
  const std::string_view path = rest;
  std::size_t names = 0;
  while (true) {
    const std::size_t slash = rest.find('/');
    if (!is_name(rest.substr(0, slash))) return std::nullopt;
    ++names;
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (names < 2 || names > forge->most_names) return std::nullopt;
  return fmt::format("{}{}/{}{}{}", kHttps, host, path, forge->way, commit);
}

const std::vector<RunbookEntry>& runbook() {
  static const std::vector<RunbookEntry> entries = {
      {kSilent,
       "Nothing has run for more than 26 hours, so nobody knows how production is now. The last "
       "verdict is as old as its report.",
       {"Is the schedule switched on? `systemctl list-timers schema-drift.timer`, the line in the "
        "crontab, or the rule of EventBridge.",
        "Does the run end early, or does it fail to store its report? Its log says so.",
        "`schema-drift doctor` tries each thing that a run needs and names the one that fails."}},
      {"unknown_revision",
       "A row of the version table is not a revision of this ref, and where it leads is not known.",
       {"Let nobody run Alembic against this database until it is known where the row came from.",
        "The finding says what the branches and their history gave; `schema-drift explain ID` "
        "searches by hand.",
        "Found nowhere: look whether `--database`, `--version-table` and `--script-location` are "
        "the right ones, then ask who migrated it.",
        "Found, and left undecided: find out from which of the commits that the finding names it "
        "was run.",
        "A row that only resembles a revision is mended with the statement of the finding, once "
        "you know that this revision is what was applied."}},
      {"diverged",
       "A row is a revision of another place in the repository, and this ref has pending "
       "revisions.",
       {"Let nobody run Alembic from this ref: it stops at a revision that it does not have.",
        "Found on a branch: merge it, join the heads with `alembic merge heads`, and deploy.",
        "Removed by a squash: `alembic stamp --purge REVISION`, once a person has compared the "
        "schema with what took its place.",
        "Removed otherwise: restore the file, or write a migration that does the same."}},
      {"ahead",
       "A row is a revision of another place in the repository, where every head of this ref is "
       "applied.",
       {"Find out who ran it, and whether it was meant to be there.",
        "Merge that branch or deploy it: Alembic at this ref stops at a revision that it does not "
        "have.",
        "Do not downgrade before you know who needs it."}},
      {"inconsistent",
       "Every row is a revision of this ref, yet no upgrade could have left them so.",
       {"Make sure that the later revision, which the finding names, was really applied.",
        "Run the finding's `DELETE` in a transaction, and check again.",
        "Where a row is there twice, give the table its primary key on `version_num`."}},
      {"schema_drift",
       "The version rows are right, and the schema is not the one that was recorded or accepted "
       "for "
       "them.",
       {"`schema-drift schema diff PLACE DATABASE` shows all of it; the finding has PLACE.",
        "Meant to be: put it into a migration, so that every database gets it.",
        "Not meant: bring production back, and find out who changed it.",
        "To stay for a while: `schema-drift ack TARGET --until DATE --reason TEXT`."}},
      {"unversioned",
       "There is no version table, or it has no rows.",
       {"Is this the right database, schema and table? `--database`, "
        "`--version-table-schema`, `--version-table`.",
        "A new and empty database: `alembic upgrade heads`.",
        "The tables are there: find out which revision they match, then `alembic stamp REVISION`. "
        "Do not upgrade first: that begins at the base and fails at the first table."}},
      {"error",
       "One side could not be read, so nothing is known.",
       {"Follow the hint below the failure.",
        "`schema-drift doctor` tries each side piece by piece.",
        "An error that comes back every night is as urgent as drift: nobody watches meanwhile."}},
      {"behind",
       "Every row is a revision of this ref, and some revisions are not applied.",
       {"Is a deploy under way? Then check again when it is through.",
        "Otherwise apply what is pending with your usual deploy, or `alembic upgrade heads`; "
        "`alembic upgrade ROW:heads --sql` shows the statements first.",
        "It may wait for a known reason? `schema-drift ack TARGET --until DATE --reason TEXT`."}},
  };
  return entries;
}

bool is_acknowledged(const TargetHistory& history, TimePoint now) {
  if (!history.acknowledgement || !history.latest || history.latest->findings.empty()) return false;
  const Acknowledgement& given = *history.acknowledgement;
  return standing_of(given, &*history.latest, now) == Standing::kInForce &&
         uncovered_text(given, *history.latest).empty();
}

std::string target_card(const TargetHistory& history, const Period& period) {
  std::string html = fmt::format(
      "<section class=\"card\" id=\"{0}\">\n<div class=\"head\">\n"
      "<h2>{0}{1}</h2>\n",
      html_escaped(history.target), badges(history, period, period.until));
  if (history.latest) html += lead(history, period);
  html += timeline_picture(history, period) + "</div>\n";
  if (history.latest) {
    const StoredReport& latest = *history.latest;
    if (latest.failure) html += block("failure", latest.failure->message, latest.failure->hint);
    for (const verdict::Finding& finding : latest.findings) {
      html += block(verdict::severity_name(finding.severity), finding.message, finding.action);
    }
    for (const std::string& sentence : latest.undelivered) {
      html += block("failure", "not delivered: " + sentence, "");
    }
  }
  html += facts(history, period);
  if (history.latest) {
    html += pending_table(*history.latest, period);
    if (history.latest->operations) html += operations_card(*history.latest->operations);
    html += health(*history.latest);
  }
  return html + reports_table(history, period) + "</section>\n";
}

}  // namespace drift::report
