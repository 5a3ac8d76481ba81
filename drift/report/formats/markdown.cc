#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/formats/output.h"

namespace drift::report {
namespace {

constexpr std::size_t kMostRows = 100;
constexpr std::size_t kMostOfAValue = 300;

// A character that Markdown could read as its own is written by its number, which it never reads
// as structure (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references), nor
// as the end of a table's cell. An underline within a word is none of them.
std::string escaped(std::string_view text, std::size_t most = kMostOfAValue) {
  const std::string shown = shortened(text, most);
  std::string result;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    const bool within_word =
        i > 0 && i + 1 < shown.size() && is_alnum(shown[i - 1]) && is_alnum(shown[i + 1]);
    const bool plain = is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
                       std::string_view(" .,;(/)=%?'").find(c) != std::string_view::npos ||
                       (within_word && (c == '_' || c == '-')) ||
                       (c == ':' && i + 1 < shown.size() && shown[i + 1] == ' ');
    if (plain) {
      result += c;
    } else {
      result += fmt::format("&#{};", static_cast<unsigned>(c));
    }
  }
  return result;
}

// In a <code>, GitHub and GitLab make no link of a name and notify nobody.
std::string code(std::string_view text) {
  return text.empty() ? "" : "<code>" + escaped(text) + "</code>";
}

const char* sign_of(const OutputFinding& finding) {
  if (!finding.suppressed.empty()) return "ignored";
  switch (finding.level) {
    case Level::kError: return "**fails**";
    case Level::kWarning: return "warning";
    case Level::kNote: break;
  }
  return "note";
}

}  // namespace

std::string to_markdown(const Output& output) {
  std::string text = fmt::format("### {}: {}\n\n", escaped(output.title), escaped(output.verdict));
  for (const auto& [key, value] : output.facts) {
    text += fmt::format("- {}: {}\n", escaped(key), code(value));
  }
  if (!output.facts.empty()) text += '\n';
  if (!output.findings.empty()) {
    text += "| | what | where | details |\n|---|---|---|---|\n";
    const std::size_t rows = std::min(output.findings.size(), kMostRows);
    for (std::size_t i = 0; i < rows; ++i) {
      const OutputFinding& finding = output.findings[i];
      std::string details;
      for (const auto& [key, value] : finding.details) {
        if (!details.empty()) details += "<br>";
        details += escaped(key) + ": " + code(value);
      }
      if (!finding.suppressed.empty()) {
        details += (details.empty() ? "" : "<br>") + escaped(finding.suppressed);
      }
      std::string what = finding.rule;
      std::replace(what.begin(), what.end(), '-', ' ');
      text += fmt::format("| {} | {} | {} | {} |\n", sign_of(finding), escaped(what),
                          code(finding.name), details);
    }
    if (rows < output.findings.size()) {
      text += fmt::format("\nand {} more\n", output.findings.size() - rows);
    }
    text += '\n';
  }
  for (const OutputCheck& check : output.checks) {
    if (!check.why_not.empty()) {
      text += fmt::format("- {}: {}\n", escaped(check.name), escaped(check.why_not));
    }
  }
  for (const std::string& warning : output.warnings) {
    text += fmt::format("- warning: {}\n", escaped(warning));
  }
  return text;
}

}  // namespace drift::report
