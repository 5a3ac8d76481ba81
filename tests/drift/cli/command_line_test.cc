#include "drift/cli/command_line.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "drift/base/text.h"
#include "drift/cli/help_page.h"
#include "drift/config/everyday.h"

#include "tests/thrown_by.h"

namespace drift::cli {
namespace {

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "schema-drift");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

void expect_usage(const std::vector<const char*>& words, const std::string& message,
                  const std::string& hint) {
  expect_error(thrown_by([&] { parse(words); }), Fault::kUsage, message, hint);
}

TEST(CommandLine, TakesEveryKindOfOption) {
  const auto line = parse({"check", "--repository", "/srv/x.git", "--versions-path", "a",
                           "--versions-path=b", "--dry-run", "--config", "fleet.json"})
                        .command_line;
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, Command::kCheck);
  EXPECT_EQ(line->options.repository, "/srv/x.git");
  EXPECT_EQ(line->options.versions_path, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(line->options.dry_run, true);
  EXPECT_EQ(line->options.config, "fleet.json");
  EXPECT_FALSE(line->options.ref);
}

TEST(CommandLine, TakesTheNamesThatOtherProgramsHave) {
  const auto line = parse({"check", "-r", "/srv/x.git", "--branch", "main", "-d", "postgresql:///a",
                           "-n", "shop", "-c", "fleet.json", "-q"})
                        .command_line;
  EXPECT_EQ(line->options.repository, "/srv/x.git");
  EXPECT_EQ(line->options.ref, "main");
  EXPECT_EQ(line->options.database, "postgresql:///a");
  EXPECT_EQ(line->options.name, "shop");
  EXPECT_EQ(line->options.config, "fleet.json");
  EXPECT_EQ(line->options.quiet, true);
  for (const char* name : {"--db", "--dsn", "--url"}) {
    EXPECT_EQ(parse({"check", name, "x", "--repo=y"}).command_line->options.database, "x") << name;
  }
}

TEST(CommandLine, AnEmptyValueIsNotTheDefault) {
  const char* hint =
      "give it one, or leave the option out; an empty variable may stand in its place";
  expect_usage({"check", "--ref", ""}, "--ref was given an empty value", hint);
  expect_usage({"check", "--ref=", "--quiet"}, "--ref was given an empty value", hint);
  expect_usage({"check", "--branch", ""}, "--ref was given an empty value", hint);
  expect_usage({"check", "--version-table", ""}, "--version-table was given an empty value", hint);
  expect_usage({"pending", "--at", "a1", "--at", ""}, "--at was given an empty value", hint);
  EXPECT_EQ(parse({"query", "--param", "", "SELECT $1"}).command_line->options.param,
            std::vector<std::string>{""});
}

TEST(CommandLine, HelpAndVersionMayBeCommands) {
  EXPECT_EQ(parse({"help"}).message->text, parse({"--help"}).message->text);
  EXPECT_EQ(parse({"help", "check"}).message->text, parse({"check", "--help"}).message->text);
  EXPECT_EQ(parse({"version"}).message->text, parse({"--version"}).message->text);
  EXPECT_EQ(parse({"-v"}).message->text, parse({"--version"}).message->text);
}

TEST(CommandLine, RowsOfPendingKeepTheirOrder) {
  const auto line = parse({"pending", "--at", "b2", "--at", "a1"}).command_line;
  EXPECT_EQ(line->options.at, (std::vector<std::string>{"b2", "a1"}));
}

TEST(CommandLine, ExplainTakesRevisionsAndTheOptionsOfHeads) {
  const auto line = parse({"explain", "a1", "--ref", "main", "b2"}).command_line;
  EXPECT_EQ(line->command, Command::kExplain);
  EXPECT_EQ(line->words, (std::vector<std::string>{"a1", "b2"}));
  EXPECT_EQ(line->options.ref, "main");
  expect_usage({"explain", "a1", "--commits"}, "schema-drift explain does not know \"--commits\"",
               "schema-drift explain --help lists what it knows");
}

TEST(CommandLine, AWrongOptionIsAnsweredWithTheNearest) {
  expect_usage({"check", "--databse", "x"}, "schema-drift check does not know \"--databse\"",
               "did you mean --database?");
  expect_usage({"heads", "--xyzzy"}, "schema-drift heads does not know \"--xyzzy\"",
               "schema-drift heads --help lists what it knows");
}

TEST(CommandLine, AWrongCommandIsAnsweredWithTheNearest) {
  expect_usage({"chekc"}, "schema-drift does not know \"chekc\"", "did you mean check?");
  expect_usage({"hlep"}, "schema-drift does not know \"hlep\"", "did you mean help?");
}

TEST(CommandLine, NoCommandIsNoCall) {
  expect_usage({}, "no command was given", "see schema-drift --help");
}

TEST(CommandLine, AnOptionWithoutItsValueIsNoCall) {
  expect_usage({"check", "--database"}, "--database needs a value",
               "see schema-drift check --help");
  expect_usage({"heads", "-o"}, "--output needs a value", "see schema-drift heads --help");
}

TEST(CommandLine, HelpAllNamesEveryOptionOfItsCommand) {
  for (const CommandSpec& command : command_specs()) {
    const std::string name(command.name);
    const std::string help = parse({name.c_str(), "--help-all"}).message->text;
    std::set<std::string_view> own;
    for (const config::OptionSpec* option : options_of(command)) own.insert(option->name);
    for (const config::OptionSpec& spec : config::option_specs()) {
      const std::string flag = fmt::format("--{}", spec.name);
      const bool listed =
          help.find("\n  " + flag + ' ') != std::string::npos ||
          help.find(fmt::format("\n  {},{} ", spec.letter, flag)) != std::string::npos;
      EXPECT_EQ(listed, own.contains(spec.name)) << name << ' ' << flag;
    }
    EXPECT_NE(help.find("SCHEMA_DRIFT_VERSION_TABLE"), std::string::npos);
    EXPECT_NE(help.find("Exit codes: 0 "), std::string::npos);
  }
}

TEST(CommandLine, HelpOfACommandFitsAScreen) {
  for (const CommandSpec& command : command_specs()) {
    const std::string name(command.name);
    const std::string help = parse({name.c_str(), "--help"}).message->text;
    EXPECT_LE(std::count(help.begin(), help.end(), '\n'), 45) << help;
    for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), kHelpWidth);
    for (const config::OptionSpec* option : options_of(command)) {
      const bool shown =
          !config::brief(*option).empty() || (option->name == "format" && !command.forms.empty());
      EXPECT_EQ(help.find(fmt::format("--{} ", option->name)) != std::string::npos, shown)
          << name << ' ' << option->name;
    }
  }
  const std::string all = parse({"--help"}).message->text;
  EXPECT_LE(std::ranges::count(all, '\n'), 45);
  for (const std::string_view line : split(all, '\n')) EXPECT_LE(line.size(), kHelpWidth) << line;
}

