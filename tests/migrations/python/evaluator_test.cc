// Constants that come from other modules, asked as callers ask.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/migrations/module_reading.h"

namespace drift::migrations {
namespace {

TEST(PythonImports, ConstantsOfOtherModulesInTheTreeAreRead) {
  const std::map<std::string, std::string, std::less<>> tree = {
      {"app", "TOP = 'top'"},
      {"app.cli", "EXPAND = 'expand'\nfrom .names import DEEP\nMADE = make()"},
      {"app.names", "DEEP = 'deep'"},
      {"..base", "REV = 'relative'"},
      {"loop", "from loop2 import X"},
      {"loop2", "from loop import X\nY = X"},
      {"broken", "x = ("}};
  EXPECT_EQ(revision("from app.cli import EXPAND\nrevision = EXPAND", tree), "'expand'");
  EXPECT_EQ(revision("import app.cli as c\nrevision = c.EXPAND", tree), "'expand'");
  EXPECT_EQ(revision("import app.cli\nrevision = app.cli.EXPAND", tree), "'expand'");
  EXPECT_EQ(revision("from app import cli, TOP\nrevision = cli.DEEP + TOP", tree), "'deeptop'");
  EXPECT_EQ(revision("from ..base import REV\nrevision = REV", tree), "'relative'");
  EXPECT_EQ(revision("from app.cli import MADE\nrevision = MADE", tree),
            "it is the result of a call, in the module 'app.cli'");
  EXPECT_EQ(revision("from app.cli import GONE\nrevision = GONE", tree),
            "GONE, which the tree does not have");
  EXPECT_EQ(revision("from broken import X\nrevision = X", tree),
            "it comes from the module 'broken', which is not valid Python");
  EXPECT_EQ(revision("from loop2 import Y\nrevision = Y", tree),
            "it comes from the module 'loop2', which imports it back, in the module 'loop'");
}

TEST(PythonImports, RelativeNamesOfAPackageBeginInItThoseOfAModuleBesideIt) {
  const std::string_view ask = "from app.cli import REV\nrevision = REV";
  std::map<std::string, std::string, std::less<>> tree = {{"app.cli", "from .names import REV"},
                                                          {"app.names", "REV = 'beside'"},
                                                          {"app.cli.names", "REV = 'inside'"}};
  EXPECT_EQ(revision(ask, tree), "'beside'");
  tree["app.cli.__init__"] = tree["app.cli"];
  EXPECT_EQ(revision(ask, tree), "'inside'");
}

TEST(PythonImports, TypeCheckingIsFalseWhoeverGivesIt) {
  EXPECT_EQ(revision("from app import T\nif not T:\n  revision = 'a'",
                     {{"app", "from typing import TYPE_CHECKING as T"}}),
            "'a'");
}

TEST(PythonImports, ModulesThatPointAtEachOtherAreUnknown) {
  EXPECT_EQ(revision("from a import X\nrevision = X",
                     {{"a", "from b import X\n"}, {"b", "from a import X\n"}}),
            "an import that goes round in a circle, in the module 'a'");
}

TEST(PythonImports, ChainOfImportsHasAnEnd) {
  std::map<std::string, std::string, std::less<>> tree;
  for (int i = 0; i < 100; ++i) {
    tree[fmt::format("m{}", i)] = fmt::format("from m{} import X as Y\nX = Y\nprint(X)", i + 1);
  }
  EXPECT_EQ(revision("from m0 import X\nrevision = X", tree),
            "a name that comes through too many modules, in the module 'm11'");
}

TEST(PythonImports, ModulesAreLoadedOnlyWhereAValueNeedsThem) {
  int loads = 0;
  const ModuleLoader count = [&](std::string_view) -> std::optional<std::string> {
    ++loads;
    return std::nullopt;
  };
  read_module_variables(
      "from alembic import op\nimport sqlalchemy as sa\nx = sa.Column('a')\nrevision = 'a'", count);
  EXPECT_EQ(loads, 0);
}

TEST(PythonImports, StarImportFromOutsideTheTreeChangesNothing) {
  const std::string_view usual = "from somewhere import *\nrevision = 'a'\ndown_revision = 'b'\n";
  EXPECT_EQ(revision(usual), "'a'");
  EXPECT_EQ(read(usual).depends_on.kind, Kind::kAbsent);
  EXPECT_EQ(doubt(usual), "none");
  EXPECT_EQ(revision("revision = 'a'\nfrom somewhere import *"), "'a'");
  EXPECT_EQ(doubt("revision = 'a'\nfrom somewhere import *"), "2: from somewhere import *");
  EXPECT_EQ(doubt("revision = 'a'\nfrom sqlalchemy.dialects.mysql import *"), "none");
}

TEST(PythonImports, StarImportOfTheTreeGivesItsNames) {
  const std::string_view after = "revision = 'a'\nfrom app import *";
  EXPECT_EQ(revision(after, {{"app", "revision = 'b'"}}), "'b'");
  EXPECT_EQ(revision(after, {{"app", "_x = 'b'"}}), "'a'");
  EXPECT_EQ(revision(after, {{"app", "revision = make()"}}),
            "it is the result of a call, in the module 'app'");
  EXPECT_EQ(revision(after, {{"app", "revision = 'b'\n__all__ = ['x']"}}), "'a'");
}

}  // namespace
}  // namespace drift::migrations
