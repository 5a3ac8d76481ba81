#include "drift/cli/schema_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "drift/base/text.h"
#include "drift/report/report.h"

namespace drift::cli {
namespace {

using report::Level;
using schema::Finding;
using schema::State;

// "changed-table-privilege", "missing-column".
report::OutputRule rule_of(const Finding& finding) {
  std::string id = fmt::format("{}-{}", state_name(finding.state), finding.kind);
  const bool facet = finding.facet != schema::Facet::kStructure && finding.state == State::kChanged;
  if (facet) id += fmt::format("-{}", facet_name(finding.facet));
  for (char& c : id) {
    if (!is_alnum(c)) c = '-';
  }
  const char* article =
      std::string_view("aeiou").find(finding.kind.empty() ? 'x' : finding.kind.front()) ==
              std::string_view::npos
          ? "a"
          : "an";
  std::string title;
  std::string help;
  switch (finding.state) {
    case State::kMissing:
      title = fmt::format("{} {} is missing", article, finding.kind);
      help = "The migrations make it and the live schema does not have it";
      break;
    case State::kUnexpected:
      title = fmt::format("{} {} that nobody expects", article, finding.kind);
      help = "The live schema has it and the migrations do not make it";
      break;
    case State::kRenamed:
      title = fmt::format("{} {} has another name", article, finding.kind);
      help = "It is as expected but for its name";
      break;
    case State::kChanged:
      title = facet ? fmt::format("{} {} differs in what concerns its {}", article, finding.kind,
                                  facet_name(finding.facet))
                    : fmt::format("{} {} differs", article, finding.kind);
      help = "The live schema has it otherwise than the migrations make it";
  }
  return {std::move(id), std::move(title),
          help +
              ". schema-drift schema diff --sql prints the statements that would bring the live "
              "schema to the expected one, where that is certain"};
}

Level level_of(const Finding& finding) {
  if (finding.fails) return Level::kError;
  return finding.severity == "info" ? Level::kNote : Level::kWarning;
}

report::OutputFinding output_of(const Finding& finding, const std::string& rule) {
  report::OutputFinding output;
  output.rule = rule;
  output.level = level_of(finding);
  output.message = fmt::format("{}: {}", state_name(finding.state), sentence_of(finding));
  output.kind = finding.kind;
  for (const std::string& part : {finding.schema, finding.on}) {
    if (!part.empty()) output.name += part + '.';
  }
  output.name += finding.name;
  output.fingerprint = finding.fingerprint;
  if (finding.state == State::kChanged) {
    const auto value = [](const std::string& text) {
      return text.empty() ? std::string("the default") : text;
    };
    output.details = {{"property", finding.property},
                      {"expected", value(finding.expected)},
                      {"live", value(finding.live)}};
  }
  if (finding.state == State::kRenamed) output.details.emplace_back("now", finding.to);
  if (!finding.fails) output.details.emplace_back("does not fail", finding.why_not_failing);
  return output;
}

}  // namespace

report::Output schema_output(const schema::Comparison& comparison,
                             const schema::NamedSide& expected, const schema::NamedSide& live,
                             const std::string& file) {
  report::Output output;
  output.title = "schema diff";
  output.verdict = verdict_of(comparison);
  output.tool_version = report::tool_version();
  output.facts = {{"expected", fmt::format("{} ({})", expected.source, schema::facts_of(expected))},
                  {"live", fmt::format("{} ({})", live.source, schema::facts_of(live))}};
  std::map<std::string, report::OutputRule> rules;
  const auto add = [&](const Finding& finding, const std::string& suppressed) {
    report::OutputRule rule = rule_of(finding);
    report::OutputFinding one = output_of(finding, rule.id);
    one.file = file;
    one.suppressed = suppressed;
    output.findings.push_back(std::move(one));
    rules.emplace(rule.id, std::move(rule));
  };
  for (const Finding& finding : comparison.findings) add(finding, "");
  for (const schema::Ignored& ignored : comparison.ignored) {
    add(ignored.finding, fmt::format("{} ({})", ignored.reason, ignored.rule));
  }
  // What fails is seen first, also where a table is cut.
  std::stable_sort(output.findings.begin(), output.findings.end(),
                   [](const auto& a, const auto& b) {
                     return std::pair(!a.suppressed.empty(), a.level) <
                            std::pair(!b.suppressed.empty(), b.level);
                   });
  for (auto& [id, rule] : rules) output.rules.push_back(std::move(rule));
  for (const auto& [kind, state] : comparison.coverage) {
    output.checks.push_back(
        {kind, state == schema::kCompared ? "" : state, kind != schema::kViewDefinition});
  }
  output.warnings = comparison.rule_warnings;
  return output;
}

}  // namespace drift::cli
