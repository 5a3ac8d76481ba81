#include "drift/query/refusal.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

std::string place(const std::string& statement, std::size_t position) {
  const std::string text = refusal_text({"m", "", "", "", "", position}, statement);
  const std::string head = "schema-drift: error: m\n";
  EXPECT_EQ(text.substr(0, head.size()), head);
  return text.substr(head.size());
}

TEST(RefusalText, PointsAtTheCharacter) {
  EXPECT_EQ(place("SELECT x", 8), "LINE 1: SELECT x\n               ^\n");
  EXPECT_EQ(place("SELECT\n\n  x\n", 11), "LINE 3:   x\n          ^\n");
  EXPECT_EQ(place("x", 1), "LINE 1: x\n        ^\n");
  EXPECT_EQ(place("\nx", 2), "LINE 2: x\n        ^\n");
}

TEST(RefusalText, PointsBehindTheEndWhereTheStatementEndsTooEarly) {
  EXPECT_EQ(place("SELECT", 7), "LINE 1: SELECT\n              ^\n");
  EXPECT_EQ(place("SELECT", 1000), "LINE 1: SELECT\n              ^\n");
  EXPECT_EQ(place("SELECT\n", 8), "LINE 2: \n        ^\n");
}

TEST(RefusalText, CountsCharactersAndNotBytes) {
  EXPECT_EQ(place("SELECT 'é', x", 13), "LINE 1: SELECT 'é', x\n                    ^\n");
}

TEST(RefusalText, ShowsNothingThatATerminalWouldObey) {
  EXPECT_EQ(refusal_text({"a\x1b[2J", "", "42\n01", "d\x07", "h1\nh2", 0}, ""),
            "schema-drift: error: a\\x1b[2J (42\\n01)\n"
            "  detail: d\\x07\n"
            "  hint: h1\n"
            "        h2\n");
  EXPECT_EQ(place("\x1b[2J x", 6), "LINE 1: \\x1b[2J x\n                ^\n");
}

TEST(RefusalText, HintsSpeakOfOptionsAndNotOfKeysOfRequests) {
  const auto hint = [](const std::string& said) {
    return refusal_text({"m", "", "", "", said, 0}, "");
  };
  const std::string head = "schema-drift: error: m\n  hint: ";
  EXPECT_EQ(hint("send a change as {\"sql\": \"...\"}"), head + "--mutate runs it as a change\n");
  EXPECT_EQ(hint("send it as {\"query\": \"...\"}"), head + "leave --mutate out\n");
  EXPECT_EQ(hint("leave \"max_rows\" out"), head + "leave --page-rows out\n");
  EXPECT_EQ(hint("--allow-mutations allows them, and writes each to the audit log"),
            head +
                "the function that was asked allows none: --allow-mutations is an option of its "
                "own\n");
  EXPECT_EQ(hint("what a server says about \"sql\""), head + "what a server says about \"sql\"\n");
}

TEST(RefusalText, ADatabaseThatCannotBeAskedIsToldFromAStatementThatFailed) {
  const auto unreachable = [](const std::string& type, const std::string& sqlstate) {
    return is_unreachable({"", type, sqlstate, "", "", 0});
  };
  for (const char* type :
       {"connection_failed", "database_authentication_failed", "tls_failed", "no_credentials"}) {
    EXPECT_TRUE(unreachable(type, "")) << type;
  }
  for (const char* state : {"08006", "28P01", "57P03"}) EXPECT_TRUE(unreachable("", state));
  for (const char* state : {"08P01", "42P01", "57014", "42501"}) {
    EXPECT_FALSE(unreachable("sql_failed", state)) << state;
  }
  EXPECT_FALSE(unreachable("invalid_request", ""));
  EXPECT_FALSE(unreachable("", ""));
}

TEST(NeedsChange, IsWhatAReadOnlyTransactionOrTheFunctionsOfQueriesKeepBack) {
  EXPECT_TRUE(needs_change(
      {"cannot execute SELECT FOR UPDATE in a read-only transaction", "", "25006", "", "", 0}));
  EXPECT_TRUE(
      needs_change({"a query may not call setval: it is volatile, and so may do more than read",
                    "refused", "", "", "--allow-function setval lets queries call it", 0}));
  EXPECT_FALSE(
      needs_change({"COMMIT is not allowed here", "refused", "", "", "SELECT ... read", 0}));
  EXPECT_FALSE(needs_change({"division by zero", "sql_failed", "22012", "", "", 0}));
}

}  // namespace
}  // namespace drift::query
