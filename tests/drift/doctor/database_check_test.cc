#include "drift/doctor/checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drift/base/text.h"
#include "tests/thrown_by.h"

namespace drift::doctor {
namespace {

const std::vector<std::string> kColumns = {
    "role",       "server_version",        "tls",           "standby",
    "superuser",  "bypasses_row_security", "makes_roles",   "makes_databases",
    "replicates", "makes_schemas",         "makes_objects", "member_of",
    "may_become", "owns_version_table",    "version_table", "other_tables"};

std::vector<std::optional<std::string>> row() {
  return {"drift",  "15.8 (Debian)", "TLSv1.3",        "true", "false",      "true",
          "false",  "true",          "false",          "true", "a\n\"B c\"", "pg_read_all_data",
          "writer", "false",         "INSERT\nUPDATE", "12"};
}

production::VersionTable table() {
  production::VersionTable made;
  made.schema = "public";
  made.table = "alembic_version";
  return made;
}

// Functions that let only reading through are known to look for these anywhere.
TEST(SessionFacts, StatementHoldsNoWordThatChangesAnything) {
  const std::string text = ascii_lower(session_facts_statement(table()));
  for (const char* word : {"insert", "update", "delete", "drop", "create", "alter", "truncate",
                           "grant", "revoke", "exec", "copy", "merge", "call", ";", "--"}) {
    EXPECT_EQ(text.find(word), std::string::npos) << word;
  }
}

TEST(SessionFacts, NamesOfTablesAreLiterals) {
  production::VersionTable odd = table();
  odd.table = "it's";
  EXPECT_NE(session_facts_statement(odd).find("'it''s'"), std::string::npos);
}

TEST(SessionFacts, AnswerIsReadByPositionOrByName) {
  for (const bool named : {false, true}) {
    sql::ResultSet answer{named ? kColumns : std::vector<std::string>{}, {row()}};
    if (named) {
      std::reverse(answer.columns.begin(), answer.columns.end());
      std::reverse(answer.rows[0].begin(), answer.rows[0].end());
    }
    const SessionFacts facts = parse_session_facts(answer);
    EXPECT_EQ(facts.role, "drift");
    EXPECT_EQ(facts.tls, "TLSv1.3");
    EXPECT_TRUE(facts.standby);
    EXPECT_FALSE(facts.superuser);
    EXPECT_EQ(facts.makes_objects, (std::vector<std::string>{"a", "\"B c\""}));
    EXPECT_EQ(facts.version_table, (std::vector<std::string>{"INSERT", "UPDATE"}));
    EXPECT_EQ(facts.other_tables, 12);
    EXPECT_EQ(rights_too_wide(facts, "t"),
              (std::vector<std::string>{
                  "INSERT, UPDATE on t", "write 12 other tables", "CREATE in schema a, \"B c\"",
                  "CREATE schemas in the database", "CREATE databases (CREATEDB)",
                  "read past row level security (BYPASSRLS)", "act as pg_read_all_data",
                  "become writer by SET ROLE, which may write"}));
  }
}

TEST(SessionFacts, CountThatWasCutIsSaidToBe) {
  SessionFacts facts;
  facts.other_tables = 1'000;
  EXPECT_EQ(rights_too_wide(facts, "t"),
            std::vector<std::string>{"write at least 1000 other tables"});
}

TEST(SessionFacts, AnswerOfAnotherShapeIsRefused) {
  const auto refused = [](sql::ResultSet answer) {
    expect_error(thrown_by([&] { parse_session_facts(answer); }), Fault::kSqlFailed,
                 "the answer about the role's rights has an unexpected shape", "");
  };
  refused({});
  refused({{}, {row(), row()}});
  refused({{}, {{"drift"}}});
  refused({std::vector<std::string>(16, "x"), {row()}});
  auto without_role = row();
  without_role[0] = std::nullopt;
  refused({{}, {without_role}});
  auto no_number = row();
  no_number[15] = "many";
  refused({{}, {no_number}});
}

}  // namespace
}  // namespace drift::doctor
