#include "drift/cli/check_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/cli/operations_formats.h"
#include "drift/verdict/verdict.h"

namespace drift::cli {
namespace {

using report::Level;
using report::OutputFinding;

constexpr std::size_t kMostPending = 20;

Level level_of(verdict::Severity severity, bool fails) {
  if (severity == verdict::Severity::kInfo) return Level::kNote;
  return fails ? Level::kError : Level::kWarning;
}

std::string rule_of(std::string kind) {
  std::replace(kind.begin(), kind.end(), '_', '-');
  return kind;
}

// The revisions of `report` that the finding is about, and where the first of them stands.
void add_pending(const report::Report& report, const verdict::Finding& found,
                 OutputFinding& finding) {
  std::size_t count = 0;
  for (const report::PendingRevision& revision : report.pending) {
    if (std::find(found.subjects.begin(), found.subjects.end(), revision.revision) ==
        found.subjects.end()) {
      continue;
    }
    if (count++ == 0) {
      finding.file = revision.path;
      finding.line = 1;
    }
    if (count <= kMostPending) {
      finding.details.emplace_back("pending", revision.revision + " " + revision.message);
    }
  }
  if (count > kMostPending) {
    finding.details.emplace_back("pending", fmt::format("and {} more", count - kMostPending));
  }
}

OutputFinding finding_of(const report::Report& report, const verdict::Finding& found, bool fails) {
  OutputFinding finding;
  finding.rule = rule_of(found.kind);
  finding.level = level_of(found.severity, fails);
  finding.message = report.target + ": " + found.message;
  finding.kind = "database";
  finding.name = report.target;
  // That of the report is the same for every target.
  finding.fingerprint = aws::sha256_hex(report.target + '\x1f' + found.fingerprint).substr(0, 32);
  add_pending(report, found, finding);
  if (!found.action.empty()) finding.details.emplace_back("what to do", found.action);
  return finding;
}

}  // namespace

Format check_format(const config::Options& options) {
  if (options.format == "jsonl") return Format::kJsonLines;
  try {
    return operations_format(options);
  } catch (const Error&) {
    throw config::unknown_choice("--format", *options.format,
                                 "give text, json, jsonl, markdown, sarif, junit or github");
  }
}

CheckedTargets::CheckedTargets() {
  output_.title = "check";
  output_.tool_version = report::tool_version();
}

void CheckedTargets::add(const report::Report& report, bool fails) {
  const std::string status{verdict::status_name(report.status)};
  said_.push_back(fmt::format("{} is {}: {}", report.target, status, report::what_it_says(report)));
  std::string why_not;
  if (report.failure) why_not = report.failure->message + "; " + report.failure->hint;
  output_.checks.push_back({report.target, why_not, true});
  for (const std::string& sentence : report.undelivered) {
    output_.checks.push_back({report.target + ", delivered", sentence, true});
  }
  const bool drift = report.status != verdict::Status::kSynced && !report.failure;
  const std::size_t first = output_.findings.size();
  for (const verdict::Finding& found : report.findings) {
    output_.findings.push_back(finding_of(report, found, drift && fails));
    const std::string& rule = output_.findings.back().rule;
    if (std::none_of(output_.rules.begin(), output_.rules.end(),
                     [&](const auto& one) { return one.id == rule; })) {
      std::string title = found.kind;
      std::replace(title.begin(), title.end(), '_', ' ');
      output_.rules.push_back({rule, title, found.action});
    }
  }
  // Nobody may read an answer without an error where the exit code says that there is one.
  const bool told = std::any_of(output_.findings.begin() + static_cast<std::ptrdiff_t>(first),
                                output_.findings.end(),
                                [](const auto& one) { return one.level == Level::kError; });
  if (drift && fails && !told && first < output_.findings.size()) {
    output_.findings[first].level = Level::kError;
  }
  const std::string at = report.repository.commit ? *report.repository.commit : "no commit";
  output_.facts.emplace_back(report.target, fmt::format("{} at {}", report.repository.url, at));
  for (const std::string& warning : report.warnings) {
    output_.warnings.push_back(report.target + ": " + warning);
  }
}

report::Output CheckedTargets::output() const {
  report::Output output = output_;
  output.verdict = joined(said_, "; ");
  return output;
}

}  // namespace drift::cli
