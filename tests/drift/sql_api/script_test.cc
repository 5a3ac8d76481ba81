#include "drift/sql_api/script.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::sql_api {
namespace {

std::vector<std::string> parts(std::string_view sql) {
  std::vector<std::string> texts;
  for (const ScriptStatement& one : script_statements(sql)) {
    EXPECT_EQ(sql.substr(one.begin, one.text.size()), one.text);
    texts.push_back(one.text);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Script, IsPartedAtSemicolons) {
  EXPECT_EQ(parts("a 1; b 2 ;\n c 3"), (Texts{"a 1", "b 2", "c 3"}));
  EXPECT_EQ(parts(";; a ;; ; -- x;\n /* ; */"), Texts{"a"});
  EXPECT_EQ(parts("/* nothing */ ;"), Texts{});
}

TEST(Script, NotInsideWhatIsQuotedOrInBrackets) {
  EXPECT_EQ(parts("a ';' \";\" $x$;$x$ /* ; */; b"), (Texts{"a ';' \";\" $x$;$x$", "b"}));
  EXPECT_EQ(parts("create rule r do (a; b); c"), (Texts{"create rule r do (a; b)", "c"}));
  EXPECT_EQ(parts("a ); b"), (Texts{"a )", "b"}));
  EXPECT_EQ(parts("a (; b"), Texts{"a (; b"});
}

TEST(Script, NotInsideTheBodyOfAFunction) {
  EXPECT_EQ(parts("create function f() begin atomic select case when a then b end; c; end; d"),
            (Texts{"create function f() begin atomic select case when a then b end; c; end", "d"}));
  EXPECT_EQ(parts("begin; atomic; end; d"), (Texts{"begin", "atomic", "end", "d"}));
}

TEST(Script, AnOpenQuoteIsNoScript) {
  EXPECT_STREQ(thrown_by([] { script_statements("a; b '"); }).what(),
               "the statement ends inside a string");
}

}  // namespace
}  // namespace drift::sql_api
