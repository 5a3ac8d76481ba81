#include "drift/cli/operations_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/impact/operation_text.h"
#include "drift/pending/rule_book.h"
#include "drift/report/report.h"

namespace drift::cli {
namespace {

using pending::Hazard;
using pending::Operation;
using pending::Severity;
using report::Level;

constexpr std::array<std::pair<const char*, Format>, 4> kForms = {{{"markdown", Format::kMarkdown},
                                                                   {"sarif", Format::kSarif},
                                                                   {"junit", Format::kJunit},
                                                                   {"github", Format::kGithub}}};

Level level_of(Severity severity) {
  if (severity == Severity::kHigh) return Level::kError;
  return severity == Severity::kMedium ? Level::kWarning : Level::kNote;
}

// The same finding keeps it when lines move.
std::string fingerprint_of(const pending::RevisionOperations& revision, const Operation& operation,
                           const Hazard& hazard, std::map<std::string, int>& seen) {
  std::string key = revision.revision;
  for (const std::string& part :
       {operation.operation, operation.command, operation.table, joined(operation.columns),
        operation.index, operation.constraint, operation.to, operation.reason, hazard.rule}) {
    key += '\x1f' + part;
  }
  key += '\x1f' + std::to_string(seen[key]++);
  return aws::sha256_hex(key).substr(0, 32);
}

report::OutputFinding finding_of(const pending::RevisionOperations& revision,
                                 const Operation& operation, const Hazard& hazard,
                                 const impact::LiveTables& live) {
  const pending::Rule* rule = pending::find_rule(hazard.rule);
  report::OutputFinding finding;
  finding.rule = hazard.rule;
  finding.level = level_of(hazard.severity);
  const std::string shown = impact::shown(operation);
  finding.message = fmt::format("{}: {}", shown, rule == nullptr ? hazard.rule : rule->title);
  if (rule != nullptr && *rule->safe != '\0')
    finding.message += fmt::format("; safer: {}", rule->safe);
  finding.kind = operation.operation == "execute" ? "statement" : "operation";
  finding.name = shown;
  finding.file = revision.file;
  finding.line = operation.line;
  finding.suppressed = hazard.suppressed;
  finding.details.emplace_back("revision", revision.revision);
  if (const std::string wait = impact::wait_in_words(operation, live); !wait.empty()) {
    finding.details.emplace_back("locks", wait);
  }
  if (!operation.table.empty() && operation.locks.count(operation.table) > 0) {
    finding.details.emplace_back("table", impact::size_in_words(live, operation.table));
  }
  for (const std::string& note : operation.notes) finding.details.emplace_back("note", note);
  if (rule != nullptr) finding.details.emplace_back("rule", pending::rule_page(hazard.rule));
  return finding;
}

}  // namespace

report::Output operations_as_output(const std::string& title,
                                    const std::vector<pending::RevisionOperations>& revisions,
                                    const impact::LiveTables& live,
                                    std::vector<std::string> warnings) {
  report::Output output;
  output.title = title;
  output.tool_version = report::tool_version();
  output.warnings = std::move(warnings);
  std::map<std::string, int> seen;
  std::map<Severity, std::size_t> counts;
  std::size_t count = 0, opaque = 0;
  for (const pending::RevisionOperations& revision : revisions) {
    output.checks.push_back({"revision " + revision.revision, "", true});
    for (const Operation& operation : revision.operations) {
      ++count;
      ++counts[operation.severity];
      if (operation.opaque) ++opaque;
      for (const Hazard& hazard : operation.hazards) {
        report::OutputFinding one = finding_of(revision, operation, hazard, live);
        one.fingerprint = fingerprint_of(revision, operation, hazard, seen);
        output.findings.push_back(std::move(one));
      }
    }
  }
  output.verdict =
      fmt::format("{} high, {} medium, {} low", counts[Severity::kHigh], counts[Severity::kMedium],
                  counts[Severity::kLow] + counts[Severity::kNone]);
  output.facts.emplace_back("read",
                            fmt::format("{} of {}", count - opaque, counted(count, "operation")));
  output.facts.emplace_back("sizes", impact::sizes_in_words(live));
  for (const pending::RevisionOperations& revision : revisions) {
    for (const std::string& sentence : impact::queue_of(revision.tables, live)) {
      output.facts.emplace_back("queue", sentence);
    }
  }
  std::stable_sort(output.findings.begin(), output.findings.end(),
                   [](const auto& a, const auto& b) {
                     return std::pair(!a.suppressed.empty(), a.level) <
                            std::pair(!b.suppressed.empty(), b.level);
                   });
  for (const pending::Rule& rule : pending::rule_book()) {
    const bool named = std::any_of(output.findings.begin(), output.findings.end(),
                                   [&](const auto& finding) { return finding.rule == rule.id; });
    if (!named) continue;
    std::string help = *rule.safe == '\0' ? "" : fmt::format("Safer: {}. ", rule.safe);
    output.rules.push_back({rule.id, rule.title, help + "See " + pending::rule_page(rule.id)});
  }
  return output;
}

Format operations_format(const config::Options& options) {
  const std::string format = options.format.value_or("text");
  for (const auto& [name, form] : kForms) {
    if (format == name) return form;
  }
  if (format == "text") return Format::kText;
  if (format == "json") return Format::kJson;
  throw config::unknown_choice("--format", format,
                               "give text, json, markdown, sarif, junit or github");
}

bool is_form(Format format) {
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](const auto& one) { return one.second == format; });
}

std::string formatted(const report::Output& output, Format format) {
  if (format == Format::kMarkdown) return report::to_markdown(output);
  if (format == Format::kSarif) return report::to_sarif(output);
  if (format == Format::kJunit) return report::to_junit(output);
  return report::to_github(output);
}

}  // namespace drift::cli
