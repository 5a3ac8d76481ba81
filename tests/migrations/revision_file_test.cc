#include "migrations/revision_file.h"

#include <gtest/gtest.h>

#include <string>

#include "drift/base/error.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;
using Kind = ModuleValue::Kind;

const std::string kPath = "db/versions/1a_first.py";

ModuleValue text(const std::string& value, int line = 3) {
  return {Kind::kString, {value}, line, "x = '" + value + "'", ""};
}
ModuleValue texts(const Strings& values, int line = 4) {
  return {Kind::kStrings, values, line, "x = (...)", ""};
}
ModuleValue none() { return {Kind::kNone, {}, 4, "down_revision = None", ""}; }
ModuleValue unknown(int line, const std::string& source) {
  return {Kind::kUnknown, {}, line, source, "it calls a function"};
}

// A first migration "1a".
ModuleVariables valid() {
  ModuleVariables variables;
  variables.revision = text("1a");
  variables.down_revision = none();
  return variables;
}

Revision revision_of(const ModuleVariables& variables, const std::string& path = kPath) {
  const RevisionFile file = revision_from(variables, path);
  EXPECT_TRUE(file.problems.empty()) << file.problems[0].message;
  EXPECT_TRUE(file.revision.has_value());
  return file.revision.value_or(Revision{});
}

void expect_problem(const ModuleVariables& variables, Fault kind, const std::string& message,
                    const std::string& hint, const std::string& path = kPath) {
  const RevisionFile file = revision_from(variables, path);
  EXPECT_FALSE(file.revision.has_value());
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_EQ(fault_name(file.problems[0].kind), fault_name(kind));
  EXPECT_EQ(file.problems[0].message, message);
  EXPECT_EQ(file.problems[0].hint, hint);
  EXPECT_EQ(file.problems[0].files, Strings{path});
}

TEST(RevisionFile, FirstMigrationHasNoParents) {
  ModuleVariables variables = valid();
  variables.docstring = "Add users\n\nRevision ID: 1a\nCreate Date: 2026-01-02 03:04:05\n";
  const Revision revision = revision_of(variables);
  EXPECT_EQ(revision.id, "1a");
  EXPECT_EQ(revision.down_revisions, Strings{});
  EXPECT_EQ(revision.path, kPath);
  EXPECT_EQ(revision.message, "Add users");
  EXPECT_EQ(revision.create_date, "2026-01-02 03:04:05");
}

TEST(RevisionFile, ParentsAreOneOrSeveralWithoutRepetitions) {
  ModuleVariables variables = valid();
  variables.down_revision = text("a");
  EXPECT_EQ(revision_of(variables).down_revisions, Strings{"a"});
  variables.down_revision = texts({"b", "a", "b"});
  EXPECT_EQ(revision_of(variables).down_revisions, (Strings{"b", "a"}));
  variables.down_revision = texts({});
  EXPECT_EQ(revision_of(variables).down_revisions, Strings{});
}

TEST(RevisionFile, EmptyDependencyAloneIsNone) {
  ModuleVariables variables = valid();
  variables.depends_on = text("");
  EXPECT_EQ(revision_of(variables).dependencies, Strings{});
  variables.depends_on = texts({""});
  EXPECT_EQ(revision_of(variables).dependencies, Strings{});
  variables.depends_on = texts({"x", "x", "label"});
  EXPECT_EQ(revision_of(variables).dependencies, (Strings{"x", "label"}));
}

TEST(RevisionFile, BranchLabelsAreAsWritten) {
  ModuleVariables variables = valid();
  variables.branch_labels = text("core");
  EXPECT_EQ(revision_of(variables).branch_labels, Strings{"core"});
  // The graph refuses the repetition, as Alembic does.
  variables.branch_labels = texts({"core", "core"});
  EXPECT_EQ(revision_of(variables).branch_labels, (Strings{"core", "core"}));
}

