#include "migrations/alembic/version_locations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/migrations/script_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;

// ScriptSettings with an --alembic-ini.
ScriptSettings ini(const std::string& path) {
  ScriptSettings settings;
  settings.alembic_ini = path;
  return settings;
}

class VersionLocationsOf : public testing::Test {
 protected:
  VersionLocations find(const ScriptSettings& settings = {}) {
    const GitTree tree = repository.tree();
    return find_version_locations(tree, settings);
  }

  void expect_refused(Fault fault, const std::string& message, const std::string& hint,
                      const ScriptSettings& settings = {}) {
    expect_error(thrown_by([&] { find(settings); }), fault, message, hint);
  }

  // An env.py and a versions folder with one migration.
  void write_script_directory(const std::string& folder) {
    repository.write(folder + "/env.py", "");
    repository.write_migration(folder + "/versions/1a.py", "1a");
  }

  ScriptRepository repository;
};

// ------------------------------------------------------------------------- usual layouts

TEST_F(VersionLocationsOf, IniAtTheRoot) {
  repository.write("alembic.ini", "[alembic]\nscript_location = alembic\n");
  write_script_directory("alembic");
  const VersionLocations found = find();
  EXPECT_EQ(found.script_location, "alembic");
  EXPECT_EQ(found.folders, Strings{"alembic/versions"});
  EXPECT_FALSE(found.recursive);
  EXPECT_TRUE(found.warnings.empty());
}

TEST_F(VersionLocationsOf, PyprojectAtTheRootWithoutIni) {
  repository.write("pyproject.toml", "[tool.alembic]\nscript_location = '%(here)s/db'\n");
  write_script_directory("db");
  EXPECT_EQ(find().folders, Strings{"db/versions"});
}

TEST_F(VersionLocationsOf, PyprojectWithoutAlembicIsPassedOver) {
  repository.write("pyproject.toml", "[project]\ndependencies = ['alembic']\n");
  repository.write("migrations/alembic.ini", "[alembic]\n");
  write_script_directory("migrations");
  EXPECT_EQ(find().folders, Strings{"migrations/versions"});
}

TEST_F(VersionLocationsOf, FlaskMigrateSetsNoScriptLocation) {
  repository.write("migrations/alembic.ini", "[alembic]\n# set by flask db\n");
  write_script_directory("migrations");
  EXPECT_EQ(find().script_location, "migrations");
  EXPECT_EQ(find(ini("migrations/alembic.ini")).script_location, "migrations");
}

TEST_F(VersionLocationsOf, IniWithoutScriptLocationElsewhereIsAnError) {
  repository.write("alembic.ini", "[alembic]\n");
  write_script_directory("db/alembic");
  expect_refused(Fault::kAlembicIniInvalid, "alembic.ini sets no script_location",
                 "pass --script-location db/alembic");
}

TEST_F(VersionLocationsOf, OnlyIniOfTheRepositoryIsTakenWithAWarning) {
  repository.write("services/api/alembic.ini", "[alembic]\nscript_location = alembic\n");
  write_script_directory("services/api/alembic");
  const VersionLocations found = find();
  EXPECT_EQ(found.folders, Strings{"services/api/alembic/versions"});
  EXPECT_EQ(found.warnings,
            (Strings{"services/api/alembic.ini was taken because it is the only one: pass "
                     "--alembic-ini services/api/alembic.ini to make sure"}));
}

TEST_F(VersionLocationsOf, SeveralInisAreNamed) {
  repository.write("a/alembic.ini", "[alembic]\n");
  repository.write("b/alembic.ini", "[alembic]\n");
  expect_refused(Fault::kAlembicIniNotFound,
                 "there is no alembic.ini at the root of the repository, and no [tool.alembic] in "
                 "a pyproject.toml there",
                 "found a/alembic.ini, b/alembic.ini: pass --alembic-ini with one of them");
}

