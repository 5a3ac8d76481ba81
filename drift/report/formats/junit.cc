#include <fmt/format.h>

#include "drift/report/formats/output.h"
#include "drift/report/page.h"

namespace drift::report {
namespace {

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

std::string details_of(const OutputFinding& finding) {
  std::string text = html_escaped(finding.message);
  for (const auto& [key, value] : finding.details) {
    text += fmt::format("\n{}: {}", html_escaped(key), html_escaped(value));
  }
  return text + "\nfingerprint: " + html_escaped(finding.fingerprint);
}

std::string case_of(const OutputFinding& finding, Counts& counts) {
  ++counts.tests;
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"",
                                html_escaped(finding.rule), html_escaped(finding.name));
  if (!finding.suppressed.empty()) {
    ++counts.skipped;
    return xml + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                             html_escaped(finding.suppressed));
  }
  if (finding.level == Level::kError) {
    ++counts.failures;
    return xml + fmt::format(
                     ">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n"
                     "    </testcase>\n",
                     html_escaped(finding.message), html_escaped(finding.rule),
                     details_of(finding));
  }
  return xml + fmt::format(">\n      <system-out>{}</system-out>\n    </testcase>\n",
                           details_of(finding));
}

std::string case_of(const OutputCheck& check, Counts& counts) {
  ++counts.tests;
  std::string xml = fmt::format("    <testcase classname=\"checked\" name=\"{}\" time=\"0\"",
                                html_escaped(check.name));
  if (check.why_not.empty()) return xml + "/>\n";
  if (check.counts) {
    ++counts.errors;
    return xml + fmt::format(
                     ">\n      <error message=\"{}\" type=\"not-checked\"/>\n"
                     "    </testcase>\n",
                     html_escaped(check.why_not));
  }
  ++counts.skipped;
  return xml + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                           html_escaped(check.why_not));
}

}  // namespace

std::string to_junit(const Output& output) {
  Counts counts;
  std::string cases;
  for (const OutputCheck& check : output.checks) cases += case_of(check, counts);
  for (const OutputFinding& finding : output.findings) cases += case_of(finding, counts);
  std::string facts;
  for (const auto& [key, value] : output.facts) {
    facts += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", html_escaped(key),
                         html_escaped(value));
  }
  if (!facts.empty()) facts = "    <properties>\n" + facts + "    </properties>\n";
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites>\n"
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"0\">\n{}{}  </testsuite>\n</testsuites>\n",
      html_escaped(output.title), counts.tests, counts.failures, counts.errors, counts.skipped,
      facts, cases);
}

}  // namespace drift::report