TEST(CommandLine, HelpSaysHowMuchMoreThereIs) {
  const std::string help = parse({"check", "--help"}).message->text;
  EXPECT_NE(help.find("--help-all                    With "), std::string::npos) << help;
  EXPECT_NE(help.find(" more options, and each in full\n"), std::string::npos);
  EXPECT_NE(help.find("--format FORMAT               text (default), json, jsonl, markdown, sarif, "
                      "junit or github\n"),
            std::string::npos);
}

TEST(CommandLine, VersionIsAMessage) {
  EXPECT_EQ(parse({"--version"}).message->text, "schema-drift 0.1.0\n");
}

TEST(CommandLine, TheWordsOfAQueryStayAsTheyAre) {
  const auto line = parse({"query", "--param", "1", "--param", "-2", "SELECT $1 -- x", "--yes",
                           "--format", "csv"})
                        .command_line;
  EXPECT_EQ(line->command, Command::kQuery);
  EXPECT_EQ(line->words, std::vector<std::string>{"SELECT $1 -- x"});
  EXPECT_EQ(line->options.param, (std::vector<std::string>{"1", "-2"}));
  EXPECT_EQ(line->options.yes, true);
  EXPECT_EQ(parse({"query", "-"}).command_line->words, std::vector<std::string>{"-"});
  EXPECT_EQ(parse({"query", "count", "t"}).command_line->words,
            (std::vector<std::string>{"count", "t"}));
}

TEST(CommandLine, LambdaNamesTheCommandInTheHandler) {
  const char* const words[] = {"bootstrap"};
  for (const char* handler : {"sql-api", "sql-api.handler"}) {
    EXPECT_EQ(parse_command_line(1, words, handler).command_line->command, Command::kSqlApi);
  }
  EXPECT_EQ(parse_command_line(1, words, "check").command_line->command, Command::kDetector);
  for (const char* handler : {"", "index.handler", "sql-apis"}) {
    expect_error(thrown_by([&] { parse_command_line(1, words, handler); }), Fault::kUsage,
                 "unknown handler \"" + std::string(handler) + "\"",
                 "set the function's handler to check or sql-api");
  }
  const char* const spoken[] = {"schema-drift", "heads"};
  EXPECT_EQ(parse_command_line(2, spoken, "sql-api").command_line->command, Command::kHeads);
}

}  // namespace
}  // namespace drift::cli
