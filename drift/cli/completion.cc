#include "drift/cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/cli/command_table.h"
#include "drift/config/everyday.h"

namespace drift::cli {
namespace {

using config::OptionSpec;

// What the shell offers for a value.
struct Value {
  enum class Kind { kNone, kAnything, kFile, kFolder, kOneOf } kind = Kind::kNone;
  std::vector<std::string_view> choices = {};
};

Value value_of(const CommandSpec& command, const OptionSpec& option) {
  using Kind = Value::Kind;
  if (option.value.empty()) return {};
  if (option.name == "format") return {Kind::kOneOf, command.forms};
  if (option.name == "log") return {Kind::kOneOf, {"text", "json"}};
  if (option.name == "auth") return {Kind::kOneOf, {"password", "iam"}};
  if (option.name == "envelope") return {Kind::kOneOf, {"bare", "proxy"}};
  if (option.name == "fail-on") return {Kind::kOneOf, {"high", "medium", "low"}};
  if (option.name == "metrics") return {Kind::kOneOf, {"emf"}};
  if (option.name == "alerts" || option.name == "alert-fallback") {
    return {Kind::kOneOf, {"terminal", "slack", "mailto:", "webhook:https://"}};
  }
  if (option.name == "repository" || option.value == "DIR" || option.value == "PLACE") {
    return {Kind::kFolder};
  }
  if (option.value == "FILE" || option.value == "PATH") return {Kind::kFile};
  return {Kind::kAnything};
}

// Where nobody wrote a short line, the description up to what it adds.
std::string short_description(const CommandSpec& command, const OptionSpec& option) {
  if (option.name == "format") return forms_in_words(command);
  if (const std::string_view brief = config::brief(option); !brief.empty()) {
    return std::string(brief);
  }
  std::string_view text = option.description;
  for (const char* end : {" (", ": ", "; ", ". "}) text = text.substr(0, text.find(end));
  return std::string(text);
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  for (const char c : text) {
    if (what.find(c) != std::string_view::npos) {
      result += by;
      if (by == "\\") result += c;
    } else {
      result += c;
    }
  }
  return result;
}

// In single quotes, for bash and zsh.
std::string in_quotes(std::string_view text) { return '\'' + replaced(text, "'", "'\\''") + '\''; }

// ------------------------------------------------------------------------------------------- bash

constexpr std::string_view kBashBegin = R"(# bash completion of schema-drift. For this shell:
#   source <(schema-drift completion bash)
_schema_drift() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' words='' i
  # bash parts --format=json into three words.
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} != -* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
  COMPREPLY=()
  case "$command $prev" in
)";

constexpr std::string_view kBashEnd = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _schema_drift schema-drift
)";

std::string bash_pattern(const CommandSpec& command, const OptionSpec& option) {
  std::string pattern = fmt::format("'{} --{}'", command.name, option.name);
  if (!option.letter.empty()) pattern += fmt::format(" | '{} {}'", command.name, option.letter);
  return pattern;
}

std::string bash_value(const CommandSpec& command, const OptionSpec& option) {
  const Value value = value_of(command, option);
  std::string action;
  switch (value.kind) {
    case Value::Kind::kNone: return {};
    case Value::Kind::kAnything: action = "return"; break;
    case Value::Kind::kOneOf:
      action = fmt::format("words={}", in_quotes(fmt::format("{}", fmt::join(value.choices, " "))));
      break;
    case Value::Kind::kFile:
    case Value::Kind::kFolder:
      action = fmt::format(
          "compopt -o filenames 2>/dev/null\n      mapfile -t COMPREPLY < <(compgen -{} -- "
          "\"$cur\")"
          "\n      return",
          value.kind == Value::Kind::kFolder ? 'd' : 'f');
      break;
  }
  return fmt::format("    {})\n      {} ;;\n", bash_pattern(command, option), action);
}

std::string bash() {
  std::string text(kBashBegin);
  for (const CommandSpec& command : command_specs()) {
    for (const OptionSpec* option : options_of(command)) text += bash_value(command, *option);
  }
  text += "  esac\n  [[ $words ]] || case $command in\n";
  std::string commands = "help version";
  for (const CommandSpec& command : command_specs()) {
    commands += fmt::format(" {}", command.name);
    std::string words = fmt::format("{}", fmt::join(command.first_words, " "));
    for (const OptionSpec* option : options_of(command))
      words += fmt::format(" --{}", option->name);
    text +=
        fmt::format("    {}) words={} ;;\n", command.name, in_quotes(words + " --help --help-all"));
  }
  text += fmt::format("    '' | help) words={} ;;\n",
                      in_quotes(commands + " --help --help-all --version"));
  return text + std::string(kBashEnd);
}

// -------------------------------------------------------------------------------------------- zsh

constexpr std::string_view kZshBegin = R"(#compdef schema-drift
# zsh completion of schema-drift: a file _schema-drift in a folder of $fpath, or for this shell:
#   source <(schema-drift completion zsh)
_schema_drift() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
)";

constexpr std::string_view kZshCommands = R"(  )
  _arguments -C '(- *)'{-h,--help}'[Help]' '(- *)--help-all[Every option of every command]' \
    '(- *)'{-v,--version}'[The version]' '1:command:->command' '*::word:->words'
  case $state in
    command) _describe -t commands command commands ;;
    words)
      case $words[1] in
        help) _describe -t commands command commands ;;
)";

