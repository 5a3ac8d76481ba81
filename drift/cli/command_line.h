// The words of a call: which command, with which options.
#pragma once

#include <optional>
#include <string>

#include "drift/config/options.h"

namespace drift::cli {

enum class Command { kCheck, kHeads, kHistory, kPending };

struct CommandLine {
  Command command = Command::kCheck;
  config::Options options;
};

// What to print instead of running anything (--help, --version), with exit code 0.
struct Message {
  std::string text;
};

struct Parsed {
  std::optional<CommandLine> command_line;
  std::optional<Message> message;
};

// Throws Error{kUsage} for what is no call, with the nearest option or command as a hint.
Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace drift::cli