TEST(RevisionFile, UnknownBranchLabelsAreAWarning) {
  ModuleVariables variables = valid();
  variables.branch_labels = unknown(7, "branch_labels = label_of('x')");
  const RevisionFile file = revision_from(variables, kPath);
  ASSERT_TRUE(file.revision.has_value());
  EXPECT_EQ(file.revision->branch_labels, Strings{});
  EXPECT_EQ(file.warnings,
            (Strings{"db/versions/1a_first.py:7: cannot know branch_labels without running the "
                     "file, so its labels are missing here: branch_labels = label_of('x')"}));
}

TEST(RevisionFile, UnknownValueShowsItsLine) {
  ModuleVariables variables = valid();
  variables.down_revision = unknown(9, "  down_revision = latest()\t");
  expect_problem(variables, Fault::kUnknownValue,
                 "db/versions/1a_first.py:9: cannot know down_revision without running the file: "
                 "down_revision = latest()",
                 "it calls a function; write it as a plain string, or a tuple of them");
  variables = valid();
  variables.revision = unknown(2, "revision = f()");
  expect_problem(variables, Fault::kUnknownValue,
                 "db/versions/1a_first.py:2: cannot know revision without running the file: "
                 "revision = f()",
                 "it calls a function; write it as a plain string, or a tuple of them");
  variables = valid();
  variables.depends_on = unknown(5, "depends_on = g()");
  expect_problem(variables, Fault::kUnknownValue,
                 "db/versions/1a_first.py:5: cannot know depends_on without running the file: "
                 "depends_on = g()",
                 "it calls a function; write it as a plain string, or a tuple of them");
}

TEST(RevisionFile, AllProblemsOfAFileAreReportedAtOnce) {
  ModuleVariables variables;
  variables.depends_on = unknown(5, "depends_on = g()");
  EXPECT_EQ(revision_from(variables, kPath).problems.size(), 3u);
}

TEST(RevisionFile, WithoutRevisionOnlyALegacyNameCounts) {
  ModuleVariables variables = valid();
  variables.revision = {};
  EXPECT_EQ(revision_of(variables, "db/versions/12ab.py").id, "12ab");
  for (const std::string path : {"db/versions/12AB.py", "db/versions/helpers.py", "v/.py"}) {
    expect_problem(
        variables, Fault::kMissingVariable, path + ": the variable revision is missing",
        "Alembic refuses every .py file here that is not a migration: set the variable, or "
        "move the file out of the versions folder",
        path);
  }
}

TEST(RevisionFile, WithoutDownRevisionAFileIsRefusedAsInAlembic) {
  ModuleVariables variables = valid();
  variables.down_revision = {};
  expect_problem(variables, Fault::kMissingVariable,
                 "db/versions/1a_first.py: the variable down_revision is missing",
                 "Alembic refuses the file: write down_revision = None for a first migration");
}

TEST(RevisionFile, RevisionMustBeAStringThatIsNotEmpty) {
  ModuleVariables variables = valid();
  variables.revision = text("");
  expect_problem(variables, Fault::kInvalidRevisionId,
                 "db/versions/1a_first.py:3: revision is empty",
                 "a revision id is one string that is not empty");
  variables.revision = {Kind::kNone, {}, 3, "revision = None", ""};
  expect_problem(variables, Fault::kInvalidRevisionId,
                 "db/versions/1a_first.py:3: revision is not a string: revision = None",
                 "a revision id is one string that is not empty");
  variables.revision = {Kind::kStrings, {"a"}, 3, "revision = ('a',)", ""};
  expect_problem(variables, Fault::kInvalidRevisionId,
                 "db/versions/1a_first.py:3: revision is not a string: revision = ('a',)",
                 "a revision id is one string that is not empty");
}

