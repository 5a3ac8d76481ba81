#include "migrations/python/tokenizer.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::migrations {
namespace {

// The tokens of every logical line, "|" between them and "/" between the lines, strings in quotes.
std::string tokens(std::string_view text) {
  const PythonSource source = decode_python_source(text);
  PythonTokenizer tokenizer(source.buffer.data());
  std::string shown;
  while (tokenizer.next_line()) {
    if (!shown.empty()) shown += '/';
    bool first = true;
    for (const Token& token : tokenizer.tokens()) {
      if (token.is('\0')) break;
      if (!first) shown += '|';
      const char* const quote = token.kind == TokenKind::kString ? "'" : "";
      shown += (quote + std::string(token.text())) + quote;
      first = false;
    }
  }
  return shown;
}

// What follows the block that the first line of `text` opens.
std::string after_block(std::string_view text) {
  const PythonSource source = decode_python_source(text);
  PythonTokenizer tokenizer(source.buffer.data());
  if (!tokenizer.next_line()) return "no line";
  tokenizer.skip_block();
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

TEST(PythonTokenizer, StringsAreWhatStandsBetweenTheirQuotes) {
  EXPECT_EQ(tokens(R"(rb'\'' u"a" '' """a"'b""" bu'x' Rb"""
""")"),
            "'\\''|'a'|''|'a\"'b'|bu|'x'|'\n'");
  const PythonSource source = decode_python_source("x = Rb'' f'{y}' t'' u''");
  PythonTokenizer tokenizer(source.buffer.data());
  ASSERT_TRUE(tokenizer.next_line());
  ASSERT_EQ(tokenizer.tokens().size(), 11u);
  const auto prefix = [&](std::size_t i) { return tokenizer.tokens()[i].prefix; };
  EXPECT_TRUE(prefix(2).raw && prefix(2).bytes && !prefix(2).formatted);
  EXPECT_TRUE(prefix(3).formatted && prefix(7).formatted && !prefix(7).is_template);
  EXPECT_TRUE(prefix(8).formatted && prefix(8).is_template);
  EXPECT_FALSE(prefix(9).raw || prefix(9).bytes || prefix(9).formatted);
}

TEST(PythonTokenizer, FieldsOfAStringStandBetweenItsText) {
  EXPECT_EQ(tokens(R"(f'{x['a']}' f"{{" f'\N{DASH}' f'{d!r:#}')"),
            R"(''|{|x|[|'a'|]|}|''|'{{'|'\N'|{|DASH|}|''|''|{|d|!|r|:|'#'|}|'')");
  EXPECT_EQ(tokens(R"(f'{a:{b}>{'c'}}e' rf'\{a != {1: 2}}' t"""{
(f,
)}"""'g')"),
            R"(''|{|a|:|'{b}>{'c'}'|}|'e'|'\'|{|a|!=|{|1|:|2|}|}|''|''|{|(|f|,|)|}|''|'g')");
}

TEST(PythonTokenizer, TabGoesToTheNextMultipleOfEight) {
  EXPECT_EQ(after_block("def f():\n  \tx\n        y\nz\n"), "z\n");
  EXPECT_THROW(after_block("def f():\n  \tx\n       y\nz\n"), PythonError);
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
