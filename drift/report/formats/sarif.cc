#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/formats/output.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

const char* word_of(Level level) {
  switch (level) {
    case Level::kError: return "error";
    case Level::kWarning: return "warning";
    case Level::kNote: break;
  }
  return "note";
}

// A relative reference of RFC 3986.
std::string uri_of(const std::string& path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    if (is_alnum(c) || std::string_view("-._~/").find(c) != std::string_view::npos) {
      uri += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri += '%';
    uri += kHex[byte >> 4U];
    uri += kHex[byte & 15U];
  }
  return uri;
}

Json message_of(const std::string& text) { return {{"text", printable(text) + '.'}}; }

// "MissingColumn" for "missing-column", as SARIF1001 and SARIF2009 want names.
std::string name_of(const std::string& id) {
  std::string name;
  bool capital = true;
  for (const char c : id) {
    if (c == '-') {
      capital = true;
      continue;
    }
    name += capital && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    capital = false;
  }
  return name;
}

Json rule_of(const OutputRule& rule) {
  Json document;
  document["id"] = rule.id;
  // Of one word it would be the id again, which SARIF1001 refuses.
  if (rule.id.find('-') != std::string::npos) document["name"] = name_of(rule.id);
  document["shortDescription"] = message_of(rule.title);
  document["fullDescription"] = message_of(rule.title);
  document["help"] = message_of(rule.help.empty() ? rule.title : rule.help);
  return document;
}

Json result_of(const OutputFinding& finding, const Output& output) {
  Json document;
  document["ruleId"] = finding.rule;
  const auto rule = std::find_if(output.rules.begin(), output.rules.end(),
                                 [&](const OutputRule& each) { return each.id == finding.rule; });
  if (rule != output.rules.end()) document["ruleIndex"] = rule - output.rules.begin();
  document["level"] = word_of(finding.level);
  document["message"] = message_of(finding.message);
  Json location;
  if (!finding.file.empty()) {
    location["physicalLocation"]["artifactLocation"]["uri"] = uri_of(finding.file);
    // A place without a region is refused by GitHub.
    location["physicalLocation"]["region"]["startLine"] = std::max(finding.line, 1);
  }
  location["logicalLocations"] = Json::array(
      {{{"fullyQualifiedName", printable(finding.name)}, {"kind", printable(finding.kind)}}});
  document["locations"] = Json::array({location});
  document["partialFingerprints"] = {{"schemaDrift/v1", finding.fingerprint},
                                     {"primaryLocationLineHash", finding.fingerprint}};
  if (!finding.suppressed.empty()) {
    document["suppressions"] =
        Json::array({{{"kind", "external"}, {"justification", printable(finding.suppressed)}}});
  }
  for (const auto& [key, value] : finding.details) {
    document["properties"][key] = valid_utf8(value);
  }
  return document;
}

}  // namespace

std::string to_sarif(const Output& output) {
  Json run;
  Json& driver = run["tool"]["driver"];
  driver["name"] = "schema-drift";
  driver["version"] = output.tool_version;
  driver["semanticVersion"] = output.tool_version;
  driver["rules"] = Json::array();
  for (const OutputRule& rule : output.rules) driver["rules"].push_back(rule_of(rule));
  Json invocation;
  const bool whole = std::all_of(output.checks.begin(), output.checks.end(), [](const auto& check) {
    return check.why_not.empty() || !check.counts;
  });
  invocation["executionSuccessful"] = whole;
  Json notes = Json::array();
  const auto note = [&](const std::string& text) {
    notes.push_back({{"level", "warning"}, {"message", message_of(text)}});
  };
  for (const OutputCheck& check : output.checks) {
    if (!check.why_not.empty()) note(check.name + ' ' + check.why_not);
  }
  for (const std::string& warning : output.warnings) note(warning);
  if (!notes.empty()) invocation["toolExecutionNotifications"] = std::move(notes);
  run["invocations"] = Json::array({invocation});
  for (const auto& [key, value] : output.facts) run["properties"][key] = valid_utf8(value);
  run["results"] = Json::array();
  for (const OutputFinding& finding : output.findings) {
    run["results"].push_back(result_of(finding, output));
  }
  run["columnKind"] = "unicodeCodePoints";
  Json document;
  document["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  document["version"] = "2.1.0";
  document["runs"] = Json::array({std::move(run)});
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace drift::report
