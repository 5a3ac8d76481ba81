#include "drift/aws/shell_words.h"

#include <gtest/gtest.h>

namespace drift::aws {
namespace {

using Words = std::vector<std::string>;

TEST(ShellWords, QuotesAreTakenOffAndNothingIsExpanded) {
  EXPECT_EQ(shell_words("/bin/x --role 'a b' \"c \\\"d\\\"\" e\\ f ''"),
            (Words{"/bin/x", "--role", "a b", "c \"d\"", "e f", ""}));
  EXPECT_EQ(shell_words("~ $HOME `id` $(id) * a;b | c #d"),
            (Words{"~", "$HOME", "`id`", "$(id)", "*", "a;b", "|", "c", "#d"}));
  EXPECT_EQ(shell_words(" \t\r\n"), Words{});
}

TEST(ShellWords, WhatIsNotFinishedIsNothing) {
  EXPECT_EQ(shell_words("a 'b"), std::nullopt);
  EXPECT_EQ(shell_words("a \"b"), std::nullopt);
  EXPECT_EQ(shell_words("a \"b\\"), std::nullopt);
  EXPECT_EQ(shell_words("a \\"), std::nullopt);
}

}  // namespace
}  // namespace drift::aws
