#include "drift/shell/completion.h"

#include <gtest/gtest.h>

namespace drift::shell {
namespace {

using Texts = std::vector<std::string>;

const std::vector<TableName> kTables = {{"public", "people", true, {"id", "name", "Odd name"}},
                                        {"public", "orders", true, {"id", "person"}},
                                        {"audit", "people", false, {"at"}}};

Texts candidates(std::string_view before, std::string_view after = "",
                 std::string_view earlier = "") {
  return complete(earlier, before, after, kTables).candidates;
}

TEST(Complete, BeginsAStatementInTheCaseThatIsTyped) {
  EXPECT_EQ(candidates("SEL"), Texts{"SELECT"});
  EXPECT_EQ(candidates("sel"), Texts{"select"});
  EXPECT_EQ(candidates("select 1; del"), Texts{"delete from"});
  EXPECT_EQ(complete("", "SELECT 1 FR", "", kTables).begin, 9u);
}

TEST(Complete, OffersTablesWhereOneIsWanted) {
  EXPECT_EQ(candidates("SELECT * FROM "), (Texts{"audit", "orders", "people", "public"}));
  EXPECT_EQ(candidates("UPDATE o"), Texts{"orders"});
  EXPECT_EQ(candidates("SELECT * FROM people, ord"), Texts{"orders"});
  EXPECT_EQ(candidates("SELECT * FROM audit."), Texts{"people"});
  EXPECT_EQ(candidates("ord", "", "SELECT * FROM people JOIN\n"), Texts{"orders"});
}

TEST(Complete, OffersColumnsOfTheTablesThatAreNamed) {
  EXPECT_EQ(candidates("SELECT per", " FROM orders"), Texts{"person"});
  EXPECT_EQ(candidates("SELECT * FROM people WHERE na"), Texts{"name"});
  EXPECT_EQ(candidates("SELECT * FROM people WHERE per"), Texts{}) << "that is one of orders";
  EXPECT_EQ(candidates("SELECT na"), Texts{"name"}) << "nothing is named yet";
  EXPECT_EQ(candidates("SELECT * FROM people ORDER BY 1, od"), Texts{"\"Odd name\""});
}

TEST(Complete, KnowsWhatTheStatementCallsATable) {
  EXPECT_EQ(candidates("SELECT o.", " FROM orders AS o"), (Texts{"id", "person"}));
  EXPECT_EQ(candidates("SELECT * FROM orders o WHERE o.p"), Texts{"person"});
  EXPECT_EQ(candidates("SELECT * FROM orders o WHERE x.p"), Texts{});
}

TEST(Complete, OffersNothingInsideOfQuotes) {
  EXPECT_TRUE(candidates("SELECT 'peo").empty());
  EXPECT_TRUE(candidates("SELECT \"peo").empty());
  EXPECT_TRUE(candidates("SELECT /* peo").empty());
}

TEST(Complete, KnowsTheCommands) {
  EXPECT_EQ(candidates("\\ti"), Texts{"\\timing"});
  EXPECT_EQ(complete("", "\\ti", "", kTables).begin, 0u);
  EXPECT_EQ(candidates("\\d ord"), Texts{"orders"});
  EXPECT_EQ(candidates("\\d audit.p"), Texts{"people"});
}

}  // namespace
}  // namespace drift::shell
