#include "drift/schema/comparison_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::schema {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json document_of(const NamedSide& side) {
  Json document;
  document["source"] = valid_utf8(side.source);
  document["server_version_num"] = side.header.server_version_num;
  document["version_table"] = side.header.version_table;
  document["version_rows"] = side.header.version_rows ? Json(*side.header.version_rows) : Json();
  document["root"] = side.root;
  return document;
}

Json document_of(const Finding& finding) {
  Json document;
  document["kind"] = finding.kind;
  document["state"] = state_name(finding.state);
  document["schema"] = text_or_null(finding.schema);
  document["on"] = text_or_null(finding.on);
  document["name"] = finding.name;
  document["property"] = text_or_null(finding.property);
  document["expected"] = text_or_null(finding.expected);
  document["live"] = text_or_null(finding.live);
  document["to"] = text_or_null(finding.to);
  document["facet"] = facet_name(finding.facet);
  document["severity"] = finding.severity;
  document["fails"] = finding.fails;
  document["fingerprint"] = finding.fingerprint;
  document["why_not_failing"] = text_or_null(finding.why_not_failing);
  return document;
}

std::string version_of(int number) {
  return fmt::format("PostgreSQL {}.{}", number / 10'000, number % 10'000);
}

std::string line_of(const char* which, const NamedSide& side) {
  return fmt::format("{:<9} {} ({})\n", which, printable(side.source), facts_of(side));
}

std::string place_of(const Finding& finding, const std::string& name) {
  std::string place;
  for (const std::string& part : {finding.schema, finding.on}) {
    if (!part.empty()) place += printable(part) + '.';
  }
  return place + printable(name);
}

std::string value(const std::string& text) {
  return text.empty() ? "the default" : shortened(text, 160);
}

// With the state before it and the reason behind, as a line of text.
std::string line_of(const Finding& finding) {
  std::string text = fmt::format("  {:<10} {}", state_name(finding.state), sentence_of(finding));
  if (!finding.fails) text += fmt::format(" ({})", printable(finding.why_not_failing));
  return text + '\n';
}

std::size_t count_failing(const std::vector<Finding>& findings) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [](const Finding& finding) { return finding.fails; }));
}

}  // namespace

std::string facts_of(const NamedSide& side) {
  std::string rows = "version rows not read";
  if (side.header.version_rows) {
    rows = side.header.version_rows->empty() ? "no version row"
                                             : "version " + quoted(*side.header.version_rows);
  }
  return fmt::format("{}, {}", version_of(side.header.server_version_num), rows);
}

std::string verdict_of(const Comparison& comparison) {
  const std::size_t failing = count_failing(comparison.findings);
  if (failing > 0) return fmt::format("drift: {}", counted(failing, "difference"));
  return comparison.complete() ? "no drift" : "no drift in what was compared";
}

std::string sentence_of(const Finding& finding) {
  std::string text = fmt::format("{} {}", finding.kind, place_of(finding, finding.name));
  if (finding.state == State::kRenamed) text += fmt::format(" is {} now", printable(finding.to));
  if (finding.state == State::kChanged) {
    text += fmt::format(": {} is {}, expected {}", printable(finding.property), value(finding.live),
                        value(finding.expected));
  }
  return text;
}

std::string finding_json(const Finding& finding) {
  return document_of(finding).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string finding_sentence(const Finding& finding) {
  return fmt::format("{} {}", state_name(finding.state), sentence_of(finding));
}

std::string finding_subject(const Finding& finding) {
  std::string subject = fmt::format("{} {}", finding.kind, place_of(finding, finding.name));
  if (!finding.property.empty()) subject += ' ' + printable(finding.property);
  return subject;
}

std::string comparison_json(const Comparison& comparison, const NamedSide& expected,
                            const NamedSide& live) {
  Json document;
  document["format"] = 1;
  document["expected"] = document_of(expected);
  document["live"] = document_of(live);
  document["findings"] = Json::array();
  for (const Finding& finding : comparison.findings) {
    document["findings"].push_back(document_of(finding));
  }
  document["ignored"] = Json::array();
  for (const Ignored& ignored : comparison.ignored) {
    Json entry = document_of(ignored.finding);
    entry["rule"] = valid_utf8(ignored.rule);
    entry["reason"] = valid_utf8(ignored.reason);
    document["ignored"].push_back(std::move(entry));
  }
  document["rule_warnings"] = comparison.rule_warnings;
  document["coverage"] = Json::object();
  for (const auto& [kind, state] : comparison.coverage) document["coverage"][kind] = state;
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string comparison_text(const Comparison& comparison, const NamedSide& expected,
                            const NamedSide& live) {
  std::string text = line_of("expected", expected) + line_of("live", live);
  const auto& findings = comparison.findings;
  const std::size_t failing = count_failing(findings);
  if (expected.header.version_rows && live.header.version_rows &&
      expected.header.version_rows != live.header.version_rows) {
    text += "the two sides are of different revisions\n";
  }
  text += verdict_of(comparison) + '\n';
  for (const Finding& finding : findings) {
    if (finding.fails) text += line_of(finding);
  }
  if (failing < findings.size()) {
    text += fmt::format("not failing: {}\n", counted(findings.size() - failing, "difference"));
  }
  // A production database has another owner in each line. Those are for --format json.
  std::map<std::string, std::size_t> by_environment;
  for (const Finding& finding : findings) {
    if (finding.fails) continue;
    if (finding.severity == "info") {
      ++by_environment[finding.why_not_failing];
    } else {
      text += line_of(finding);
    }
  }
  for (const auto& [why, count] : by_environment) {
    text += fmt::format("  {}: {}\n", counted(count, "difference"), why);
  }
  if (!comparison.ignored.empty()) {
    text += fmt::format("{} ignored by rules\n", comparison.ignored.size());
  }
  for (const auto& [kind, state] : comparison.coverage) {
    if (state != kCompared) text += fmt::format("{} {}\n", kind, printable(state));
  }
  return text;
}

int exit_code(const Comparison& comparison) {
  const bool fails = std::any_of(comparison.findings.begin(), comparison.findings.end(),
                                 [](const Finding& finding) { return finding.fails; });
  if (fails) return 1;
  return comparison.complete() ? 0 : 2;
}

}  // namespace drift::schema