TEST_F(VersionLocationsOf, NoIniAnywhere) {
  const char* message =
      "there is no alembic.ini at the root of the repository, and no [tool.alembic] in a "
      "pyproject.toml there";
  repository.write("README", "");
  expect_refused(Fault::kAlembicIniNotFound, message,
                 "pass --alembic-ini, or --script-location where the project has no alembic.ini");
  repository.write("a/b/c/d/db/env.py", "");
  expect_refused(Fault::kAlembicIniNotFound, message,
                 "pass --alembic-ini, or --script-location where the project has no alembic.ini");
  repository.write("a/b/c/d/db/script.py.mako", "");
  expect_refused(
      Fault::kAlembicIniNotFound, message,
      "a/b/c/d/db has an env.py and a script.py.mako: pass --script-location a/b/c/d/db");
  repository.write("e/env.py", "");
  repository.write("e/script.py.mako", "");
  expect_refused(Fault::kAlembicIniNotFound, message,
                 "e, a/b/c/d/db have an env.py and a script.py.mako: pass --script-location with "
                 "one of them");
  repository.write("a/b/c/d/alembic.ini", "[alembic]\n");  // too deep to be taken
  expect_refused(Fault::kAlembicIniNotFound, message,
                 "found a/b/c/d/alembic.ini: pass --alembic-ini a/b/c/d/alembic.ini");
}

TEST_F(VersionLocationsOf, GivenIniThatIsMissingIsNamedWithWhatThereIs) {
  repository.write("backend/alembic.ini", "[alembic]\n");
  expect_refused(Fault::kAlembicIniNotFound, "there is no alembic.ini at this commit",
                 "found backend/alembic.ini: pass --alembic-ini backend/alembic.ini",
                 ini("alembic.ini"));
  expect_refused(Fault::kAlembicIniNotFound, "backend is a folder",
                 "pass --alembic-ini backend/alembic.ini", ini("backend"));
}

TEST_F(VersionLocationsOf, GivenIniWhereThereIsNone) {
  repository.write("README", "");
  expect_refused(Fault::kAlembicIniNotFound, "there is no ../alembic.ini at this commit",
                 "give its path from the root of the repository, and check --ref",
                 ini("../alembic.ini"));
}

TEST_F(VersionLocationsOf, GivenPyprojectBringsTheIniBesideIt) {
  repository.write("backend/pyproject.toml", "[tool.alembic]\nversion_locations = ['db/more']\n");
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write("backend/db/more/x.py", "");
  const VersionLocations found = find(ini("./backend/pyproject.toml"));
  EXPECT_EQ(found.script_location, "backend/db");
  EXPECT_EQ(found.folders, Strings{"backend/db/more"});
}

// ------------------------------------------------------------------- relative script_location

TEST_F(VersionLocationsOf, RelativeToTheFolderOfTheIni) {
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = ./alembic\n");
  write_script_directory("backend/alembic");
  EXPECT_EQ(find(ini("backend/alembic.ini")).script_location, "backend/alembic");
}

TEST_F(VersionLocationsOf, RelativeToTheRoot) {
  repository.write("config/alembic.ini",
                   "[alembic]\nscript_location = app/db\nversion_locations = app/db/one app/two\n");
  write_script_directory("app/db");
  repository.write("app/db/one/x.py", "");
  repository.write("app/two/y.py", "");
  const VersionLocations found = find(ini("config/alembic.ini"));
  EXPECT_EQ(found.script_location, "app/db");
  EXPECT_EQ(found.folders, (Strings{"app/db/one", "app/two"}));
}

TEST_F(VersionLocationsOf, OfTwoFoldersTheOneThatLooksLikeAScriptDirectory) {
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = alembic\n");
  repository.write("backend/alembic/README", "");
  write_script_directory("alembic");
  const VersionLocations found = find(ini("backend/alembic.ini"));
  EXPECT_EQ(found.script_location, "alembic");
  EXPECT_TRUE(found.warnings.empty());
}

TEST_F(VersionLocationsOf, OfTwoScriptDirectoriesTheOneBesideTheIniWithAWarning) {
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = alembic\n");
  write_script_directory("backend/alembic");
  write_script_directory("alembic");
  const VersionLocations found = find(ini("backend/alembic.ini"));
  EXPECT_EQ(found.script_location, "backend/alembic");
  EXPECT_EQ(found.warnings, (Strings{"script_location 'alembic' (backend/alembic.ini:2) could also "
                                     "be alembic: pass --script-location to make sure"}));
}

TEST_F(VersionLocationsOf, InNeitherPlaceIsAnErrorThatNamesBoth) {
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = alembic\n");
  write_script_directory("backend/db");
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "script_location 'alembic' (backend/alembic.ini:2) was not found: neither "
                 "backend/alembic nor alembic is a folder at this commit",
                 "pass --script-location backend/db", ini("backend/alembic.ini"));
}

