#include "migrations/python/tokenizer.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::migrations {
namespace {

// The tokens of every logical line, "|" between them and "/" between the lines.
std::string tokens(std::string_view text) {
  const PythonSource source = decode_python_source(text);
  PythonTokenizer tokenizer(source);
  std::string shown;
  while (tokenizer.next_line()) {
    if (!shown.empty()) shown += '/';
    bool first = true;
    for (const Token& token : tokenizer.tokens()) {
      if (!first) shown += '|';
      shown += token.text();
      first = false;
    }
  }
  if (tokenizer.error()) return tokenizer.error()->message;
  return shown;
}

// What follows the block that the first line of `text` opens.
std::string after_block(std::string_view text) {
  const PythonSource source = decode_python_source(text);
  PythonTokenizer tokenizer(source);
  if (!tokenizer.next_line()) return "no line";
  if (!tokenizer.skip_block(tokenizer.column(), "def")) return tokenizer.error()->message;
  return std::string(tokenizer.position());
}

TEST(PythonTokenizer, LogicalLinesSpanBracketsAndBackslashes) {
  EXPECT_EQ(tokens("a = (\n 1, # one\n\n 2)\nb \\\n = 3\n"), "a|=|(|1|,|2|)/b|=|3");
}

TEST(PythonTokenizer, BlankLinesAndCommentsAreNoLines) {
  EXPECT_EQ(tokens("\n  \n# x\n   # y\na\n\f\nb"), "a/b");
}

TEST(PythonTokenizer, OperatorsAreAsLongAsPythonHasThem) {
  EXPECT_EQ(tokens("a **= b // c <> d -> e := f ... .5 x.y != z @= `w`"),
            "a|**=|b|//|c|<>|d|->|e|:=|f|...|.5|x|.|y|!=|z|@=|`|w|`");
}

TEST(PythonTokenizer, NumbersTakeTheirExponents) {
  EXPECT_EQ(tokens("1e-5 0x1e-5 1_000.5j 0777L 1."), "1e-5|0x1e|-|5|1_000.5j|0777L|1.");
}

TEST(PythonTokenizer, StringsKeepTheirPrefixesAndQuotes) {
  EXPECT_EQ(tokens(R"(rb'\'' u"a" '' """a"'b""" bu'x' Rb"""
""")"),
            "rb'\\''|u\"a\"|''|\"\"\"a\"'b\"\"\"|bu|'x'|Rb\"\"\"\n\"\"\"");
}

TEST(PythonTokenizer, FormattedStringsMayNestTheirOwnQuotes) {
  EXPECT_EQ(tokens(R"(f'{x['a']}' f"{{" f'{a:{b}>{'c'}}' f'\N{DASH}' f'{d!r:#}' t'{e}')"),
            R"(f'{x['a']}'|f"{{"|f'{a:{b}>{'c'}}'|f'\N{DASH}'|f'{d!r:#}'|t'{e}')");
}

TEST(PythonTokenizer, TabGoesToTheNextMultipleOfEight) {
  const PythonSource source = decode_python_source("  \tx\n");
  PythonTokenizer tokenizer(source);
  ASSERT_TRUE(tokenizer.next_line());
  EXPECT_EQ(tokenizer.column(), 8);
}

TEST(PythonTokenizer, BlockEndsWhereTheIndentationDoes) {
  EXPECT_EQ(after_block("def f():\n  a\n\n  b\n# c\n\nd\n"), "d\n");
  EXPECT_EQ(after_block("def f():\n  if a:\n    b\n  else:\n      c\nd\n"), "d\n");
  EXPECT_EQ(after_block("def f():\n  a"), "");
}

TEST(PythonTokenizer, BlockHidesWhatStandsInStringsAndBrackets) {
  EXPECT_EQ(
      after_block("def f():\n  a = '''\nb\n'''\n  c = [\nd\n]\n  e = \\\nf\n  g = '\\\nh'\ni\n"),
      "i\n");
  EXPECT_EQ(after_block("def f():\n  f'''\n{'''\nx'''}\n'''\n  '' \"\" '\\'' r'\\'' # '''\ni\n"),
            "i\n");
}

TEST(PythonTokenizer, LongLinesOfABlockAreFollowedAcrossTheirWords) {
  // Specials at every offset from the 64 bytes that are looked at together.
  for (std::size_t pad = 0; pad < 130; ++pad) {
    const std::string space(pad, 'x');
    EXPECT_EQ(after_block("def f():\n  x" + space + " = '''" + space + "\n'''\n  (" + space +
                          "\n)\n  '" + space + "\\'" + space + "' # '\nend\n"),
              "end\n");
  }
}

}  // namespace
}  // namespace drift::migrations
