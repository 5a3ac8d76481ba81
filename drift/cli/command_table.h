// Every command of the program in one table: the parser, --help, the completions of shells and the
// manual page are made from it and from the table of options (drift/config/options.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/config/options.h"

namespace drift::cli {

enum class Command {
  kCheck,
  kStatus,
  kCurrent,
  kDetector,
  kHeads,
  kHistory,
  kPending,
  kExplain,
  kReports,
  kAck,
  kDoctor,
  kSqlApi,
  kQuery,
  kSchema,
  kCompletion,
  kMan
};

struct CommandSpec {
  std::string_view name;
  Command command;
  std::string_view description;         // without a full stop
  std::vector<config::Group> groups;    // of options
  std::vector<std::string_view> forms;  // what --format takes, the default first
  std::string_view exit_codes;
  std::string_view words = {};                     // "REVISIONS"; "" where it takes no word
  std::string_view words_description = {};         // without a full stop
  std::vector<std::string_view> first_words = {};  // those that are known: "list", "show"
};

// In the order in which --help lists them.
const std::vector<CommandSpec>& command_specs();

// Those of the table that the command takes, in the table's order.
std::vector<const config::OptionSpec*> options_of(const CommandSpec& command);

// "text (default), json or html"
std::string forms_in_words(const CommandSpec& command);

}  // namespace drift::cli