constexpr std::string_view kZshEnd = R"(      esac ;;
  esac
}
if [[ $funcstack[1] == _schema_drift || $funcstack[1] == _schema-drift ]]; then
  _schema_drift "$@"
else
  compdef _schema_drift schema-drift
fi
)";

// A word's `:`, `[` and `]` mean something to _arguments and _describe.
std::string zsh_text(std::string_view text) { return replaced(text, ":[]\\", "\\"); }

std::string zsh_action(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kFile: return "_files";
    case Value::Kind::kFolder: return "_files -/";
    case Value::Kind::kOneOf: {
      std::string choices;
      for (const std::string_view one : value.choices) choices += ' ' + zsh_text(one);
      return fmt::format("({})", choices.empty() ? choices : choices.substr(1));
    }
    default: return " ";
  }
}

std::string zsh_option(const CommandSpec& command, const OptionSpec& option) {
  const Value value = value_of(command, option);
  const bool repeatable =
      std::holds_alternative<std::optional<std::vector<std::string>> config::Options::*>(
          option.field);
  const std::string rest =
      fmt::format("[{}]{}", zsh_text(short_description(command, option)),
                  value.kind == Value::Kind::kNone
                      ? ""
                      : fmt::format(":{}:{}", zsh_text(option.value), zsh_action(value)));
  std::string names = option.letter.empty() ? "" : fmt::format(" {}", option.letter);
  const std::string excluded = repeatable ? "*" : fmt::format("(--{}{})", option.name, names);
  const bool takes = value.kind != Value::Kind::kNone;
  std::string text = fmt::format(
      " \\\n            {}",
      in_quotes(fmt::format("{}--{}{}{}", excluded, option.name, takes ? "=" : "", rest)));
  if (!option.letter.empty()) {
    text += fmt::format(
        " \\\n            {}",
        in_quotes(fmt::format("{}{}{}{}", excluded, option.letter, takes ? "+" : "", rest)));
  }
  return text;
}

std::string zsh() {
  std::string text(kZshBegin);
  for (const CommandSpec& command : command_specs()) {
    text += fmt::format(
        "    {}\n", in_quotes(fmt::format("{}:{}", command.name, zsh_text(command.description))));
  }
  text += kZshCommands;
  for (const CommandSpec& command : command_specs()) {
    text += fmt::format(
        "        {})\n          _arguments -S '(- *)'{{-h,--help}}'[Help]' "
        "'(- *)--help-all[Help with every option]'",
        command.name);
    for (const OptionSpec* option : options_of(command)) text += zsh_option(command, *option);
    if (!command.first_words.empty()) {
      text +=
          fmt::format(" \\\n            {}",
                      in_quotes(fmt::format("1:word:({})", fmt::join(command.first_words, " "))));
      text += " \\\n            '*:word:_files'";
    }
    text += " ;;\n";
  }
  return text + std::string(kZshEnd);
}

// ------------------------------------------------------------------------------------------- fish

// In single quotes of fish, where a backslash stands for itself but before these two.
std::string fish_text(std::string_view text) { return '\'' + replaced(text, "'\\", "\\") + '\''; }

std::string fish() {
  std::string text =
      "# fish completion of schema-drift: ~/.config/fish/completions/schema-drift.fish\n"
      "complete -c schema-drift -f\n"
      "complete -c schema-drift -s h -l help -d 'Help'\n"
      "complete -c schema-drift -l help-all -d 'Help with every option'\n"
      "complete -c schema-drift -n __fish_use_subcommand -s v -l version -d 'The version'\n";
  for (const CommandSpec& command : command_specs()) {
    text += fmt::format("complete -c schema-drift -n __fish_use_subcommand -a {} -d {}\n",
                        command.name, fish_text(command.description));
  }
  for (const CommandSpec& command : command_specs()) {
    const std::string begin =
        fmt::format("complete -c schema-drift -n '__fish_seen_subcommand_from {}'", command.name);
    if (!command.first_words.empty()) {
      text += fmt::format("{} -a '{}'\n", begin, fmt::join(command.first_words, " "));
    }
    for (const OptionSpec* option : options_of(command)) {
      const Value value = value_of(command, *option);
      text += fmt::format("{} -l {}", begin, option->name);
      if (!option->letter.empty()) text += fmt::format(" -s {}", option->letter.substr(1));
      switch (value.kind) {
        case Value::Kind::kNone: break;
        case Value::Kind::kAnything: text += " -x"; break;
        case Value::Kind::kFile: text += " -r -F"; break;
        case Value::Kind::kFolder: text += " -x -a '(__fish_complete_directories)'"; break;
        case Value::Kind::kOneOf:
          text += fmt::format(" -x -a '{}'", fmt::join(value.choices, " "));
          break;
      }
      text += fmt::format(" -d {}\n", fish_text(short_description(command, *option)));
    }
  }
  return text;
}

}  // namespace

std::string completion(const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "bash") return bash();
  if (words.size() == 1 && words[0] == "zsh") return zsh();
  if (words.size() == 1 && words[0] == "fish") return fish();
  const char* const hint = "say schema-drift completion bash, zsh or fish";
  if (words.empty()) throw Error{Fault::kUsage, "completion was given no shell", hint};
  throw Error{Fault::kUsage, fmt::format("completion does not know \"{}\"", joined(words, " ")),
              hint};
}

}  // namespace drift::cli