TEST_F(VersionLocationsOf, FileIsNoScriptDirectory) {
  repository.write("alembic.ini", "[alembic]\nscript_location = setup.py\n");
  repository.write("setup.py", "");
  expect_refused(
      Fault::kScriptDirectoryNotFound,
      "script_location 'setup.py' (alembic.ini:2) was not found: setup.py is not a folder "
      "at this commit",
      "pass --script-location with its path in the repository");
}

TEST_F(VersionLocationsOf, HereLeadsThroughTheTree) {
  repository.write("backend/alembic.ini", "[alembic]\nscript_location = %(here)s/../db\n");
  write_script_directory("db");
  write_script_directory("backend/db");
  EXPECT_EQ(find(ini("backend/alembic.ini")).script_location, "db");
}

TEST_F(VersionLocationsOf, HereMayNotLeadOutOfTheTree) {
  repository.write("alembic.ini", "[alembic]\nscript_location = %(here)s/../db\n");
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "script_location '../db' (alembic.ini:2) leads out of the repository",
                 "pass --script-location with its path in the repository");
}

TEST_F(VersionLocationsOf, AbsolutePathIsExplained) {
  repository.write("alembic.ini", "[alembic]\nscript_location = /app/alembic\n");
  write_script_directory("alembic");
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "script_location '/app/alembic' (alembic.ini:2) is an absolute path, which may "
                 "exist where Alembic runs but not in the repository",
                 "pass --script-location alembic");
}

// ---------------------------------------------------------------------- package resources

TEST_F(VersionLocationsOf, PackageResourceIsFoundWherePythonImportsFrom) {
  repository.write("alembic.ini", "[alembic]\nscript_location = pkg.db:migrations:sub\n");
  write_script_directory("src/pkg/db/migrations/sub");
  EXPECT_EQ(find().script_location, "src/pkg/db/migrations/sub");
}

TEST_F(VersionLocationsOf, PackageResourceIsFoundUnderPrependSysPath) {
  repository.write("backend/alembic.ini",
                   "[alembic]\nscript_location = pkg:db\nprepend_sys_path = python\n");
  write_script_directory("backend/python/pkg/db");
  EXPECT_EQ(find(ini("backend/alembic.ini")).script_location, "backend/python/pkg/db");
  EXPECT_EQ(find(ini("backend/alembic.ini")).import_roots,
            (Strings{"backend/python", "python", "backend", "", "backend/src", "backend/lib", "src",
                     "lib"}));
}

TEST_F(VersionLocationsOf, PackageOutsideTheRepositoryIsExplained) {
  repository.write("alembic.ini", "[alembic]\nscript_location = airflow:migrations\n");
  expect_refused(
      Fault::kScriptDirectoryNotFound,
      "script_location 'airflow:migrations' (alembic.ini:2) is not in any package of the "
      "repository: there is no folder airflow/migrations, src/airflow/migrations, "
      "lib/airflow/migrations",
      "pass --script-location with its path in the repository");
}

// ------------------------------------------------------------------------ version_locations

TEST_F(VersionLocationsOf, MissingVersionLocationIsAWarning) {
  repository.write("alembic.ini",
                   "[alembic]\nscript_location = db\nversion_locations = db/a, db/gone\n");
  repository.write("db/a/x.py", "");
  const VersionLocations found = find();
  EXPECT_EQ(found.folders, Strings{"db/a"});
  EXPECT_EQ(found.warnings,
            (Strings{"version location 'db/gone' (alembic.ini:3) is not a folder at this commit; "
                     "Alembic skips it too"}));
}

TEST_F(VersionLocationsOf, NoVersionLocationAtAllIsAnErrorNotAnEmptyGraph) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\nversion_locations = a b\n");
  repository.write("db/env.py", "");
  expect_refused(Fault::kVersionsEmpty,
                 "none of the version_locations of alembic.ini:3 is a folder at this commit",
                 "Alembic would skip them and find no migration: mend version_locations, or pass "
                 "--versions-path");
}

