#include "drift/production/version_catalog.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/sql/sql_source.h"

namespace drift::production {
namespace {

using Names = std::vector<std::string>;

Relation relation(const char* schema, const char* name, std::optional<int> position) {
  Relation made;
  made.schema = schema;
  made.name = name;
  made.path_position = position;
  return made;
}

TEST(SearchPath, SettingIsReadAsPostgresqlWritesIt) {
  EXPECT_EQ(schemas_of_search_path("\"$user\", public", "reader"), (Names{"reader", "public"}));
  EXPECT_EQ(schemas_of_search_path("Sales, \"Odd, \"\"one\"\"\" ,x", "r"),
            (Names{"sales", "Odd, \"one\"", "x"}));
  EXPECT_EQ(schemas_of_search_path("", "r"), Names{});
  EXPECT_EQ(schemas_of_search_path("\"\"", "r"), Names{""});
}

TEST(VersionCatalog, FirstSchemaOnTheSearchPathHasTheTable) {
  VersionCatalog catalog;
  catalog.relations = {relation("public", "alembic_version", 3),
                       relation("tenant", "alembic_version", 2),
                       relation("other", "alembic_version", std::nullopt)};
  ASSERT_NE(catalog.find({}), nullptr);
  EXPECT_EQ(catalog.find({})->schema, "tenant");
}

TEST(VersionCatalog, NamedSchemaIsTakenWhereverThePathLeads) {
  VersionCatalog catalog;
  catalog.relations = {relation("public", "alembic_version", 1),
                       relation("other", "alembic_version", std::nullopt)};
  EXPECT_EQ(catalog.find({"alembic_version", "other"})->schema, "other");
  EXPECT_EQ(catalog.find({"alembic_version", "nowhere"}), nullptr);
}

TEST(VersionCatalog, TemporaryTableIsPassedOver) {
  VersionCatalog catalog;
  catalog.relations = {relation("pg_temp_3", "alembic_version", 1)};
  catalog.relations[0].temporary = true;
  EXPECT_EQ(catalog.find({}), nullptr);
  catalog.relations.push_back(relation("public", "alembic_version", 2));
  EXPECT_EQ(catalog.find({})->schema, "public");
}

TEST(VersionCatalog, LookalikeIsNotTheTable) {
  VersionCatalog catalog;
  catalog.relations = {relation("public", "alembic_version_old", 1)};
  EXPECT_EQ(catalog.find({}), nullptr);
}

TEST(VersionCatalog, NamesAreQuotedIntoTheStatement) {
  const std::string statement = version_catalog_statement({"o'dd\\", "sch'ema"});
  EXPECT_NE(statement.find("E'o''dd\\\\'"), std::string::npos);
  EXPECT_NE(statement.find("'sch''ema'"), std::string::npos);
}

TEST(VersionCatalog, StatementLeavesNothingToTheSearchPath) {
  // An operator without a schema would be looked up along it.
  const std::string statement = version_catalog_statement({"t", "s"});
  std::size_t bare = 0;
  for (std::size_t at = statement.find('='); at != std::string::npos;
       at = statement.find('=', at + 1)) {
    if (statement.compare(at - 1, 3, ".=)") != 0) ++bare;
  }
  EXPECT_EQ(bare, 0U);
  EXPECT_EQ(statement.find(" LIKE "), std::string::npos);
  EXPECT_EQ(statement.find(" IN ("), std::string::npos);
  EXPECT_EQ(statement.find("||"), std::string::npos);
}

TEST(VersionCatalog, StatementHoldsNoWordThatReadOnlyFunctionsRefuse) {
  // Some let a text through only if none of these stands anywhere in it.
  const std::string statement = ascii_lower(version_catalog_statement({"alembic_version", ""}));
  for (const char* word : {"insert", "update", "delete", "drop", "alter", "create", "grant",
                           "truncate", "copy", "execute", ";", "--", "/*", "%", ":="}) {
    EXPECT_EQ(statement.find(word), std::string::npos) << word;
  }
}

TEST(VersionCatalog, ColumnsAreFoundByNameWhereTheyAreNamed) {
  const std::vector<std::string> columns = {
      "role",     "search_path",        "oid",       "schema",        "name",
      "kind",     "path_position",      "temporary", "schema_usable", "has_version_num",
      "readable", "rows_may_be_hidden", "columns",   "filenode"};
  const std::vector<std::optional<std::string>> row = {
      "reader", "public", "16384", "public", "alembic_version", "r",    "2", "no",
      "yes",    "yes",    "yes",   "no",     "version_num",     "16385"};
  sql::ResultSet in_order{columns, {row}};
  sql::ResultSet sorted{columns, {row}};
  std::reverse(sorted.columns.begin(), sorted.columns.end());
  std::reverse(sorted.rows[0].begin(), sorted.rows[0].end());
  sql::ResultSet unnamed{{}, {row}};
  for (const sql::ResultSet& answer : {in_order, sorted, unnamed}) {
    const VersionCatalog catalog = parse_version_catalog(answer);
    EXPECT_EQ(catalog.role, "reader");
    ASSERT_EQ(catalog.relations.size(), 1U);
    EXPECT_EQ(catalog.relations[0].name, "alembic_version");
    EXPECT_EQ(catalog.relations[0].path_position, 2);
    EXPECT_EQ(catalog.relations[0].filenode, "16385");
    EXPECT_TRUE(catalog.relations[0].readable);
    EXPECT_FALSE(catalog.relations[0].rows_may_be_hidden);
  }
  sorted.columns.back() = "somebody";
  EXPECT_THROW(parse_version_catalog(sorted), Error);
}

TEST(VersionCatalog, AnswerOfAnotherShapeIsAnError) {
  EXPECT_THROW(parse_version_catalog({{"role"}, {{"reader"}}}), Error);
  EXPECT_THROW(parse_version_catalog({{"role"}, {}}), Error);
}

}  // namespace
}  // namespace drift::production
