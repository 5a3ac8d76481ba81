#include "drift/schema/normalise.h"

#include <gtest/gtest.h>

namespace drift::schema {
namespace {

std::string told(std::string_view acl, std::string_view by_default, std::string_view owner) {
  std::string text;
  for (const Property& property : privileges(acl, by_default, owner)) {
    EXPECT_EQ(property.facet, Facet::kPrivilege);
    text += property.name + " = " + property.value + "\n";
  }
  return text;
}

TEST(Privileges, WhatTheDefaultGivesIsLeftOut) {
  EXPECT_EQ(told("{owner=arwdDxt/owner}", "{owner=arwdDxt/owner}", "owner"), "");
}

TEST(Privileges, ARoleHasItsRightsInOneOrderWhoeverGrantedThem) {
  EXPECT_EQ(
      told("{owner=arwdDxt/owner,app=wr/owner,app=a*/other}", "{owner=arwdDxt/owner}", "owner"),
      "privileges of app = SELECT, INSERT*, UPDATE\n");
}

TEST(Privileges, EverythingIsAllWhateverAVersionKnows) {
  EXPECT_EQ(told("{owner=arwdDxt/owner,app=arwdDxt/owner}", "{owner=arwdDxt/owner}", "owner"),
            told("{owner=arwdDxtm/owner,app=arwdDxtm/owner}", "{owner=arwdDxtm/owner}", "owner"));
}

TEST(Privileges, WhatTheDefaultGaveAndNobodyHasIsNone) {
  EXPECT_EQ(told("{owner=X/owner}", "{=X/owner,owner=X/owner}", "owner"),
            "privileges of PUBLIC = none\n");
  EXPECT_EQ(told("{}", "{owner=U/owner}", "owner"), "privileges of @owner = none\n");
}

TEST(Privileges, ARoleMayBeCalledAnything) {
  EXPECT_EQ(told(R"({"\"a=b, \"\"c\"=r/owner","\"PUBLIC\"=r/owner"})", "{}", "owner"),
            "privileges of \"PUBLIC\" = SELECT\nprivileges of a=b, \"c = SELECT\n");
}

TEST(PushedCasts, TheCastOfAnArrayGoesIntoItsElements) {
  EXPECT_EQ(pushed_casts("((s)::text = ANY ((ARRAY['a'::character varying, 'b, ]'::character "
                         "varying])::text[]))"),
            "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b, ]'::character "
            "varying)::text]))");
}

TEST(PushedCasts, WhatWasRestoredStaysAsItIs) {
  const std::string restored = "(s = ANY (ARRAY[('a'::character varying)::text]))";
  EXPECT_EQ(pushed_casts(restored), restored);
}

TEST(PushedCasts, NoCastIsTakenAway) {
  for (const char* text :
       {"(a)::integer", "(ARRAY[1, 2])::app.vector", "'(ARRAY[1])::text[]'::text",
        "(ARRAY[a, b] || c)::text[]", "(ARRAY['x"}) {
    EXPECT_EQ(pushed_casts(text), text);
  }
}

TEST(PushedCasts, LengthsAndQuotedTypesGoAlong) {
  EXPECT_EQ(pushed_casts("(ARRAY['a'::text])::character varying(10)[]"),
            "ARRAY[('a'::text)::character varying(10)]");
  EXPECT_EQ(pushed_casts("(ARRAY[a, (b + c)])::app.\"My Type\"[]"),
            "ARRAY[(a)::app.\"My Type\", ((b + c))::app.\"My Type\"]");
}

TEST(RightsNamed, AreWhatTheValueOfAPrivilegeSays) {
  using Rights = std::map<std::string, bool>;
  EXPECT_EQ(rights_named("SELECT, UPDATE*"), (Rights{{"SELECT", false}, {"UPDATE", true}}));
  EXPECT_EQ(rights_named("ALL"), (Rights{{"ALL", false}}));
  EXPECT_TRUE(rights_named("none").empty());
}

TEST(ArrayElements, ReadsQuotesAndEscapes) {
  EXPECT_EQ(array_elements(R"({a,"b,c","d\"e",""})"),
            (std::vector<std::string>{"a", "b,c", "d\"e", ""}));
  EXPECT_TRUE(array_elements("{}").empty());
  EXPECT_TRUE(array_elements("").empty());
}

TEST(LocaleSpelling, TheEncodingMayBeWrittenEitherWay) {
  EXPECT_EQ(locale_spelling("en_US.UTF-8"), "en_US.utf8");
  EXPECT_EQ(locale_spelling("en_US.utf8"), "en_US.utf8");
  EXPECT_EQ(locale_spelling("C"), "C");
}

TEST(HiddenOptions, NamesStayAndValuesAreSeenToChangeAlone) {
  const std::string hidden = hidden_options("{password=hunter2,host=db.example.com}", "server");
  EXPECT_EQ(hidden.find("hunter2"), std::string::npos);
  EXPECT_EQ(hidden.find("example"), std::string::npos);
  EXPECT_EQ(hidden, hidden_options("{host=db.example.com,password=hunter2}", "server"));
  EXPECT_NE(hidden, hidden_options("{password=hunter3,host=db.example.com}", "server"));
  EXPECT_NE(hidden, hidden_options("{password=hunter2,host=db.example.com}", "another"));
  EXPECT_EQ(hidden.size(), std::string("host=#0000, password=#0000").size());
}

TEST(SortedStatistics, TellColumnsAndExpressionsInOneOrder) {
  EXPECT_EQ(
      sorted_statistics("CREATE STATISTICS app.s (mcv, ndistinct) ON b, a, (lower(b)) FROM app.t"),
      "CREATE STATISTICS app.s (mcv, ndistinct) ON (lower(b)), a, b FROM app.t");
  EXPECT_EQ(
      sorted_statistics("CREATE STATISTICS \"x ON y\" ON \"z, FROM \", (f(b, ' FROM ')) FROM t"),
      "CREATE STATISTICS \"x ON y\" ON \"z, FROM \", (f(b, ' FROM ')) FROM t");
  EXPECT_EQ(sorted_statistics("CREATE STATISTICS s ON (a + b) FROM t"),
            "CREATE STATISTICS s ON (a + b) FROM t");
}

TEST(SortedStatistics, LeaveWhatIsNoneAsItIs) {
  for (const char* text : {"", "x ON y", "a, b FROM t", "CREATE STATISTICS s ON 'a"}) {
    EXPECT_EQ(sorted_statistics(text), text);
  }
}

}  // namespace
}  // namespace drift::schema
