// What --help of a command prints: what it takes day by day, a line each, on one screen.
#pragma once

#include <string>

#include "drift/cli/command_table.h"

namespace drift::cli {

// Characters of a line of help.
constexpr std::size_t kHelpWidth = 100;

// "--version-table"; with the letter that it has, "-d,--database".
std::string flags_of(const config::OptionSpec& option);

// `text` in lines of at most `width` characters, broken at blanks; each but the first after
// `indent` blanks. A longer word stays whole.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

// Ends with a newline.
std::string help_page(const CommandSpec& command);

}  // namespace drift::cli
