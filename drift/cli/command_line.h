// The words of a call: which command, with which options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/cli/command_table.h"
#include "drift/config/options.h"

namespace drift::cli {

struct CommandLine {
  Command command = Command::kCheck;
  config::Options options;
  std::vector<std::string> words;  // those without dashes, of the commands that take any
};

// What to print instead of running anything (--help, --version, man, completion), with exit code 0.
struct Message {
  std::string text;
  std::optional<std::string> output = {};  // the file of --output
};

struct Parsed {
  std::optional<CommandLine> command_line;
  std::optional<Message> message;
};

// Throws Error{kUsage} for what is no call, with the nearest option or command as a hint.
//
// Lambda starts a custom runtime without any word and names what it wants in _HANDLER: where
// `handler` is set, no word stands for that command.
Parsed parse_command_line(int argc, const char* const* argv,
                          const std::optional<std::string>& handler = {});

}  // namespace drift::cli
