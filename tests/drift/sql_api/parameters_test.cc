#include "drift/sql_api/parameters.h"

#include <gtest/gtest.h>

#include <chrono>
#include <variant>

#include "tests/thrown_by.h"

// Refusals by their words are in tests/e2e/test_sql_api_contract.py.
namespace drift::sql_api {
namespace {

sql::JsonValue json(std::string_view text) {
  return std::get<sql::JsonValue>(sql::read_json(text));
}

TEST(Parameters, ValuesBecomeWhatPostgresqlReads) {
  const auto text = [](std::string_view value) {
    return parameter_text(json(value)).value_or("NULL!");
  };
  EXPECT_EQ(text("null"), "NULL!");
  EXPECT_EQ(text("1.500"), "1.500");
  EXPECT_EQ(text("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(text("true"), "true");
  EXPECT_EQ(text(R"("it's")"), "it's");
  EXPECT_EQ(text("[]"), "{}");
  EXPECT_EQ(text(R"([1, null, "a\"b\\", [true, "{}"]])"), R"({"1",NULL,"a\"b\\",{"true","{}"}})");
  EXPECT_EQ(text(R"({"b": [1.0, null, {}], "a": "\n"})"), R"({"b":[1.0,null,{}],"a":"\n"})");
}

TEST(Parameters, NumberedPlaceholdersLeaveTheTextAlone) {
  const BoundStatement bound = bound_statement("SELECT $2, $1, '%s'", json("[1, 2]"));
  EXPECT_EQ(bound.text, "SELECT $2, $1, '%s'");
  EXPECT_EQ(bound.parameters.size(), 2U);
  EXPECT_EQ(bound.original_position(8, "SELECT $2, $1, '%s'"), 8);
}

TEST(Parameters, PsycopgsPlaceholdersAreNumbered) {
  EXPECT_EQ(bound_statement("a = %s AND b=%s", json("[1, 2]")).text, "a = $1 AND b=$2");
  EXPECT_EQ(bound_statement("%(x)s %(y)s %(x)s %%", json(R"({"x": 1, "y": 2})")).text,
            "$1 $2 $1 %");
  // a$1 would be a name.
  EXPECT_EQ(bound_statement("a%sb", json("[1]")).text, "a $1 b");
  EXPECT_EQ(bound_statement("'5%%' %% %s", json("[1]")).text, "'5%' % $1");
  EXPECT_EQ(bound_statement("'5%' % 3", json("[]")).text, "'5%' % 3");
}

TEST(Parameters, PositionsAreThoseOfTheTextAsItWasSent) {
  const std::string sent = "é %(a_long_name)s, %% nope";
  const BoundStatement bound = bound_statement(sent, json(R"({"a_long_name": 1})"));
  EXPECT_EQ(bound.text, "é $1, % nope");
  EXPECT_EQ(bound.original_position(1, sent), 1);
  EXPECT_EQ(bound.original_position(3, sent), 3);
  EXPECT_EQ(bound.original_position(9, sent), 23);
  EXPECT_EQ(bound.original_position(0, sent), 0);
  EXPECT_EQ(bound.original_position(900, sent), 27);
}

ValueType type(const std::string& name, Notation notation, bool is_array = false,
               char delimiter = ',') {
  return {name, notation, is_array, delimiter};
}

TEST(Parameters, TextGoesByTheTypeOfThePlace) {
  const ValueType bytea = type("bytea", Notation::kBytea);
  const ValueType byteas = type("bytea[]", Notation::kBytea, true);
  const ValueType jsonb = type("jsonb", Notation::kJson);
  const ValueType jsons = type("json[]", Notation::kJson, true);
  const ValueType boxes = type("box[]", Notation::kText, true, ';');
  const auto text = [](const char* value, const ValueType& place) {
    return parameter_text(json(value), place, 1);
  };
  EXPECT_EQ(text(R"("AP8Q")", bytea), "\\x00ff10");
  EXPECT_EQ(text("\"\\\\x00\"", bytea), "\\x00");
  EXPECT_EQ(text("null", bytea), std::nullopt);
  EXPECT_EQ(text(R"(["AP8Q", null])", byteas), "{\"\\\\x00ff10\",NULL}");
  EXPECT_EQ(text(R"("{AP8Q}")", byteas), "{AP8Q}");  // an array as PostgreSQL writes it
  EXPECT_EQ(text("[]", jsonb), "[]");
  EXPECT_EQ(text(R"([[1, "a"], {}])", jsonb), R"([[1,"a"],{}])");
  EXPECT_EQ(text(R"("[1]")", jsonb), "[1]");
  EXPECT_EQ(text(R"([[1], {"a": 2}, null])", jsons), R"({"[1]","{\"a\":2}",NULL})");
  EXPECT_EQ(text(R"(["a", "b"])", boxes), R"({"a";"b"})");
}

TEST(Parameters, ValuesThatTheirPlaceCannotTakeAreRefused) {
  const sql::JsonValue values = json(R"([1, [2]])");
  BoundStatement bound = bound_statement("SELECT $1, $2", values);
  EXPECT_TRUE(bound.depends_on_types());
  Error error = thrown_by([&] {
    bound.take_types({type("int4", Notation::kNumber), type("text", Notation::kText)});
  });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "parameter 2 is a list, and its place takes text");
  error = thrown_by([] { parameter_text(json(R"("?")"), type("bytea", Notation::kBytea), 7); });
  EXPECT_STREQ(error.what(), "parameter 7 is not Base64, and its place takes bytea");
}

TEST(Parameters, NumbersAndObjectsNeedNoTypes) {
  EXPECT_FALSE(bound_statement("%s %s %s %s", json(R"([1, true, null, {}])")).depends_on_types());
  EXPECT_TRUE(bound_statement("%(a)s", json(R"({"a": ""})")).depends_on_types());
}

TEST(Parameters, MoreThanTheProtocolCountsAreRefused) {
  std::string many = "[0";
  for (int i = 0; i < 65'535; ++i) many += ",0";
  const Error error = thrown_by([&] { bound_statement("SELECT 1", json(many + "]")); });
  EXPECT_STREQ(error.what(), "there are more than 65535 parameters");
}

TEST(Parameters, SixtyThousandNamesAreNumberedInNoTime) {
  std::string sql = "SELECT 0", params = "{\"n0\":0";
  for (int i = 0; i < 60'000; ++i) sql += "+%(n" + std::to_string(i) + ")s";
  for (int i = 1; i < 60'000; ++i) params += ",\"n" + std::to_string(i) + "\":0";
  const auto values = json(params + "}");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(bound_statement(sql, values).parameters.size(), 60'000U);
  // It took 13 s where each was looked for among all.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

}  // namespace
}  // namespace drift::sql_api
