// The targets of a check as findings: Markdown, SARIF, JUnit's XML and GitHub's annotations.
#pragma once

#include <string>
#include <vector>

#include "drift/cli/commands.h"
#include "drift/report/formats/output.h"
#include "drift/report/report.h"

namespace drift::cli {

// --format of check: text, json, jsonl, or one of operations_formats.h's. Throws Error{kUsage}.
Format check_format(const config::Options& options);

// One Output of all targets: a check for each, a finding for each of its report. What makes the
// exit code other than 0 is an error there, too: a finding of drift, a side that could not be read,
// a report or an alert that was not delivered.
class CheckedTargets {
 public:
  CheckedTargets();
  // `fails`: the exit code of this target is not 0.
  void add(const report::Report& report, bool fails);
  report::Output output() const;

 private:
  report::Output output_;
  std::vector<std::string> said_;  // of each target, in a few words
};

}  // namespace drift::cli
