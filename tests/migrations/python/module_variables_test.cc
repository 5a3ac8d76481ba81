#include "migrations/python/module_variables.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/migrations/module_reading.h"

namespace drift::migrations {
namespace {

std::string syntax_error(std::string_view source) {
  const ModuleVariables variables = read(source);
  if (!variables.syntax_error) return "none";
  return std::to_string(variables.syntax_error->line) + ": " + variables.syntax_error->message;
}

TEST(ModuleVariables, TemplateOfAlembicIsRead) {
  const ModuleVariables variables = read(R"("""add table

Revision ID: ab12
"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision: str = 'ab12'
down_revision: Union[str, Sequence[str], None] = ('cd34', 'ef56')
branch_labels: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    revision = 'local'
)");
  ASSERT_FALSE(variables.syntax_error);
  EXPECT_EQ(variables.docstring, "add table\n\nRevision ID: ab12\n");
  EXPECT_EQ(variables.revision.kind, Kind::kString);
  EXPECT_EQ(variables.revision.strings, Strings{"ab12"});
  EXPECT_EQ(variables.revision.line, 11);
  EXPECT_EQ(variables.revision.source_line, "");
  EXPECT_EQ(variables.down_revision.kind, Kind::kStrings);
  EXPECT_EQ(variables.down_revision.strings, (Strings{"cd34", "ef56"}));
  EXPECT_EQ(variables.down_revision.source_line,
            "down_revision: Union[str, Sequence[str], None] = ('cd34', 'ef56')");
  EXPECT_EQ(variables.branch_labels.kind, Kind::kNone);
  EXPECT_EQ(variables.depends_on.kind, Kind::kAbsent);
}

TEST(ModuleVariables, EmptyFileHoldsNothing) {
  EXPECT_EQ(revision(""), "absent");
  EXPECT_EQ(revision("# only a comment"), "absent");
  EXPECT_EQ(revision("\xef\xbb\xbf"), "absent");
}

TEST(ModuleVariables, LastAssignmentWins) {
  EXPECT_EQ(revision("revision = 'a'\nrevision = 'b'\n"), "'b'");
  EXPECT_EQ(revision("revision: str\nrevision = 'b'"), "'b'");
  EXPECT_EQ(revision("revision = 'a'\nrevision: str\n"), "'a'");
  EXPECT_EQ(revision("revision = 'a'\ndel revision\n"), "absent");
}

TEST(ModuleVariables, EveryFormOfAssignmentIsRead) {
  EXPECT_EQ(revision("x = revision = y = 'a'"), "'a'");
  EXPECT_EQ(revision("revision, down_revision = 'a', None"), "'a'");
  EXPECT_EQ(revision("[down_revision, (revision, x)] = None, ('a', 'b')"), "'a'");
  EXPECT_EQ(revision("(revision) = 'a'"), "'a'");
  EXPECT_EQ(revision("x = 1; revision = 'a'; y = 2"), "'a'");
  EXPECT_EQ(revision("REV = 'a'\nrevision = REV + '_b'\nREV = 'c'"), "'a_b'");
  EXPECT_EQ(revision("revision = 'a'\nrevision += 'b'"), "'ab'");
  EXPECT_EQ(revision("with open('x'):\n  revision = 'a'"), "'a'");
}

TEST(ModuleVariables, TargetsThatBindNothingDoNoHarm) {
  EXPECT_EQ(revision("revision = 'a'\n() = x\n[] = y\nwith z as (): pass\nfor () in x: pass"),
            "'a'");
  EXPECT_EQ(revision("revision = 'a'\nx: = 1\n*, = y\n"), "'a'");
}

TEST(ModuleVariables, EveryKindOfStringIsDecoded) {
  EXPECT_EQ(revision(R"(revision = 'a' "b" '''c''' """d""" u'e' r'\f')"), "'abcde\\f'");
  EXPECT_EQ(revision(R"(revision = '\x41\101\u00e9\U0001F600\t\'\"\\\d')"),
            "'AA\u00e9\U0001F600\t'\"\\\\d'");
  EXPECT_EQ(revision("revision = 'a\\\nb'"), "'ab'");
  EXPECT_EQ(revision("revision = f'{{a}}'"), "'{a}'");
  EXPECT_EQ(revision("revision = ('a'  # one\n   'b'\n)"), "'ab'");
}

TEST(ModuleVariables, SequencesKeepTheirOrder) {
  EXPECT_EQ(read("depends_on = ['b', 'a']").depends_on.strings, (Strings{"b", "a"}));
  EXPECT_EQ(read("depends_on = {'b', 'a'}").depends_on.kind, Kind::kStrings);
  EXPECT_EQ(read("depends_on = 'a',").depends_on.kind, Kind::kStrings);
  EXPECT_EQ(read("depends_on = ()").depends_on.kind, Kind::kStrings);
  EXPECT_EQ(read("depends_on = ('a')").depends_on.kind, Kind::kString);
}

TEST(ModuleVariables, BranchesThatNeverRunAreNotRead) {
  EXPECT_EQ(revision("if True:\n  revision = 'a'\nelse:\n  revision = 'b'"), "'a'");
  EXPECT_EQ(revision("if 0: revision = 'a'\nelif not 0: revision = 'b'\nelse: revision = 'c'"),
            "'b'");
  EXPECT_EQ(revision("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  revision = 'a'"),
            "absent");
  EXPECT_EQ(revision("revision = 'a'\nif __name__ == '__main__':\n  revision = 'b'"), "'a'");
}

TEST(ModuleVariables, BranchesThatMayRunMakeTheValueUnknown) {
  const std::string start = "revision = 'a'\n";
  EXPECT_EQ(revision(start + "if x:\n  revision = 'b'"),
            "it is assigned under the 'if' of line 2, which may or may not run");
  EXPECT_EQ(revision(start + "try:\n  f()\n  revision = 'b'\nexcept E: pass"),
            "it is assigned under the 'try' of line 2, which may or may not run");
  EXPECT_EQ(revision(start + "for i in x:\n  if True: revision = 'b'"),
            "it is assigned under the 'for' of line 2, which may or may not run");
  EXPECT_EQ(revision(start + "with suppress(E):\n  f()\n  revision = 'b'"),
            "it is assigned under the 'with' of line 2, which may or may not run");
}

TEST(ModuleVariables, BranchThatChangesNothingLeavesTheValueKnown) {
  EXPECT_EQ(revision("revision = 'a'\nif x:\n  revision = 'a'"), "'a'");
  EXPECT_EQ(revision("if x:\n  revision = 'a'\nelse:\n  revision = 'a'"), "'a'");
  EXPECT_EQ(revision("if x:\n  revision = 'a'\nelse:\n  revision = 'b'"),
            "it is assigned under the 'else' of line 3, which may or may not run");
}

TEST(ModuleVariables, TryAroundLiteralsHidesNothing) {
  EXPECT_EQ(revision("try:\n  revision = 'a'\nexcept E: pass"), "'a'");
  EXPECT_EQ(revision("revision = 'a'\ntry:\n  import x\nexcept ImportError:\n  x = None"), "'a'");
  EXPECT_EQ(revision("try:\n  import x\n  revision = 'a'\nexcept E: pass"), "'a'");
  EXPECT_EQ(revision("try:\n  import x\n  revision = 'a'\nexcept E:\n  revision = 'b'"),
            "it is assigned under the 'except' of line 4, which may or may not run");
  const auto depends_on = [](std::string_view handler) {
    return read(fmt::format("try:\n  import x\n  depends_on = 'a'\nexcept E:\n  {}\n", handler))
        .depends_on;
  };
  EXPECT_EQ(depends_on("depends_on = 'a'").strings, Strings{"a"});
  EXPECT_EQ(depends_on("pass").reason,
            "it is assigned under the 'try' of line 1, which may or may not run");
  EXPECT_EQ(depends_on("depends_on = None").reason,
            "it is assigned under the 'except' of line 4, which may or may not run");
}

// Where it does not run, Alembic refuses a module for lack of the one and never misses the other.
TEST(ModuleVariables, OnlyAssignmentIsBelievedInABranchToo) {
  EXPECT_EQ(revision("if x:\n  revision = 'a'"), "'a'");
  EXPECT_EQ(read("if x:\n  down_revision = ('a', 'b')").down_revision.strings, (Strings{"a", "b"}));
  EXPECT_EQ(read("if x:\n  depends_on = None").depends_on.kind, Kind::kNone);
  EXPECT_EQ(read("if x:\n  depends_on = 'a'").depends_on.reason,
            "it is assigned under the 'if' of line 1, which may or may not run");
  EXPECT_EQ(read("if x:\n  A = 'a'\ndepends_on = A").depends_on.strings, Strings{"a"});
  EXPECT_EQ(revision("from app import A\nrevision = A", {{"app", "if x:\n  A = 'a'"}}), "'a'");
}

TEST(ModuleVariables, ValueCarriedRoundALoopIsUnknown) {
  EXPECT_EQ(revision("A = 'a'\nrevision = 'a'\nfor i in x:\n  revision = A\n  A = 'b'"),
            "it is assigned under the 'for' of line 3, which may or may not run");
}

TEST(ModuleVariables, WhatOnlyPythonCanEvaluateIsUnknownWithItsReason) {
  EXPECT_EQ(revision("revision = make()"), "it is the result of a call");
  EXPECT_EQ(revision("revision = 'a' if x else 'b'"),
            "it is an expression that only running the file would evaluate");
  EXPECT_EQ(revision("revision = f'{x}'"), "it is an f-string with replacement fields");
  EXPECT_EQ(revision("revision = t'a'"), "it is a template string");
  EXPECT_EQ(revision("revision = 'a'\nx = f'{(revision := y)}'"),
            "it is assigned inside an expression");
  EXPECT_EQ(revision("revision = b'a'"), "it is a bytes literal, not a string");
  EXPECT_EQ(revision("revision = 5"), "it is a number, not a string");
  EXPECT_EQ(revision("revision = {'a': 1}"), "it is a dict");
  EXPECT_EQ(revision("revision = [x for x in y]"),
            "it is a comprehension, or unpacks something with '*'");
  EXPECT_EQ(revision("revision = '\\N{DASH}'"), "it holds a character by name, \\N{...}");
  EXPECT_EQ(revision("revision = '\\N{DASH}' 'a'"), "it holds a character by name, \\N{...}");
  EXPECT_EQ(revision("revision = '\\x4'"), "it holds a malformed escape");
  EXPECT_EQ(revision("revision = '\\ud800'"), "it holds half a surrogate pair");
  EXPECT_EQ(revision("revision = NOWHERE"),
            "it uses the name 'NOWHERE', which this file does not assign");
  EXPECT_EQ(revision("revision = ('a', None)"), "of one of its elements it is None, not a string");
  EXPECT_EQ(revision("revision = ('a', f())"), "of one of its elements it is the result of a call");
  EXPECT_EQ(revision("revision, x = 'abc'"), "a part of what cannot be taken apart");
  EXPECT_EQ(revision("revision, x = {'a', 'b'}"), "a part of what cannot be taken apart");
}

TEST(ModuleVariables, OtherStatementsThatBindTheNameMakeItUnknown) {
  EXPECT_EQ(revision("def revision(): pass"), "it is a function");
  EXPECT_EQ(revision("class revision: pass"), "it is a class");
  EXPECT_EQ(revision("import os as revision"),
            "it is the module 'os', or a name of one that is not in this tree");
  EXPECT_EQ(revision("from app import revision"),
            "it is the module 'app.revision', or a name of one that is not in this tree");
  EXPECT_EQ(revision("for revision in x: pass"), "it is the variable of a loop");
  EXPECT_EQ(revision("with x as (revision, y): pass"), "a part of what cannot be taken apart");
  EXPECT_EQ(revision("with x as revision: pass"), "it is the target of a 'with'");
  EXPECT_EQ(revision("print((revision := 'a'))"), "it is assigned inside an expression");
  EXPECT_EQ(revision("revision = 5\nrevision -= 1"), "it is changed in place");
}

TEST(ModuleVariables, AssignmentThroughGlobalsMakesTheNameUnknown) {
  EXPECT_EQ(revision("revision = 'a'\nglobals()['revision'] = 'b'"),
            "it is assigned through 'globals' on line 2");
  EXPECT_EQ(revision("revision = 'a'\nglobals()['down_revision'] = 'b'"), "'a'");
  EXPECT_EQ(revision("revision = 'a'\nfor k in x:\n  locals()[k] = 'b'"),
            "it is assigned under the 'for' of line 2, which may or may not run");
  EXPECT_EQ(revision("globals()[k] = 'b'\nrevision = 'a'"), "'a'");
  EXPECT_EQ(doubt("revision = 'a'\nglobals()['revision'] = 'b'"), "none");
}

// Text that is only read: an f-string with PL/pgSQL, a name in a string.
TEST(ModuleVariables, TextOfStringsIsNoCode) {
  const std::string_view migration =
      "revision = 'a'\ndown_revision = 'b'\ndepends_on = None\n"
      "PLACEHOLDER = '00000000'\n"
      "BLOCK = f\"\"\"\nDO $$\nDECLARE depends_on text;\nBEGIN\n"
      "  depends_on := '{PLACEHOLDER}';\n  EXECUTE format('x %I', globals);\nEND $$\n\"\"\"\n";
  const ModuleVariables variables = read(migration);
  EXPECT_EQ(variables.revision.strings, Strings{"a"});
  EXPECT_EQ(variables.down_revision.strings, Strings{"b"});
  EXPECT_EQ(variables.depends_on.kind, Kind::kNone);
  EXPECT_EQ(doubt(migration), "none");
}

TEST(ModuleVariables, WhatFunctionsDoIsNotAsked) {
  const std::string function =
      "def f():\n  global revision\n  globals()['revision'] = 'b'\nrevision = 'a'\n";
  EXPECT_EQ(revision(function + "f()\n"), "'a'");
  EXPECT_EQ(doubt(function + "f()\n"), "none");
  EXPECT_EQ(revision("class K:\n  global revision\n  revision = 'b'\nrevision = 'a'"), "'a'");
  EXPECT_EQ(revision("def __getattr__(name): return 'a'"), "absent");
}

TEST(ModuleVariables, TrickeryIsADoubtAndChangesNothing) {
  const std::string start = "revision = 'a'\n";
  for (const auto& [trick, words] : {std::pair{"exec(x)", "exec"},
                                     {"execfile(x)", "execfile"},
                                     {"globals().update(x)", "globals"},
                                     {"y = vars()", "vars"},
                                     {"f(locals())", "locals"},
                                     {"sys.modules[__name__].revision = 'b'", "modules"}}) {
    EXPECT_EQ(revision(start + trick), "'a'");
    EXPECT_EQ(doubt(start + trick), fmt::format("2: {}", words));
  }
  EXPECT_EQ(doubt(start + "x.exec('y')\nmodules = 1\nx.y.revision = 'b'\nrevi\u017fion = 'b'"),
            "none");
  EXPECT_EQ(doubt(start + "exec(x)\nexec(y)\nf(vars())"), "2: exec") << "one for a file";
}

TEST(ModuleVariables, ListThatOtherCodeMayChangeIsUnknown) {
  EXPECT_EQ(revision("A = ['a']\nrevision = A\nA.append('b')"),
            "it is a list or set that other code may have changed");
  EXPECT_EQ(revision("A = ['a']\nrevision = A\n"), "1 strings");
}

TEST(ModuleVariables, Python2FilesAreRead) {
  EXPECT_EQ(revision("# -*- coding: latin-1 -*-\nprint 'x', `y`\nif a <> 0777L: pass\n"
                     "revision = u'a\xe9'\n"),
            "'a\u00e9'");
  EXPECT_EQ(revision("revision = 'a'\ndef f():\n  try:\n    raise E, 'x'\n  except E, e:\n"
                     "    print >>f, e\n"),
            "'a'");
}

TEST(ModuleVariables, EveryLineEndIsALineEnd) {
  EXPECT_EQ(revision("if True:\r\n  revision = 'a'\r\n"), "'a'");
  EXPECT_EQ(revision("x = 1\rrevision = 'a'\r"), "'a'");
  EXPECT_EQ(revision("revision = '''a\r\nb'''\r\n"), "'a\nb'");
}

TEST(ModuleVariables, SyntaxErrorsNameTheLine) {
  EXPECT_EQ(syntax_error("x = 1\nrevision = 'a\n"), "2: unterminated string");
  EXPECT_EQ(syntax_error("x = '''a\n\n"), "1: unterminated triple-quoted string");
  EXPECT_EQ(syntax_error("x = f'{a'\n"), "1: unterminated string");
  EXPECT_EQ(syntax_error("x = f'a\n'"), "1: unterminated f-string");
  EXPECT_EQ(syntax_error("x = f'{a:b'\n"), "1: unterminated f-string");
  EXPECT_EQ(syntax_error("x = f'{{a}'\n"), "1: a single '}' in an f-string");
  EXPECT_EQ(syntax_error("\nx = (f'{a\n"), "2: '(' was never closed");
  EXPECT_EQ(syntax_error("\nx = (\n"), "2: '(' was never closed");
  EXPECT_EQ(syntax_error("x = (]\n"), "1: ']' does not close '('");
  EXPECT_EQ(syntax_error("x = )\n"), "1: ')' closes nothing");
  EXPECT_EQ(syntax_error(" x = 1\n"), "1: unexpected indent");
  EXPECT_EQ(syntax_error("x = 1\n  y = 1\n"), "2: unexpected indent");
  EXPECT_EQ(syntax_error("if x:\ny = 1\n"), "2: expected an indented block after 'if'");
  EXPECT_EQ(syntax_error("if x:\n"), "1: expected an indented block after 'if'");
  EXPECT_EQ(syntax_error("if x:\n    y\n  z\n"),
            "3: unindent does not match any outer indentation");
  EXPECT_EQ(syntax_error("x = \\ 1\n"), "1: unexpected character after a line continuation");
  EXPECT_EQ(syntax_error("x = 1 \\\n"), "1: the file ends in a line continuation");
  EXPECT_EQ(syntax_error("x = $\n"), "1: invalid character 0x24");
  EXPECT_EQ(syntax_error("x = 1\n= 2\n"), "2: invalid syntax");
  EXPECT_EQ(syntax_error("from import *\n"), "1: invalid syntax");
  EXPECT_EQ(syntax_error("else:\n  x\n"), "1: 'else' continues no statement");
  EXPECT_EQ(syntax_error("try:\n  x\ny\n"), "3: expected 'except' or 'finally'");
  EXPECT_EQ(syntax_error("try:\n  x\nif y: z\n"), "3: expected 'except' or 'finally'");
  EXPECT_EQ(syntax_error("match x:\n  if y: z\n"), "2: expected 'case'");
  EXPECT_EQ(syntax_error("if x\n  y\n"), "1: expected ':' after 'if'");
  EXPECT_EQ(syntax_error("match x:\n  y\n"), "2: expected 'case'");
  EXPECT_EQ(syntax_error("x\ny; if z: x\n"), "2: invalid syntax");
  EXPECT_EQ(syntax_error("with:\n  x\n"), "1: invalid syntax");
  EXPECT_EQ(syntax_error("if; not 0:\n  x\n"), "1: invalid syntax");
  EXPECT_EQ(syntax_error("while; x: y\n"), "1: invalid syntax");
  EXPECT_EQ(syntax_error("for x in y: z\nelse: x\nfinally: y\n"),
            "3: 'finally' continues no statement");
  EXPECT_EQ(syntax_error("x = " + std::string(201, '(')), "1: too many nested brackets");
  std::string fields = "x = ";
  for (int i = 0; i <= 200; ++i) fields += "f'{";
  EXPECT_EQ(syntax_error(fields), "1: too many nested brackets");
}

TEST(ModuleVariables, SkippedBodiesAreCheckedToo) {
  const std::string function = "revision = 'a'\ndef f():\n";
  EXPECT_EQ(syntax_error(function), "2: expected an indented block after 'def'");
  EXPECT_EQ(syntax_error(function + "x\n"), "3: expected an indented block after 'def'");
  EXPECT_EQ(syntax_error(function + "  x = 'a\n"), "3: unterminated string");
  EXPECT_EQ(syntax_error(function + "  '''a\n"), "3: unterminated triple-quoted string");
  EXPECT_EQ(syntax_error(function + "  x = [\n"), "3: '[' was never closed");
  EXPECT_EQ(syntax_error(function + "  x = [)\n"), "3: ')' does not close '['");
  EXPECT_EQ(syntax_error(function + "  x\n    y\n"), "4: unexpected indent");
  EXPECT_EQ(syntax_error(function + "  if x:\n  y\n"), "4: expected an indented block after 'if'");
  EXPECT_EQ(syntax_error(function + "    x\n  y\n"),
            "4: unindent does not match any outer indentation");
  EXPECT_EQ(syntax_error(function + "  x = 1, f'{y}}'\n"), "3: a single '}' in an f-string");
  EXPECT_EQ(syntax_error(function + "  x \\ y\n"),
            "3: unexpected character after a line continuation");
}

TEST(ModuleVariables, UnresolvedMergeConflictIsNamed) {
  EXPECT_EQ(syntax_error("<<<<<<< HEAD\nrevision = 'a'\n=======\nrevision = 'b'\n>>>>>>> x\n"),
            "1: a merge conflict is not resolved");
}

TEST(ModuleVariables, CodingsThatCannotBeReadAreNamed) {
  EXPECT_EQ(syntax_error("x = '\xe9'\n"), "1: byte 0xe9 is not valid in the coding 'utf-8'");
  EXPECT_EQ(syntax_error("\n# coding: klingon\n"), "2: unsupported coding 'klingon'");
  EXPECT_EQ(syntax_error(std::string("x = 1\n\0", 7)), "2: the file holds a NUL byte");
}

TEST(ModuleVariables, DeepNestingIsUnknownNotACrash) {
  EXPECT_EQ(revision("revision = " + std::string(150, '(') + "'a'" + std::string(150, ')')),
            "it is an expression nested too deeply");
  std::string nested;
  for (int i = 0; i < 105; ++i) nested += std::string(static_cast<std::size_t>(i), ' ') + "if 1:\n";
  EXPECT_EQ(syntax_error(nested + std::string(105, ' ') + "x\n"),
            "102: too many levels of indentation");
}

TEST(ModuleVariables, ValueThatDoublesWithEveryLineIsUnknown) {
  std::string source = "revision = 'abcdefgh'\n";
  for (int i = 0; i < 60; ++i) source += "revision = revision + revision\n";
  EXPECT_EQ(revision(source), "it is too long");
}

TEST(ModuleVariables, DocstringIsTheFirstStatementOnly) {
  EXPECT_EQ(read("# comment\n\n'''a''' 'b\\x41'\n").docstring, "abA");
  EXPECT_EQ(read("x = 1\n'''a'''\n").docstring, "");
  EXPECT_EQ(read("f'a'\n").docstring, "");
  EXPECT_EQ(read("(f'a')\n").docstring, "");
  EXPECT_EQ(read("'a' f'b'\n").docstring, "");
  EXPECT_EQ(read("b'a'\n").docstring, "");
  EXPECT_EQ(read("'a'.strip()\n").docstring, "");
}

}  // namespace
}  // namespace drift::migrations
