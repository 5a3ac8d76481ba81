#include "drift/cli/completion.h"

#include <gtest/gtest.h>

#include "drift/cli/manual_page.h"
#include "tests/thrown_by.h"

namespace drift::cli {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What the scripts do is tried in the shells themselves: tests/e2e/test_completion.py.
TEST(Completion, EachShellHasItsOwn) {
  EXPECT_TRUE(has(completion({"bash"}), "complete -F _schema_drift schema-drift\n"));
  EXPECT_TRUE(completion({"zsh"}).starts_with("#compdef schema-drift\n"));
  EXPECT_TRUE(has(completion({"fish"}), "complete -c schema-drift -f\n"));
}

TEST(Completion, AnApostropheEndsNoWord) {
  // "production's" stands in the line of a command.
  EXPECT_TRUE(has(completion({"zsh"}), "production'\\''s"));
  EXPECT_TRUE(has(completion({"fish"}), "production\\'s"));
}

TEST(Completion, AnotherShellIsRefused) {
  expect_error(thrown_by([] { completion({"ksh"}); }), Fault::kUsage,
               "completion does not know \"ksh\"", "say schema-drift completion bash, zsh or fish");
}

TEST(ManualPage, NoLineOfTextIsARequest) {
  const std::string page = manual_page();
  EXPECT_TRUE(page.starts_with(".TH SCHEMA\\-DRIFT 1 "));
  EXPECT_TRUE(has(page, "\n.B \\-d,\\-\\-database,\\-\\-db,\\-\\-dsn,\\-\\-url URL\n"));
  EXPECT_FALSE(has(page, "\n'"));
  EXPECT_TRUE(page.ends_with(".BR systemd.timer (5)\n"));
}

}  // namespace
}  // namespace drift::cli
