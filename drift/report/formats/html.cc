#include <fmt/format.h>

#include <algorithm>

#include "drift/base/text.h"
#include "drift/report/formats/output.h"
#include "drift/report/page.h"

namespace drift::report {
namespace {

struct Group {
  const char* title;
  const char* colour;  // a class of the page's style
  std::vector<const OutputFinding*> findings;
};

std::vector<Group> groups_of(const Output& output) {
  std::vector<Group> groups = {{"fails", "broken", {}},
                               {"to know", "drift", {}},
                               {"info", "gap", {}},
                               {"ignored by rules", "gap", {}}};
  for (const OutputFinding& finding : output.findings) {
    const std::size_t at =
        !finding.suppressed.empty() ? 3 : static_cast<std::size_t>(finding.level);
    groups[at].findings.push_back(&finding);
  }
  return groups;
}

std::string tile(const char* colour, std::size_t count, const char* what) {
  return fmt::format("<li class=\"{}\"><b>{}</b>{}</li>\n", colour, count, what);
}

std::string row_of(const OutputFinding& finding) {
  std::string what = finding.rule;
  std::replace(what.begin(), what.end(), '-', ' ');
  std::string details;
  for (const auto& [key, value] : finding.details) {
    details += fmt::format("<div><span class=\"faint\">{}</span> <code>{}</code></div>",
                           html_escaped(key), html_escaped(value));
  }
  if (!finding.suppressed.empty()) {
    details += fmt::format("<div>{}</div>", html_escaped(finding.suppressed));
  }
  return fmt::format(
      "<tr id=\"f:{}\"><td>{}</td><td class=\"mono\">{}</td><td class=\"wide\">{}"
      "</td></tr>\n",
      html_escaped(finding.fingerprint), html_escaped(what), html_escaped(finding.name), details);
}

std::string table_of(const Group& group) {
  std::string html =
      "<table>\n<thead><tr><th>what</th><th>where</th><th>details</th></tr></thead>\n<tbody>\n";
  for (const OutputFinding* finding : group.findings) html += row_of(*finding);
  return html + "</tbody>\n</table>\n";
}

std::string card_of(const Group& group) {
  const std::string head =
      fmt::format("<h2><span class=\"badge {}\">{}</span> {}</h2>\n", group.colour, group.title,
                  counted(group.findings.size(), "finding"));
  const bool quiet = std::string_view(group.colour) == "gap";
  return fmt::format("<section class=\"card\">\n{}{}{}{}</section>\n", head,
                     quiet ? "<details><summary>show</summary>\n" : "", table_of(group),
                     quiet ? "</details>\n" : "");
}

}  // namespace

std::string to_html(const Output& output) {
  std::string html = page_begin("schema-drift: " + output.title);
  html += fmt::format("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n<dl>\n", html_escaped(output.title),
                      html_escaped(output.verdict));
  for (const auto& [key, value] : output.facts) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", html_escaped(key), html_escaped(value));
  }
  html += "</dl>\n";
  const std::vector<Group> groups = groups_of(output);
  const auto unchecked = static_cast<std::size_t>(
      std::count_if(output.checks.begin(), output.checks.end(),
                    [](const OutputCheck& check) { return !check.why_not.empty(); }));
  html += "<ul class=\"tiles\">\n";
  for (const Group& group : groups) {
    if (!group.findings.empty() || &group == &groups.front()) {
      html += tile(group.findings.empty() ? "synced" : group.colour, group.findings.size(),
                   group.title);
    }
  }
  if (unchecked > 0) html += tile("error", unchecked, "not checked");
  html += "</ul>\n";
  for (const Group& group : groups) {
    if (!group.findings.empty()) html += card_of(group);
  }
  if (unchecked + output.warnings.size() > 0) {
    html += "<section class=\"card\">\n<h2><span class=\"badge error\">not known</span></h2>\n";
    for (const OutputCheck& check : output.checks) {
      if (check.why_not.empty()) continue;
      html += fmt::format("<p class=\"finding failure\">{}: {}</p>\n", html_escaped(check.name),
                          html_escaped(check.why_not));
    }
    for (const std::string& warning : output.warnings) {
      html += fmt::format("<p class=\"finding\">{}</p>\n", html_escaped(warning));
    }
    html += "</section>\n";
  }
  std::string checked;
  for (const OutputCheck& check : output.checks) {
    if (check.why_not.empty()) checked += (checked.empty() ? "" : " · ") + html_escaped(check.name);
  }
  html += fmt::format(
      "<footer><h3>checked</h3><p class=\"faint\">{}</p><p class=\"faint\">"
      "schema-drift {}</p></footer>\n",
      checked, html_escaped(output.tool_version));
  return html + "</body>\n</html>\n";
}

}  // namespace drift::report