TEST(RevisionFile, EmptyStringIsNoParent) {
  ModuleVariables variables = valid();
  variables.down_revision = {Kind::kString, {""}, 4, "down_revision = \"\"", ""};
  expect_problem(variables, Fault::kMissingRevision,
                 "db/versions/1a_first.py:4: down_revision names the empty string, which is not a "
                 "revision: down_revision = \"\"",
                 "Alembic fails here with KeyError(''); write None for a first migration");
  variables = valid();
  variables.depends_on = {Kind::kStrings, {"a", ""}, 6, "depends_on = ('a', '')", ""};
  expect_problem(variables, Fault::kMissingRevision,
                 "db/versions/1a_first.py:6: depends_on names the empty string, which is not a "
                 "revision: depends_on = ('a', '')",
                 "Alembic fails here with KeyError(''); leave the empty string out");
}

TEST(RevisionFile, SyntaxErrorIsTheOnlyProblem) {
  ModuleVariables variables;
  variables.syntax_error = {"a string is not closed", 12};
  expect_problem(
      variables, Fault::kSyntax, "db/versions/1a_first.py:12: a string is not closed",
      "Alembic cannot load the file either: mend it, or move it out of the versions folder");
}

TEST(RevisionFile, WhatCouldChangeTheVariablesIsAWarning) {
  ModuleVariables variables = valid();
  variables.doubt = {"from somewhere import *", 7};
  const RevisionFile file = revision_from(variables, kPath);
  EXPECT_TRUE(file.revision.has_value());
  EXPECT_TRUE(file.problems.empty());
  EXPECT_EQ(file.warnings,
            Strings{"db/versions/1a_first.py:7: 'from somewhere import *' could change the "
                    "variables of this file, which are taken as they are written"});
}

TEST(RevisionFile, LongLinesAreCutAndEscapesShown) {
  ModuleVariables variables = valid();
  variables.down_revision = unknown(4, "down_revision = f('\x1B[2J" + std::string(500, 'x'));
  const RevisionFile file = revision_from(variables, kPath);
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_EQ(file.problems[0].message.find('\x1B'), std::string::npos);
  EXPECT_LT(file.problems[0].message.size(), 250u);
}

TEST(Docstring, MessageIsTheFirstParagraph) {
  const DocstringFacts facts = read_docstring(
      "add table\n\nRevision ID: ab12\nRevises: cd34\nCreate Date: 2025-12-30 19:00:00.123\n\n");
  EXPECT_EQ(facts.message, "add table");
  EXPECT_EQ(facts.create_date, "2025-12-30 19:00:00.123");
}

TEST(Docstring, MessageMayHaveSeveralLines) {
  EXPECT_EQ(read_docstring("\n  add table\n  and index\n\nmore").message, "add table\n  and index");
}

TEST(Docstring, LineOfSpacesEndsNoParagraph) {
  EXPECT_EQ(read_docstring("a\n \nb").message, "a\n \nb");
}

TEST(Docstring, WithoutMessageTheHeaderIsTheMessageAsInAlembic) {
  EXPECT_EQ(read_docstring("\n\nRevision ID: ab12\nRevises:\n\n").message,
            "Revision ID: ab12\nRevises:");
}

TEST(Docstring, WhiteSpaceOfUnicodeIsStripped) {
  EXPECT_EQ(read_docstring("\u00a0\u3000 a \u2003\x1c").message, "a");
}

TEST(Docstring, EmptyDocstringSaysNothing) {
  EXPECT_EQ(read_docstring("").message, "");
  EXPECT_EQ(read_docstring(" \n\n ").message, "");
  EXPECT_EQ(read_docstring("a").create_date, "");
}

TEST(Docstring, CreateDateMayBeIndentedButIsNoPartOfALine) {
  EXPECT_EQ(read_docstring("a\n\n    Create Date:  2015-01-01  \n").create_date, "2015-01-01");
  EXPECT_EQ(read_docstring("no Create Date: 2015-01-01").create_date, "");
}

}  // namespace
}  // namespace drift::migrations
