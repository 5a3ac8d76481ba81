#include "drift/production/version_catalog.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
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

TEST(VersionCatalog, AnswerOfAnotherShapeIsAnError) {
  EXPECT_THROW(parse_version_catalog({{"role"}, {{"reader"}}}), Error);
  EXPECT_THROW(parse_version_catalog({{"role"}, {}}), Error);
}

}  // namespace
}  // namespace drift::production
