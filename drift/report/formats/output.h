// What was looked at and what was found, as values that every output format is written from: a
// page, JUnit's XML, SARIF and Markdown. Whoever has findings of a kind of his own makes these of
// them; the writers know nothing of schemas, reports or migrations.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace drift::report {

enum class Level { kError, kWarning, kNote };

struct OutputRule {
  std::string id;     // "missing-column": letters, digits and dashes
  std::string title;  // "a column is missing"
  std::string help;   // what to do; "" for nothing to say
};

struct OutputFinding {
  std::string rule;  // the id of one
  Level level = Level::kError;
  std::string message;  // one sentence, without a full stop
  std::string kind;     // "column"
  std::string name;     // of the thing: "app.users.born"
  std::string file;     // where it stands, relative to the repository's root; "" for nowhere
  int line = 0;         // 1 is the first; 0: not known
  std::string fingerprint;
  // In the order in which they are shown: {"expected", "text"}.
  std::vector<std::pair<std::string, std::string>> details;
  std::string suppressed;  // why it does not count; "" where it does
};

// One thing that was looked at, whatever was found of it.
struct OutputCheck {
  std::string name;
  std::string why_not;  // "" where it was looked at
  bool counts = true;   // that it was not looked at leaves the answer open
};

struct Output {
  std::string title;                                       // "schema diff"
  std::string verdict;                                     // "drift: 3 differences"
  std::string tool_version;                                // "1.2.3"
  std::vector<std::pair<std::string, std::string>> facts;  // what was compared: {"expected", …}
  std::vector<OutputRule> rules;                           // those that the findings name
  std::vector<OutputFinding> findings;
  std::vector<OutputCheck> checks;
  std::vector<std::string> warnings;
};

// Each takes texts of any bytes: what is no UTF-8 and what a terminal would obey is shown, not
// written.

// SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
std::string to_sarif(const Output& output);

// JUnit's XML as Jenkins and GitLab read it: a test case for each check and each finding; what is
// an error fails, what is suppressed is skipped, a check that was not made is an error where it
// counts. https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/
// plugins/xunit/types/model/xsd/junit-10.xsd
std::string to_junit(const Output& output);

// For a comment on a pull request: a table of at most 100 findings, and how many more there are.
std::string to_markdown(const Output& output);

// Commands of a GitHub workflow, which shows them as annotations. What is suppressed is left out.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
std::string to_github(const Output& output);

// A page that needs no other file, as drift/report/page.h has it.
std::string to_html(const Output& output);

}  // namespace drift::report
