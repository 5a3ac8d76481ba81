// What the writers of tests are given.
#pragma once

#include "drift/report/formats/output.h"

namespace drift::report {

inline Output one_of_each() {
  Output output;
  output.title = "schema diff";
  output.verdict = "drift: 1 difference";
  output.tool_version = "1.2.3";
  output.facts = {{"expected", "ci.json"}};
  output.rules = {{"changed-table", "a table differs", "mend it"},
                  {"missing-column", "a column is missing", ""}};
  OutputFinding finding;
  finding.rule = "missing-column";
  finding.message = "missing: column app.t.a";
  finding.kind = "column";
  finding.name = "app.t.a";
  finding.file = "db/ci schema.json";
  finding.fingerprint = "0123456789abcdef";
  finding.details = {{"expected", "text"}};
  output.findings.push_back(finding);
  finding.level = Level::kWarning;
  finding.rule = "changed-table";
  finding.file.clear();
  finding.name = "app.t";
  output.findings.push_back(finding);
  finding.suppressed = "known";
  output.findings.push_back(finding);
  output.checks = {{"column", "", true},
                   {"index", "not checked: locked", true},
                   {"view definition", "not checked: two versions", false}};
  output.warnings = {"a rule matches nothing"};
  return output;
}

// Every character that one of the forms reads as its own, and those that none may show.
inline constexpr const char* kHostile =
    "a\"'<b>&|`]]>*_[x](y)\\#@me\n\r\t\x01\x1b[31m\xff\xf0\x9f\x98\x80\xef\xbf\xbe\xe2\x80\xae";

inline Output hostile() {
  Output output = one_of_each();
  for (OutputFinding& finding : output.findings) {
    finding.name = finding.message = finding.kind = kHostile;
    finding.details = {{"live", kHostile}};
  }
  output.findings.back().suppressed = kHostile;
  output.facts = {{"live", kHostile}};
  output.verdict = kHostile;
  output.checks[1].why_not = kHostile;
  output.warnings = {kHostile};
  return output;
}

}  // namespace drift::report
