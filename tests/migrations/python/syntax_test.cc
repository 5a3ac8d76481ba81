#include "migrations/python/syntax.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::migrations {
namespace {

std::size_t statements_of(const Body& body) {
  std::size_t count = 0;
  for (const Stmt* one = body.first; one != nullptr; one = one->next) ++count;
  return count;
}

TEST(PythonSyntax, BlocksOfFunctionsAndClassesAreReadWhereSomebodyAsks) {
  Syntax syntax(decode_python_source(
      "def f(a, *, b=1):\n  x = (\n   1)\n  return x\nclass K(B, metaclass=M):\n  y = 2\nz = 3\n"));
  ASSERT_FALSE(syntax.error());
  ASSERT_EQ(statements_of(syntax.module()), 3u);
  const Stmt& function = *syntax.module().first;
  EXPECT_TRUE(function.body.empty());
  EXPECT_EQ(statements_of(syntax.block_of(function).body), 2u);
  EXPECT_EQ(&syntax.block_of(function), &syntax.block_of(function));
  EXPECT_EQ(function.parameters[1].kind, Parameter::Kind::kNamedOnly);
  EXPECT_EQ(function.next->values.size(), 1u) << "metaclass= is no base";
  EXPECT_EQ(syntax.line_of(syntax.block_of(*function.next).body.first->place), 6);
}

TEST(PythonSyntax, WordYieldMakesAGeneratorOfItsOwnBlockAlone) {
  Syntax syntax(decode_python_source("def f():\n  return 1\ndef g():\n  yield 1\n"));
  EXPECT_FALSE(syntax.block_of(*syntax.module().first).generator);
  EXPECT_TRUE(syntax.block_of(*syntax.module().first->next).generator);
}

TEST(PythonSyntax, ErrorsInABlockAreItsOwn) {
  Syntax syntax(decode_python_source(
      "def f():\n  if x:\n    y\n  else z:\n    y\ndef g():\n  x\n  y\ndef h():\n  else: x\n"));
  ASSERT_FALSE(syntax.error());
  const Stmt& f = *syntax.module().first;
  EXPECT_FALSE(syntax.block_of(f).sound);
  EXPECT_TRUE(syntax.block_of(f).body.empty());
  ASSERT_TRUE(syntax.error());
  EXPECT_EQ(syntax.error()->message, "invalid syntax");
  EXPECT_EQ(syntax.error()->line, 4);
  EXPECT_TRUE(syntax.block_of(*f.next).sound);
  EXPECT_EQ(statements_of(syntax.block_of(*f.next).body), 2u);
  EXPECT_FALSE(syntax.block_of(*f.next->next).sound);
}

TEST(PythonSyntax, WhatIsNotFollowedLeavesTheRestOfItsLine) {
  Syntax syntax(decode_python_source("print 'x', (1; 2); y = 1\nx = `z`; v = 1\n"));
  const Stmt* one = syntax.module().first;
  for (const StmtKind kind : {StmtKind::kExpression, StmtKind::kUnreadable, StmtKind::kAssign,
                              StmtKind::kAssign, StmtKind::kAssign}) {
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(one->kind, kind);
    one = one->next;
  }
  EXPECT_EQ(one, nullptr);
}

TEST(PythonSyntax, StringsAreNoKeywords) {
  Syntax syntax(decode_python_source("''; 'pass'; \"return\"\n'if'\n'@'\n"));
  ASSERT_FALSE(syntax.error());
  ASSERT_EQ(statements_of(syntax.module()), 5u);
  for (const Stmt* one = syntax.module().first; one != nullptr; one = one->next) {
    EXPECT_EQ(one->kind, StmtKind::kExpression);
  }
}

TEST(PythonSyntax, ManagersOfAWithMayStandInBrackets) {
  for (const char* source : {"with a as b, c as d: pass\n", "with (a as b, c as d,): pass\n"}) {
    Syntax syntax(decode_python_source(source));
    const Stmt& with = *syntax.module().first;
    ASSERT_EQ(with.values.size(), 4u) << source;
    EXPECT_EQ(with.values[3]->text, "d");
  }
  Syntax syntax(decode_python_source("with (a): pass\n"));
  EXPECT_EQ(syntax.module().first->values.size(), 2u);
}

TEST(PythonSyntax, EachStatementOfALineIsOne) {
  Syntax syntax(
      decode_python_source("assert x, 'm'; global a, b; import c as d; pass; "
                           "raise E('x') from e\n"));
  ASSERT_FALSE(syntax.error());
  const Stmt* one = syntax.module().first;
  for (const StmtKind kind : {StmtKind::kAssert, StmtKind::kGlobal, StmtKind::kImport,
                              StmtKind::kPass, StmtKind::kRaise}) {
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(one->kind, kind);
    one = one->next;
  }
  EXPECT_EQ(one, nullptr);
}

TEST(PythonSyntax, OperatorsBindAsPythonHasThem) {
  Syntax syntax(decode_python_source("a << b + c * d ** e\nf or g and not h\n"));
  const Expr* found = syntax.module().first->values[0];
  for (const char* op : {"<<", "+", "*", "**"}) {
    ASSERT_EQ(found->kind, ExprKind::kBinary);
    EXPECT_EQ(found->text, op);
    found = found->items[1];
  }
  Syntax powers(decode_python_source("-a ** -b * c\n"));
  const Expr& product = *powers.module().first->values[0];
  EXPECT_EQ(product.text, "*");
  ASSERT_EQ(product.items[0]->kind, ExprKind::kSign);
  EXPECT_EQ(product.items[0]->items[0]->text, "**");
  found = syntax.module().first->next->values[0];
  ASSERT_EQ(found->kind, ExprKind::kOr);
  ASSERT_EQ(found->items[1]->kind, ExprKind::kAnd);
  EXPECT_EQ(found->items[1]->items[1]->kind, ExprKind::kNot);
}

TEST(PythonSyntax, TreeOfAHostileFileIsBounded) {
  std::string many, wide = "x = [";
  for (int i = 0; i < 1'200'000; ++i) many += "a\n";
  for (int i = 0; i < 2'500'000; ++i) wide += "1,";
  Syntax statements(decode_python_source(many));
  ASSERT_TRUE(statements.error());
  EXPECT_EQ(statements.error()->message, "the file is too long");
  Syntax elements(decode_python_source(wide + "]\ny = 1\n"));
  ASSERT_TRUE(elements.error());
  EXPECT_EQ(elements.error()->line, 2);
}

TEST(PythonSyntax, ClausesOfAComprehensionAreBounded) {
  std::string many = "x = [a";
  for (int i = 0; i < 200'000; ++i) many += " for a in b";
  Syntax syntax(decode_python_source(many + "]\ny = yield\n"));
  ASSERT_FALSE(syntax.error());
  const Stmt& first = *syntax.module().first;
  EXPECT_EQ(first.values[1]->value, "an expression nested too deeply");
  EXPECT_EQ(first.next->values[1]->value, "a generator") << "what is too deep ends with its line";
}

TEST(PythonSyntax, FieldsThatAreNotFollowedTakeNoLongerThanTheyAre) {
  std::string fields = "x = f'";
  for (int i = 0; i < 300'000; ++i) fields += "{y z}";
  Syntax syntax(decode_python_source(fields + "'; v = 1\n"));
  ASSERT_FALSE(syntax.error());
  EXPECT_EQ(statements_of(syntax.module()), 2u);
}

TEST(PythonSyntax, LambdaWithoutParametersIsOneArgument) {
  Syntax syntax(decode_python_source("f(lambda: (1, 2), x, key=lambda a, b=1: a)\n"));
  const Expr& call = *syntax.module().first->values[0];
  ASSERT_EQ(call.kind, ExprKind::kCall);
  ASSERT_EQ(call.items.size(), 4u);
  EXPECT_EQ(call.items[2]->text, "x");
  EXPECT_EQ(call.names[2], "key");
}

TEST(PythonSyntax, FieldsOfAnFStringAreExpressions) {
  Syntax syntax(decode_python_source("x = f'a{{{b!r:>{w}}}}' f\"{c['d']}\" 'e'\n"));
  const Expr& value = *syntax.module().first->values[1];
  ASSERT_EQ(value.kind, ExprKind::kFormatted);
  ASSERT_EQ(value.items.size(), 5u);
  EXPECT_EQ(value.items[0]->value, "a{");
  EXPECT_EQ(value.items[1]->text, "r");
  EXPECT_EQ(value.items[1]->value, ">{w}");
  EXPECT_EQ(value.items[3]->items[0]->kind, ExprKind::kSubscript);
  EXPECT_EQ(value.items[4]->value, "e");
}

}  // namespace
}  // namespace drift::migrations