TEST_F(VersionLocationsOf, VersionLocationOutsideTheRepositoryIsAnError) {
  repository.write("alembic.ini",
                   "[alembic]\nscript_location = db\nversion_locations = db/a /app/plugins\n");
  repository.write("db/a/x.py", "");
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "version location '/app/plugins' (alembic.ini:3) is an absolute path, which may "
                 "exist where Alembic runs but not in the repository",
                 "pass every folder with --versions-path, as paths in the repository");
}

TEST_F(VersionLocationsOf, MissingVersionsFolderIsAnError) {
  repository.write("alembic.ini", "[alembic]\nscript_location = db\n");
  repository.write("db/env.py", "");
  expect_refused(Fault::kVersionsEmpty, "there is no folder db/versions at this commit",
                 "commit the migrations, or pass --versions-path where env.py puts them elsewhere");
}

// -------------------------------------------------------------------------------- overrides

TEST_F(VersionLocationsOf, OptionsNeedNoIni) {
  write_script_directory("db");
  ScriptSettings settings;
  settings.script_location = "./db/";
  settings.recursive_version_locations = true;
  EXPECT_EQ(find(settings).folders, Strings{"db/versions"});
  EXPECT_TRUE(find(settings).recursive);

  ScriptSettings versions;
  versions.versions_paths = {"db/versions"};
  EXPECT_EQ(find(versions).script_location, "db");
  EXPECT_EQ(find(versions).folders, Strings{"db/versions"});
}

TEST_F(VersionLocationsOf, OptionThatLeadsNowhereIsAnError) {
  repository.write("README", "");
  ScriptSettings settings;
  settings.script_location = "db";
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "script location 'db' is not a folder at this commit",
                 "give its path from the root of the repository, and check --ref", settings);
  settings = {};
  settings.versions_paths = {"../db"};
  expect_refused(Fault::kScriptDirectoryNotFound,
                 "versions path '../db' is not a folder at this commit",
                 "give its path from the root of the repository, and check --ref", settings);
}

TEST_F(VersionLocationsOf, ScriptLocationOptionMendsAnAbsolutePath) {
  repository.write("alembic.ini",
                   "[alembic]\nscript_location = /app/db\nrecursive_version_locations = true\n");
  write_script_directory("db");
  ScriptSettings settings;
  settings.script_location = "db";
  EXPECT_EQ(find(settings).folders, Strings{"db/versions"});
  EXPECT_TRUE(find(settings).recursive);
}

TEST_F(VersionLocationsOf, IniOfAnotherScriptDirectoryIsLeftAside) {
  repository.write("alembic.ini", "[alembic]\nscript_location = a\nversion_locations = a/v\n");
  write_script_directory("a");
  repository.write("a/v/x.py", "");
  write_script_directory("b");
  ScriptSettings settings;
  settings.script_location = "b";
  const VersionLocations found = find(settings);
  EXPECT_EQ(found.folders, Strings{"b/versions"});
  EXPECT_EQ(found.warnings, (Strings{"alembic.ini is about another script directory and was left "
                                     "aside: pass --alembic-ini if its settings hold for b too"}));
  settings.alembic_ini = "alembic.ini";
  EXPECT_EQ(find(settings).folders, Strings{"a/v"});
}

TEST_F(VersionLocationsOf, VersionsPathsReplaceWhatTheIniSays) {
  repository.write("alembic.ini", "[alembic]\nscript_location = a\nversion_locations = a/v\n");
  write_script_directory("a");
  repository.write("x/1.py", "");
  repository.write("y/2.py", "");
  ScriptSettings settings;
  settings.versions_paths = {"x", "y"};
  EXPECT_EQ(find(settings).folders, (Strings{"x", "y"}));
  EXPECT_EQ(find(settings).script_location, "a");
}

TEST_F(VersionLocationsOf, BrokenIniDoesNotStopWhoeverNamesTheVersions) {
  repository.write("alembic.ini", "oops\n");
  write_script_directory("a");
  ScriptSettings settings;
  settings.versions_paths = {"a/versions"};
  const VersionLocations found = find(settings);
  EXPECT_EQ(found.folders, Strings{"a/versions"});
  EXPECT_EQ(found.warnings, (Strings{"alembic.ini:1: the line comes before any [section]; it was "
                                     "left aside for --versions-path"}));
  settings.alembic_ini = "alembic.ini";
  EXPECT_EQ(thrown_by([&] { find(settings); }).fault, Fault::kAlembicIniInvalid);
}

}  // namespace
}  // namespace drift::migrations
