#include "drift/pending/rule_book.h"

#include <gtest/gtest.h>

#include <set>

namespace drift::pending {
namespace {

TEST(RuleBook, EachRuleHasOneNameOfLettersAndDashes) {
  std::set<std::string> seen;
  for (const Rule& rule : rule_book()) {
    EXPECT_TRUE(seen.insert(rule.id).second) << rule.id;
    EXPECT_EQ(std::string(rule.id).find_first_not_of("abcdefghijklmnopqrstuvwxyz-"),
              std::string::npos);
    EXPECT_EQ(find_rule(rule.id), &rule);
  }
}

TEST(RuleBook, AnUnknownNameIsNoRule) { EXPECT_EQ(find_rule("create-indexes"), nullptr); }

TEST(RuleBook, ThePageOfARuleIsItsSection) {
  EXPECT_EQ(rule_page("create-index"), "docs/rules.md#create-index");
}

}  // namespace
}  // namespace drift::pending
