#include "drift/cli/help_page.h"

#include <gtest/gtest.h>

namespace drift::cli {
namespace {

TEST(HelpPage, BreaksLinesAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 8, 2), "one two\n  three");
  EXPECT_EQ(wrapped("averylongword x", 4), "averylongword\nx");
  EXPECT_EQ(wrapped("", 4), "");
}

TEST(HelpPage, ShowsTheLetterFirst) {
  for (const config::OptionSpec& option : config::option_specs()) {
    if (option.name == "database") {
      EXPECT_EQ(flags_of(option), "-d,--database");
    }
    if (option.name == "auth") {
      EXPECT_EQ(flags_of(option), "--auth");
    }
  }
}

TEST(CommandTable, FormsAreReadAsASentence) {
  CommandSpec command = command_specs().front();
  command.forms = {"text"};
  EXPECT_EQ(forms_in_words(command), "text (default)");
  command.forms = {"text", "json"};
  EXPECT_EQ(forms_in_words(command), "text (default) or json");
  command.forms = {"text", "json", "html"};
  EXPECT_EQ(forms_in_words(command), "text (default), json or html");
}

TEST(CommandTable, EachCommandStandsOnce) {
  for (const CommandSpec& one : command_specs()) {
    int named = 0;
    for (const CommandSpec& other : command_specs()) {
      named += one.name == other.name || one.command == other.command ? 1 : 0;
    }
    EXPECT_EQ(named, 1) << one.name;
    EXPECT_TRUE(one.exit_codes.starts_with("0 ")) << one.name;
  }
}

}  // namespace
}  // namespace drift::cli
