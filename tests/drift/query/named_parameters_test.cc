#include "drift/query/named_parameters.h"

#include <gtest/gtest.h>

namespace drift::query {
namespace {

std::vector<std::string> places(std::string_view statement) { return named_places(statement, {}); }

TEST(NamedPlaces, AreThoseOutsideOfStringsCastsAndComments) {
  EXPECT_EQ(places("SELECT :a, :b_2, :a"), (std::vector<std::string>{"a", "b_2"}));
  EXPECT_TRUE(places("SELECT ':a', \":a\", x::text, 1 : a -- :a\n /* :a */").empty());
  EXPECT_EQ(places("SELECT x::text || :a::text"), std::vector<std::string>{"a"});
  EXPECT_EQ(places("SELECT :Name"), std::vector<std::string>{"Name"});
}

TEST(NamedPlaces, AreNoneWhereValuesGoByPlaceOrNothingCanBeRead) {
  EXPECT_TRUE(places("SELECT :a, $1").empty());
  EXPECT_TRUE(places("SELECT :a, 'unfinished").empty());
}

TEST(NamedPlaces, OfASliceCountWhereTheyAreKnown) {
  EXPECT_TRUE(places("SELECT a[1:n]").empty());
  EXPECT_EQ(named_places("SELECT a[1:n]", {{"n", "2"}}), std::vector<std::string>{"n"});
}

TEST(BindNames, GivesEachNameOneNumber) {
  const NamedStatement bound = bind_names("SELECT :b, :a, :b", {{"a", "1"}, {"b", "2"}}, "{}");
  EXPECT_EQ(bound.text, "SELECT $1, $2, $1");
  EXPECT_EQ(bound.values, (std::vector<std::string>{"2", "1"}));
}

TEST(OriginalPosition, IsThatOfWhatWasWritten) {
  const std::string written = "SELECT 'é', :name, x, :y";
  const NamedStatement bound = bind_names(written, {{"name", ""}, {"y", ""}}, "{}");
  EXPECT_EQ(bound.text, "SELECT 'é', $1, x, $2");
  const auto of = [&](std::size_t position) { return original_position(bound.shifts, position); };
  EXPECT_EQ(of(0), 0u);
  EXPECT_EQ(of(8), 8u);
  EXPECT_EQ(of(13), 13u) << "the name itself";
  EXPECT_EQ(of(14), 13u) << "inside of it";
  EXPECT_EQ(of(17), 20u) << "x";
  EXPECT_EQ(of(20), 23u) << "the second name";
}

}  // namespace
}  // namespace drift::query
