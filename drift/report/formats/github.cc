#include <fmt/format.h>

#include "drift/base/printable.h"
#include "drift/report/formats/output.h"

// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

namespace drift::report {
namespace {

std::string escaped(std::string_view text, bool property) {
  std::string result;
  for (const char c : printable(text)) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    result += special ? fmt::format("%{:02X}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return result;
}

const char* word_of(Level level) {
  switch (level) {
    case Level::kError: return "error";
    case Level::kWarning: return "warning";
    case Level::kNote: break;
  }
  return "notice";
}

}  // namespace

std::string to_github(const Output& output) {
  std::string text;
  for (const OutputFinding& finding : output.findings) {
    if (!finding.suppressed.empty()) continue;
    std::string where;
    if (!finding.file.empty()) {
      where = fmt::format("file={},line={},", escaped(finding.file, true), finding.line);
    }
    text += fmt::format("::{} {}title={}::{}\n", word_of(finding.level), where,
                        escaped(finding.rule, true), escaped(finding.message, false));
  }
  for (const OutputCheck& check : output.checks) {
    if (check.why_not.empty()) continue;
    text += fmt::format("::{} ::{}\n", check.counts ? "error" : "warning",
                        escaped(check.name + ": " + check.why_not, false));
  }
  for (const std::string& warning : output.warnings) {
    text += fmt::format("::warning ::{}\n", escaped(warning, false));
  }
  return text +
         fmt::format("::notice ::{}\n", escaped(output.title + ": " + output.verdict, false));
}

}  // namespace drift::report
