#include "drift/schema/statements/rare_definitions.h"

#include <gtest/gtest.h>

namespace drift::schema {
namespace {

Object object(std::string kind, std::string name,
              std::vector<std::pair<std::string, std::string>> structure) {
  Object made;
  made.kind = std::move(kind);
  made.schema = "app";
  made.object = std::move(name);
  for (auto& [property, value] : structure) {
    made.properties.push_back({Facet::kStructure, std::move(property), std::move(value)});
  }
  return made;
}

TEST(CreateAggregate, IsWrittenForAPlainOneAlone) {
  Object aggregate = object("aggregate", "total(integer)",
                            {{"arguments", "integer"},
                             {"initial", "it's"},
                             {"state_type", "bigint"},
                             {"transition", "app.add(bigint,integer)"}});
  EXPECT_EQ(create_aggregate(aggregate, true),
            "CREATE OR REPLACE AGGREGATE app.total(integer) (SFUNC = app.add, STYPE = bigint, "
            "INITCOND = 'it''s')");
  aggregate.properties.push_back({Facet::kStructure, "aggregate_kind", "ordered-set"});
  EXPECT_EQ(create_aggregate(aggregate, false), std::nullopt);
}

TEST(CreateCast, HasTheWayAndTheContext) {
  Object cast = object("cast", "app.mood AS integer", {{"by", "inout"}});
  EXPECT_EQ(create_cast(cast), "CREATE CAST (app.mood AS integer) WITH INOUT");
  cast = object("cast", "app.a AS app.b", {{"by", "binary"}, {"context", "implicit"}});
  EXPECT_EQ(create_cast(cast), "CREATE CAST (app.a AS app.b) WITHOUT FUNCTION AS IMPLICIT");
}

TEST(CreateCollation, IsNotCertainWhereThereMayBeRules) {
  const Object collation = object(
      "collation", "german", {{"locale", "de"}, {"nondeterministic", "yes"}, {"provider", "icu"}});
  EXPECT_EQ(create_collation(collation, 150'018),
            "CREATE COLLATION app.german (provider = icu, locale = 'de', deterministic = false)");
  EXPECT_EQ(create_collation(collation, 160'009), std::nullopt);
}

TEST(CreateOperator, IsNotTakenApartWhereANameHasQuotes) {
  Object made = object("operator", "===(app.a, app.b)",
                       {{"function", "app.same"}, {"negator", "app.<>(app.a,app.b)"}});
  EXPECT_EQ(create_operator(made),
            "CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = app.a, RIGHTARG = app.b, "
            "NEGATOR = OPERATOR(app.<>))");
  made.object = "!(NONE, app.b)";
  made.properties.pop_back();
  EXPECT_EQ(create_operator(made), "CREATE OPERATOR app.! (FUNCTION = app.same, RIGHTARG = app.b)");
  made.object = "===(app.\"a, b\", app.b)";
  EXPECT_EQ(create_operator(made), std::nullopt);
}

TEST(CreateOperatorClass, HasItsMembersAndItsFamilyWhereThatHasAnotherName) {
  Object made = object("operator class", "back USING btree",
                       {{"default", "yes"},
                        {"family", "app.other"},
                        {"members",
                         "function 1 (app.a, app.a) app.cmp(app.a,app.a); operator 1 "
                         "app.<(app.a,app.a)"},
                        {"type", "app.a"}});
  EXPECT_EQ(create_operator_class(made),
            "CREATE OPERATOR CLASS app.back DEFAULT FOR TYPE app.a USING btree FAMILY app.other AS "
            "FUNCTION 1 (app.a, app.a) app.cmp(app.a,app.a), OPERATOR 1 app.<(app.a,app.a)");
  made.properties[2].value = "operator 15 app.<->(app.a,app.a) for order by";
  EXPECT_EQ(create_operator_class(made), std::nullopt);
}

TEST(MappingChanges, AddAlterAndDropOneTokenEach) {
  const Object should =
      object("text search configuration", "c", {{"mappings", "a: x.d; b: x.d, x.e"}});
  const Object is = object("text search configuration", "c", {{"mappings", "b: x.d; z: x.d"}});
  const std::string alter = "ALTER TEXT SEARCH CONFIGURATION app.c ";
  EXPECT_EQ(*mapping_changes(should, is),
            (std::vector<std::string>{alter + "ADD MAPPING FOR a WITH x.d",
                                      alter + "ALTER MAPPING FOR b WITH x.d, x.e",
                                      alter + "DROP MAPPING FOR z"}));
  const Object quoted =
      object("text search configuration", "c", {{"mappings", "a: x.\"d; b: c\""}});
  EXPECT_EQ(mapping_changes(quoted, is), std::nullopt);
}

TEST(DictionaryOptions, AreSetAndTakenBack) {
  const Object should = object("text search dictionary", "d",
                               {{"options", "accept = 'false', stopwords = 'a, b = c'"}});
  const Object is = object("text search dictionary", "d", {{"options", "rules = x"}});
  EXPECT_EQ(dictionary_options(should, is),
            "ALTER TEXT SEARCH DICTIONARY app.d (accept = 'false', stopwords = 'a, b = c', rules)");
  const Object odd = object("text search dictionary", "d", {{"options", "stopwords = 'it''s'"}});
  EXPECT_EQ(dictionary_options(odd, is), std::nullopt);
}

}  // namespace
}  // namespace drift::schema
