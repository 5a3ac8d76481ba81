#include "drift/cli/help_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/config/everyday.h"

namespace drift::cli {
namespace {

constexpr std::size_t kColumn = 32;

std::string entry(const std::string& name, const std::string& description) {
  std::string line = "  " + name;
  if (line.size() + 1 >= kColumn) {
    line += "  ";
  } else {
    line.resize(kColumn, ' ');
  }
  return line + wrapped(description, kHelpWidth - kColumn, kColumn) + '\n';
}

}  // namespace

std::string flags_of(const config::OptionSpec& option) {
  return option.letter.empty() ? fmt::format("--{}", option.name)
                               : fmt::format("{},--{}", option.letter, option.name);
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && column + 1 + end > width) {
      result += '\n' + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      result += ' ';
      ++column;
    }
    result += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string help_page(const CommandSpec& command) {
  std::string text = wrapped(command.description, kHelpWidth) + '\n';
  text += fmt::format("Usage: schema-drift {} [OPTIONS]{}{}\n\n", command.name,
                      command.words.empty() ? "" : " ", command.words);
  if (!command.words.empty()) {
    text += entry(std::string(command.words), std::string(command.words_description));
  }
  std::size_t left_out = 0;
  for (const config::OptionSpec* option : options_of(command)) {
    std::string brief(config::brief(*option));
    if (option->name == "format" && !command.forms.empty()) brief = forms_in_words(command);
    if (brief.empty()) {
      ++left_out;
      continue;
    }
    std::string flags = flags_of(*option);
    if (!option->value.empty()) flags += fmt::format(" {}", option->value);
    text += entry(flags, brief);
  }
  text += entry("-h,--help", "This");
  text += entry("--help-all",
                left_out == 0 ? "The same, with what each option means in full"
                              : fmt::format("With {} more options, and each in full", left_out));
  text += '\n';
  const auto variable = [](const config::OptionSpec* option) { return option->in_environment; };
  if (std::ranges::any_of(options_of(command), variable)) {
    text +=
        "An option is also an environment variable: --version-table is "
        "SCHEMA_DRIFT_VERSION_TABLE.\n";
  }
  return text + wrapped(fmt::format("Exit codes: {}.", command.exit_codes), kHelpWidth) + '\n';
}

}  // namespace drift::cli
