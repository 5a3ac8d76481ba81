#include "drift/schema/identifiers.h"

#include <gtest/gtest.h>

namespace drift::schema {
namespace {

using Names = std::map<std::string, std::string>;

TEST(Identifiers, PartsOfAQualifiedName) {
  EXPECT_EQ(name_parts("app.\"Ta \"\"ble.\".id"),
            (std::vector<std::string>{"app", "Ta \"ble.", "id"}));
}

TEST(Identifiers, AListOfNames) {
  EXPECT_EQ(names_in_list("app.a, \"b, c\".d"),
            (std::vector<std::vector<std::string>>{{"app", "a"}, {"b, c", "d"}}));
}

TEST(Identifiers, EqualButForNames) {
  const Names names = {{"orders", "bills"}, {"a b", "ab"}};
  EXPECT_TRUE(equal_but_for_names("FROM app.orders o", "FROM app.bills o", names));
  EXPECT_TRUE(equal_but_for_names("count(*) AS orders FROM orders", "count(*) AS orders FROM bills",
                                  names));
  EXPECT_TRUE(equal_but_for_names("\"a b\" > 1", "ab > 1", names));
  EXPECT_FALSE(equal_but_for_names("FROM app.orders2", "FROM app.bills2", names));
  EXPECT_FALSE(equal_but_for_names("FROM bills", "FROM orders", names));
  EXPECT_FALSE(equal_but_for_names("FROM orders", "FROM bills o", names));
  EXPECT_FALSE(equal_but_for_names("FROM orders o", "FROM bills", names));
}

TEST(Identifiers, TheFirstIsLeftOut) {
  EXPECT_EQ(without_first("CREATE TRIGGER a ON b.a2 EXECUTE a()", "a"),
            "CREATE TRIGGER  ON b.a2 EXECUTE a()");
  EXPECT_EQ(without_first("RULE \"a b\" AS", "a b"), "RULE  AS");
  EXPECT_EQ(without_first("nothing", "a"), "nothing");
}

}  // namespace
}  // namespace drift::schema
