#include "drift/config/config_file.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::config {
namespace {

void expect_refused(const std::string& text, const std::string& message, const std::string& hint) {
  SCOPED_TRACE(text);
  expect_error(thrown_by([&] { parse_config(text, "fleet.json"); }), Fault::kConfiguration, message,
               hint);
}

TEST(ConfigFile, TargetsTakeWhatTheyDoNotSayFromTheDefaults) {
  const ConfigFile config = parse_config(R"({
      "reports": "/var/reports", "alerts": ["terminal"], "timeout": 60, "notify_on_success": true,
      "defaults": {"ref": "main", "version_table": "v"},
      "targets": [
        {"target": "orders", "repository": "/srv/o.git", "database": "postgresql:///orders"},
        {"target": "users", "repository": "/srv/u.git", "database": "postgresql:///users",
         "ref": "release", "versions_path": ["a", "b"], "recursive_version_locations": true}
      ]})",
                                         "fleet.json");
  EXPECT_EQ(config.run.reports, "/var/reports");
  EXPECT_EQ(config.run.timeout, "60");
  EXPECT_EQ(config.run.notify_on_success, true);
  ASSERT_EQ(config.targets.size(), 2u);
  EXPECT_EQ(config.targets[0].ref, "main");
  EXPECT_EQ(config.targets[0].version_table, "v");
  EXPECT_EQ(config.targets[1].ref, "release");
  EXPECT_EQ(config.targets[1].versions_path, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.targets[1].recursive_version_locations, true);
}

TEST(ConfigFile, AnUnknownKeyIsRefusedWithTheNearestKnownOne) {
  expect_refused(R"({"targets": [{"target": "a", "databse": "x"}]})",
                 "fleet.json: unknown key \"databse\" in targets[0]", "did you mean \"database\"?");
  expect_refused(R"({"report": "x", "targets": [{"target": "a"}]})",
                 "fleet.json: unknown key \"report\" in the configuration",
                 "did you mean \"reports\"?");
  expect_refused(
      R"({"targets": [{"target": "a", "xyzzy": 1}]})",
      "fleet.json: unknown key \"xyzzy\" in targets[0]",
      "known keys there: repository, ref, alembic_ini, name, script_location, versions_path, "
      "recursive_version_locations, database, database_file, auth, role_arn, external_id, "
      "version_table, "
      "version_table_schema, databases_from, schema_expected, target, schema_rules");
}

TEST(ConfigFile, AKeyOfATargetDoesNotStandAtTheTop) {
  expect_refused(R"({"database": "x", "targets": [{"target": "a"}]})",
                 "fleet.json: \"database\" belongs to a target",
                 "put it into \"defaults\" or into one of \"targets\"");
}

TEST(ConfigFile, BrokenJsonIsNamedByLineAndColumn) {
  expect_refused("{\n  \"targets\": [,]\n}", "fleet.json:2:15: not JSON",
                 "look for a missing comma, quote or bracket at or just before this place");
}

TEST(ConfigFile, AValueOfTheWrongTypeIsRefused) {
  expect_refused(R"({"targets": [{"target": "a", "ref": ["main"]}]})",
                 "fleet.json: \"ref\" in targets[0] must be a string, not array", "");
  expect_refused(R"({"alerts": "terminal", "targets": [{"target": "a"}]})",
                 "fleet.json: \"alerts\" must be a list of strings, not string", "");
  expect_refused(R"({"notify_on_success": "yes", "targets": [{"target": "a"}]})",
                 "fleet.json: \"notify_on_success\" must be true or false, not string", "");
}

TEST(ConfigFile, EveryTargetHasANameOfItsOwn) {
  expect_refused(R"({"targets": [{"ref": "main"}]})", "fleet.json: targets[0] has no \"target\"",
                 "name it: reports and alerts are told apart by it");
  expect_refused(R"({"targets": [{"target": "a"}, {"target": "a"}]})",
                 "fleet.json: two targets are named \"a\"",
                 "their reports could not be told apart");
  expect_refused(R"({"defaults": {"target": "a"}, "targets": [{}]})",
                 "fleet.json: \"target\" is not allowed in \"defaults\"",
                 "name each target on its own");
}

TEST(ConfigFile, NoTargetsIsAnErrorAndNotAnEmptyRun) {
  const std::string hint =
      "give \"targets\": [{\"target\": \"orders\", \"repository\": …, \"database\": …}]";
  expect_refused("{}", "fleet.json: no targets", hint);
  expect_refused(R"({"targets": []})", "fleet.json: no targets", hint);
  expect_refused("[]", "fleet.json: the configuration must be an object", "");
}

TEST(ConfigFile, AMissingFileIsNamed) {
  const Error error = thrown_by([&] { read_config("/nonexistent/fleet.json"); });
  EXPECT_STREQ(error.what(),
               "cannot read the configuration /nonexistent/fleet.json: No such file or directory");
}

}  // namespace
}  // namespace drift::config
