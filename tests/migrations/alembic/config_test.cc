#include "migrations/alembic/config.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;

AlembicConfig from_ini(const std::string& text, const std::string& section = "alembic") {
  return read_alembic_config(text, "backend/alembic.ini", std::nullopt, "", section);
}

AlembicConfig from_both(const std::string& ini, const std::string& pyproject) {
  return read_alembic_config(ini, "alembic.ini", pyproject, "pyproject.toml", "alembic");
}

AlembicConfig from_pyproject(const std::string& text) {
  return read_alembic_config(std::nullopt, "alembic.ini", text, "backend/pyproject.toml",
                             "alembic");
}

Strings locations(const std::string& lines) {
  return from_ini("[alembic]\n" + lines).version_locations;
}

const std::string kHere = std::string{kTreeRoot} + "/backend";

TEST(AlembicConfig, HereIsTheFolderOfTheIni) {
  const AlembicConfig config = from_ini("[alembic]\nscript_location = %(here)s/alembic\n");
  EXPECT_EQ(config.script_location, kHere + "/alembic");
  EXPECT_EQ(config.script_location_place, "backend/alembic.ini:2");
  EXPECT_EQ(read_alembic_config("[alembic]\nscript_location = %(here)s/x\n", "alembic.ini",
                                std::nullopt, "", "alembic")
                .script_location,
            std::string{kTreeRoot} + "/x");
}

TEST(AlembicConfig, SectionIsTheOneAskedFor) {
  const std::string two = "[core]\nscript_location = a\n[tenant]\nscript_location = b\n";
  EXPECT_EQ(from_ini(two, "tenant").script_location, "b");
  expect_error(thrown_by([&] { from_ini(two); }), Fault::kAlembicIniInvalid,
               "backend/alembic.ini has no section [alembic]", "pass --name core or --name tenant");
  expect_error(thrown_by([] { from_ini("[a]\n[b]\n"); }), Fault::kAlembicIniInvalid,
               "backend/alembic.ini has no section [alembic]", "its sections are [a], [b]");
  expect_error(thrown_by([] { from_ini("# nothing\n"); }), Fault::kAlembicIniInvalid,
               "backend/alembic.ini has no section [alembic]",
               "the file has no section at all: is it the right one?");
}

TEST(AlembicConfig, PathSeparatorSaysWhereLocationsAreSplit) {
  EXPECT_EQ(locations("version_locations = a:b c\npath_separator = os\n"), (Strings{"a", "b c"}));
  EXPECT_EQ(locations("version_locations = a: b ::\npath_separator = :\n"), (Strings{"a", "b"}));
  EXPECT_EQ(locations("version_locations = a;b:c\npath_separator = ;\n"), (Strings{"a", "b:c"}));
  EXPECT_EQ(locations("version_locations = a  b\npath_separator = space\n"), (Strings{"a", "b"}));
  EXPECT_EQ(locations("version_locations =\n  a\n\n  b c\npath_separator = newline\n"),
            (Strings{"a", "b c"}));
}

TEST(AlembicConfig, PathSeparatorWinsOverVersionPathSeparator) {
  EXPECT_EQ(locations("version_locations = a;b c\nversion_path_separator = space\n"),
            (Strings{"a;b", "c"}));
  EXPECT_EQ(locations("version_locations = a;b c\nversion_path_separator = space\n"
                      "path_separator = ;\n"),
            (Strings{"a", "b c"}));
}

TEST(AlembicConfig, WithoutASeparatorCommasAndBlanksSplit) {
  EXPECT_EQ(locations("version_locations = a, b,c  d:e\n"), (Strings{"a", "b", "c", "d:e"}));
  // As re.split does: Alembic then reads the directory that it is run from.
  EXPECT_EQ(locations("version_locations = a ,b,\n"), (Strings{"a", "", "b", ""}));
}

TEST(AlembicConfig, PrependSysPathHasItsOwnLegacySplit) {
  const AlembicConfig config =
      from_ini("[alembic]\nprepend_sys_path = .:src, %(here)s lib\nversion_path_separator = ;\n");
  EXPECT_EQ(config.prepend_sys_path, (Strings{".", "src", kHere, "lib"}));
  EXPECT_EQ(from_ini("[alembic]\nprepend_sys_path = a b:c\npath_separator = os\n").prepend_sys_path,
            (Strings{"a b", "c"}));
}

TEST(AlembicConfig, LocationsOverSeveralLinesWithoutSeparatorAreAnErrorNotAnEmptyGraph) {
  expect_error(
      thrown_by([] { locations("a = 1\nversion_locations =\n  x\n  y\n"); }),
      Fault::kAlembicIniInvalid,
      "backend/alembic.ini:3: version_locations spans several lines but is not split at line ends, "
      "so Alembic takes '\\nx\\ny' for one path",
      "set path_separator = newline (version_path_separator before Alembic 1.16), or put the "
      "locations on one line");
  EXPECT_EQ(thrown_by([] { locations("version_locations = x\n  y\npath_separator = os\n"); }).fault,
            Fault::kAlembicIniInvalid);
}

TEST(AlembicConfig, LegacyCommentBehindTheSeparatorMattersOnlyWithLocations) {
  const std::string line = "version_path_separator = os  # Use os.pathsep.\n";
  EXPECT_EQ(from_ini("[alembic]\nscript_location = x\n" + line).script_location, "x");
  expect_error(thrown_by([&] { locations("version_locations = a:b\n" + line); }),
               Fault::kAlembicIniInvalid,
               "backend/alembic.ini:3: version_path_separator is 'os  # Use os.pathsep.'; it must "
               "be space, newline, os, : or ;",
               "an ini file has no comments behind a value, so Alembic fails too: leave "
               "'version_path_separator = os' and move the comment to a line of its own");
  expect_error(thrown_by([] { locations("version_locations = a\npath_separator = comma\n"); }),
               Fault::kAlembicIniInvalid,
               "backend/alembic.ini:3: path_separator is 'comma'; it must be space, newline, os, : "
               "or ;",
               "Alembic refuses it too; to use the colon of Unix write os");
}

TEST(AlembicConfig, OnlyTheWordTrueIsTrue) {
  EXPECT_TRUE(
      from_ini("[alembic]\nrecursive_version_locations = true\n").recursive_version_locations);
  EXPECT_FALSE(from_ini("[alembic]\nsourceless = false\n").sourceless);
  const AlembicConfig config = from_ini("[alembic]\nrecursive_version_locations = True\n");
  EXPECT_FALSE(config.recursive_version_locations);
  EXPECT_EQ(config.warnings,
            (Strings{"backend/alembic.ini:2: recursive_version_locations is 'True', which Alembic "
                     "takes for false: it knows only 'true'"}));
}

// ------------------------------------------------------------------------- pyproject.toml

TEST(AlembicConfig, PyprojectAloneIsEnough) {
  const AlembicConfig config = from_pyproject(
      "[tool.alembic]\nscript_location = '%(here)s/db'\nversion_locations = ['a b', '100%%']\n"
      "prepend_sys_path = ['.']\nrecursive_version_locations = true\nsourceless = false\n");
  EXPECT_EQ(config.script_location, kHere + "/db");
  EXPECT_EQ(config.script_location_place, "backend/pyproject.toml:2");
  EXPECT_EQ(config.version_locations, (Strings{"a b", "100%"}));
  EXPECT_EQ(config.version_locations_place, "backend/pyproject.toml:3");
  EXPECT_EQ(config.prepend_sys_path, Strings{"."});
  EXPECT_TRUE(config.recursive_version_locations);
  EXPECT_FALSE(config.sourceless);
}

TEST(AlembicConfig, PyprojectCountsForEachKeyThatTheIniLacks) {
  const AlembicConfig config =
      from_both("[alembic]\nscript_location = ini\nversion_locations =\n",
                "[tool.alembic]\nscript_location = 'toml'\nversion_locations = ['v']\n");
  EXPECT_EQ(config.script_location, "ini");
  EXPECT_EQ(config.version_locations, Strings{"v"});
  // It even stands in for a section that the ini lacks.
  EXPECT_EQ(from_both("[x]\n", "[tool.alembic]\nscript_location = 'toml'\n").script_location,
            "toml");
}

TEST(AlembicConfig, PyprojectWithoutAlembicStandsInForNothing) {
  EXPECT_EQ(thrown_by([] { from_both("[x]\n", "[tool.black]\n"); }).what(),
            std::string{"alembic.ini has no section [alembic]"});
}

void expect_refused(const std::string& pyproject, const std::string& message,
                    const std::string& hint) {
  expect_error(thrown_by([&] { from_pyproject(pyproject); }), Fault::kAlembicIniInvalid, message,
               hint);
}

TEST(AlembicConfig, ValueOfTheWrongTypeIsRefused) {
  expect_refused("[tool.alembic]\nscript_location = 5\n",
                 "backend/pyproject.toml:2: script_location is not a string",
                 "put it between quotes");
  expect_refused("[tool.alembic]\nversion_locations = 'a'\n",
                 "backend/pyproject.toml:2: version_locations is not a list",
                 "write it as a list of strings, such as [\"a/versions\"]");
  expect_refused("[tool.alembic]\nversion_locations = [\n 'a', 1]\n",
                 "backend/pyproject.toml:3: version_locations is not a list of strings",
                 "write it as a list of strings, such as [\"a/versions\"]");
  expect_refused("[tool.alembic]\nsourceless = 'true'\n",
                 "backend/pyproject.toml:2: sourceless is neither true nor false",
                 "Alembic takes only a TOML boolean here");
  expect_refused("[tool]\nalembic = 1\n", "backend/pyproject.toml:2: tool.alembic is not a table",
                 "write [tool.alembic]");
}

TEST(AlembicConfig, OtherPercentSignsInPyprojectAreRefused) {
  expect_refused("[tool.alembic]\nscript_location = '%(home)s/x'\n",
                 "backend/pyproject.toml:2: script_location has a '%' that begins neither %(here)s "
                 "nor %%",
                 "write %% for a plain percent sign; pyproject.toml knows no other %(name)s");
}

TEST(AlembicConfig, PyprojectThatIsNoTomlIsRefusedWithItsLine) {
  const Error error = thrown_by([] { from_pyproject("[tool.alembic]\nscript_location = \n"); });
  EXPECT_EQ(error.fault, Fault::kAlembicIniInvalid);
  EXPECT_EQ(std::string{error.what()}.rfind("backend/pyproject.toml:2: not valid TOML: ", 0), 0u)
      << error.what();
  EXPECT_EQ(error.hint, "Alembic reads this file too and would stop here: mend it");
}

}  // namespace
}  // namespace drift::migrations
