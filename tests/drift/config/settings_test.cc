#include "drift/config/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::config {
namespace {

// A configuration file with two targets, and an environment without our variables.
class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    for (const char* name : {"SCHEMA_DRIFT_GIT_TOKEN", "GITHUB_TOKEN"}) ::unsetenv(name);
    std::ofstream(config()) << R"({"timeout": 5, "targets": [
        {"target": "orders", "database": "postgresql:///orders"},
        {"target": "users", "database": "postgresql:///users", "ref": "release"}]})";
  }
  Resolved resolve_file(Options command_line, const Options& environment = {}) const {
    command_line.config = config();
    return resolve(command_line, environment);
  }
  std::string config() const { return folder_.path("fleet.json"); }

  TemporaryFolder folder_;
};

template <class Action>
void expect_usage(Action call, const std::string& message, const std::string& hint) {
  expect_error(thrown_by(call), Fault::kUsage, message, hint);
}

TEST_F(SettingsTest, TheCommandLineOutranksTheFileAndTheFileTheEnvironment) {
  Options command_line, environment;
  command_line.ref = "v2";
  environment.database = "postgresql:///elsewhere";
  environment.version_table = "from_environment";
  const auto settings = check_settings(resolve_file(command_line, environment));
  ASSERT_EQ(settings.targets.size(), 2u);
  EXPECT_EQ(settings.targets[0].database.location, "postgresql:///orders");
  EXPECT_EQ(settings.targets[1].database.location, "postgresql:///users");
  EXPECT_EQ(settings.targets[1].codebase.ref, "v2");
  EXPECT_EQ(settings.targets[1].version_table.table, "from_environment");
}

TEST_F(SettingsTest, ManyTargetsAreReadAtOnceButNotTooManyOfOneServer) {
  EXPECT_EQ(check_settings(resolve_file({})).limits.jobs, 20u);
  EXPECT_EQ(check_settings(resolve_file({})).limits.per_host, 20u);
  EXPECT_EQ(check_settings(resolve_file({})).limits.target_time, std::nullopt);
  Options command_line;
  for (const auto& [jobs, per_host] : std::map<std::string, std::size_t>{
           {"1", 20}, {"50", 20}, {"75", 30}, {"100", 40}, {"1000", 40}}) {
    command_line.jobs = jobs;
    EXPECT_EQ(check_settings(resolve_file(command_line)).limits.per_host, per_host) << jobs;
  }
  command_line.jobs = "100";
  command_line.max_connections_per_host = "5";
  command_line.target_timeout = "30";
  const auto limits = check_settings(resolve_file(command_line)).limits;
  EXPECT_EQ(limits.jobs, 100u);
  EXPECT_EQ(limits.per_host, 5u);
  EXPECT_EQ(limits.target_time, std::chrono::seconds{30});

  command_line.jobs = "0";
  expect_usage([&] { check_settings(resolve_file(command_line)); },
               "invalid --jobs \"0\": out of range", "give a whole number from 1 to 1000");
  command_line.jobs = "1";
  command_line.max_connections_per_host = "many";
  expect_usage([&] { check_settings(resolve_file(command_line)); },
               "invalid --max-connections-per-host \"many\": not a whole number",
               "give a whole number from 1 to 1000");
  command_line.max_connections_per_host = "1";
  command_line.target_timeout = "1m";
  expect_usage([&] { check_settings(resolve_file(command_line)); },
               "invalid --target-timeout \"1m\": not a number of seconds",
               "give whole seconds from 1 to 86400");
}

TEST_F(SettingsTest, APartOfTheTargetsIsOneOfAsManyAsThereAre) {
  Options command_line;
  command_line.shard = "2/4";
  const auto shard = check_settings(resolve_file(command_line)).shard;
  EXPECT_EQ(shard.number, 2u);
  EXPECT_EQ(shard.of, 4u);
  for (const char* wrong : {"0/4", "5/4", "2", "2/", "/4", "2/4x", "-1/4", "1/99999"}) {
    command_line.shard = wrong;
    expect_usage([&] { check_settings(resolve_file(command_line)); },
                 std::string("invalid --shard \"") + wrong + "\": not a part and a number of parts",
                 "give I/N, such as 2/4 for the second of four");
  }
}

TEST_F(SettingsTest, TargetSelectsOneOfTheFile) {
  Options command_line;
  command_line.target = "users";
  const auto settings = check_settings(resolve_file(command_line));
  ASSERT_EQ(settings.targets.size(), 1u);
  EXPECT_EQ(settings.targets[0].codebase.ref, "release");

  command_line.target = "user";
  expect_usage([&] { resolve_file(command_line); }, "unknown target \"user\"",
               "did you mean \"users\"?");
}

TEST_F(SettingsTest, OneDatabaseIsNotForSeveralTargets) {
  Options command_line;
  command_line.database = "postgresql:///x";
  expect_usage([&] { resolve_file(command_line); },
               "--database cannot be given for several targets at once",
               "name one with --target, or leave the databases to the configuration");
}

TEST_F(SettingsTest, ATargetIsNamedAfterItsDatabase) {
  Options options;
  options.database = "postgresql://db.example.com/my%20app";
  EXPECT_EQ(check_settings(resolve(options, {})).targets[0].name, "my-app");
}

TEST_F(SettingsTest, ANameThatIsNoFileNameIsRefused) {
  Options options;
  options.database = "postgresql:///x";
  options.target = "../etc";
  expect_usage([&] { check_settings(resolve(options, {})); },
               "invalid --target \"../etc\": cannot be part of a file's name",
               "use up to 100 letters, digits, '-', '_' and '.', not beginning with '.'");
}

TEST_F(SettingsTest, WithoutADatabaseThereIsNothingToCheck) {
  ::setenv("PROXY_ENDPOINT", "app.proxy-abc.eu-central-1.rds.amazonaws.com", 1);
  expect_usage([] { check_settings(resolve({}, {})); }, "no database was given",
               "PROXY_ENDPOINT is read with --auth iam alone: add that, or give --database "
               "postgresql://user@host/name");
  ::unsetenv("PROXY_ENDPOINT");
  expect_usage([] { check_settings(resolve({}, {})); }, "no database was given",
               "give --database postgresql://user@host/name, or set SCHEMA_DRIFT_DATABASE");
}

TEST_F(SettingsTest, AFetchIsBoundedInBytes) {
  Options run;
  EXPECT_EQ(codebase_settings({}, run).remote.max_fetch_bytes, std::uint64_t{4} << 30);
  run.max_fetch_bytes = "1048576";
  EXPECT_EQ(codebase_settings({}, run).remote.max_fetch_bytes, 1u << 20);
  for (const char* wrong : {"1048575", "0", "-1", "5x", "", "4G", "99999999999999999999"}) {
    run.max_fetch_bytes = wrong;
    expect_usage([&] { codebase_settings({}, run); },
                 "invalid --max-fetch-bytes \"" + std::string(wrong) +
                     "\": not a number of bytes from 1048576",
                 "give a whole number, such as 4294967296 for 4 GiB");
  }
}

TEST_F(SettingsTest, HistoryIsBoundedInBytesAndMayBeLeftOut) {
  Options run;
  EXPECT_EQ(codebase_settings({}, run).remote.max_history_bytes, 20'000'000u);
  run.max_history_bytes = "0";
  EXPECT_EQ(codebase_settings({}, run).remote.max_history_bytes, 0u);
  for (const char* wrong : {"-1", "20MB", ""}) {
    run.max_history_bytes = wrong;
    expect_usage(
        [&] { codebase_settings({}, run); },
        "invalid --max-history-bytes \"" + std::string(wrong) + "\": not a number of bytes from 0",
        "give a whole number, such as 20000000, or 0 to ask for no history");
  }
}

TEST_F(SettingsTest, TheTimeoutIsAWholeNumberOfSeconds) {
  Options options;
  EXPECT_EQ(run_timeout(options), std::chrono::seconds{300});
  options.timeout = "7";
  EXPECT_EQ(run_timeout(options), std::chrono::seconds{7});
  for (const auto& [wrong, why] :
       std::map<std::string, const char*>{{"1.5", "not a number of seconds"},
                                          {"10s", "not a number of seconds"},
                                          {"", "not a number of seconds"},
                                          {"0", "out of range"},
                                          {"-1", "out of range"},
                                          {"86401", "out of range"},
                                          {"99999999999999", "out of range"}}) {
    options.timeout = wrong;
    expect_usage([&] { run_timeout(options); }, "invalid --timeout \"" + wrong + "\": " + why,
                 "give whole seconds from 1 to 86400");
  }
  EXPECT_EQ(run_timeout(resolve_file({}).run), std::chrono::seconds{5});
}

TEST_F(SettingsTest, TheTokenOfGithubGoesToNoOtherHost) {
  ::setenv("GITHUB_TOKEN", "canary", 1);
  Options options;
  for (const char* github : {"github:owner/name", "https://github.com/owner/name"}) {
    options.repository = github;
    EXPECT_EQ(codebase_settings(options, {}).remote.token, "canary") << github;
  }
  for (const char* other : {"https://git.example.com/x", "https://github.com.example.com/x"}) {
    options.repository = other;
    EXPECT_EQ(codebase_settings(options, {}).remote.token, "") << other;
  }
  ::unsetenv("GITHUB_TOKEN");
}

TEST_F(SettingsTest, ATokenFileHoldsTheTokenAndPerhapsALineEnd) {
  Options options;
  options.git_token_file = folder_.path("token");
  expect_usage(
      [&] { codebase_settings({}, options); },
      "cannot read the token file " + *options.git_token_file + ": No such file or directory",
      "--git-token-file names a file that holds nothing but the token, and that belongs "
      "to this user or to root");
  std::ofstream(folder_.path("token")) << "canary\n";
  EXPECT_EQ(codebase_settings({}, options).remote.token, "canary");
  std::ofstream(folder_.path("token")) << "\n";
  expect_usage([&] { codebase_settings({}, options); },
               "the token file " + *options.git_token_file + " is empty", "");
}

TEST_F(SettingsTest, ATokenFileIsNeitherAFolderNorEndless) {
  Options options;
  options.git_token_file = folder_.path();
  expect_usage([&] { codebase_settings({}, options); },
               "cannot read the token file " + folder_.path() + ": it is not a regular file",
               "--git-token-file names a file that holds nothing but the token, and that belongs "
               "to this user or to root");
  options.git_token_file = "/dev/zero";
  expect_usage([&] { codebase_settings({}, options); },
               "cannot read the token file /dev/zero: it is not a regular file",
               "--git-token-file names a file that holds nothing but the token, and that belongs "
               "to this user or to root");
  std::ofstream(folder_.path("large")) << std::string(64 * 1024 + 1, 'x');
  options.git_token_file = folder_.path("large");
  expect_usage([&] { codebase_settings({}, options); },
               "cannot read the token file " + folder_.path("large") + ": it is larger than 64 KiB",
               "--git-token-file names a file that holds nothing but the token, and that belongs "
               "to this user or to root");
}

TEST_F(SettingsTest, ATokenFileIsNoPipeThatNobodyWritesTo) {
  Options options;
  options.git_token_file = folder_.path("pipe");
  ASSERT_EQ(::mkfifo(options.git_token_file->c_str(), 0600), 0);
  expect_usage(
      [&] { codebase_settings({}, options); },
      "cannot read the token file " + *options.git_token_file + ": it is not a regular file",
      "--git-token-file names a file that holds nothing but the token, and that belongs "
      "to this user or to root");
}

TEST_F(SettingsTest, ATokenFileMayBeALinkAsKubernetesMakesThem) {
  std::filesystem::create_directory(folder_.path("..2026"));
  std::ofstream(folder_.path("..2026/token")) << "canary\n";
  std::filesystem::create_directory_symlink("..2026", folder_.path("..data"));
  std::filesystem::create_symlink("..data/token", folder_.path("token"));
  Options options;
  options.git_token_file = folder_.path("token");
  EXPECT_EQ(codebase_settings({}, options).remote.token, "canary");
}

TEST_F(SettingsTest, WithoutAHomeThereIsNoFolderAnywhere) {
  const std::string home = ::getenv("HOME") == nullptr ? "" : ::getenv("HOME");
  ::unsetenv("HOME");
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("XDG_STATE_HOME");
  Options options;
  options.database = "postgresql://drift@db.example.com/shop";
  EXPECT_EQ(codebase_settings({}, {}).remote.cache_dir, "");
  EXPECT_EQ(check_settings(resolve(options, {})).spool_folder, "");
  ::setenv("HOME", "/srv/drift", 1);
  EXPECT_EQ(codebase_settings({}, {}).remote.cache_dir, "/srv/drift/.cache/schema-drift");
  EXPECT_EQ(check_settings(resolve(options, {})).spool_folder,
            "/srv/drift/.local/state/schema-drift");
  ::setenv("HOME", home.c_str(), 1);
}

std::string location_of(const Options& options) {
  return check_settings(resolve(options, {})).targets.at(0).database.location;
}

TEST_F(SettingsTest, ADatabaseFileSaysWhatDatabaseWouldSay) {
  Options options;
  options.database_file = folder_.path("database");
  expect_usage(
      [&] { location_of(options); },
      "cannot read the database file " + *options.database_file + ": No such file or directory",
      "--database-file names a file that holds nothing but what --database would say, "
      "and that belongs to this user or to root");
  std::ofstream(folder_.path("database")) << "postgresql://drift:canary@db.example.com/shop\n";
  EXPECT_EQ(location_of(options), "postgresql://drift:canary@db.example.com/shop");
  EXPECT_EQ(check_settings(resolve(options, {})).targets.at(0).name, "shop");
  std::ofstream(folder_.path("database")) << "\n";
  expect_usage([&] { location_of(options); },
               "the database file " + *options.database_file + " is empty", "");
  std::ofstream(folder_.path("database")) << "postgresql://db.example.com/shop\ncanary\n";
  expect_usage([&] { location_of(options); },
               "the database file " + *options.database_file + " has more than one line",
               "it holds nothing but what --database would say");
}

TEST_F(SettingsTest, ADatabaseAndAFileOfOneAreRefusedInOnePlaceAndRankedInSeveral) {
  std::ofstream(folder_.path("database")) << "postgresql:///from_file";
  Options url, file;
  url.database = "postgresql:///from_url";
  file.database_file = folder_.path("database");
  Options both = url;
  both.database_file = file.database_file;
  expect_usage([&] { location_of(both); }, "both --database and --database-file were given",
               "the file says what --database would say: give one of them");
  EXPECT_EQ(location_of(merged(url, file)), "postgresql:///from_url");
  EXPECT_EQ(location_of(merged(file, url)), "postgresql:///from_file");
  // Nor may a variable of the environment replace the databases of a configuration file.
  const auto settings = check_settings(resolve_file({}, file));
  EXPECT_EQ(settings.targets[0].database.location, "postgresql:///orders");
  expect_usage([&] { resolve_file(file); },
               "--database cannot be given for several targets at once",
               "name one with --target, or leave the databases to the configuration");
}

TEST_F(SettingsTest, ListsInTheEnvironmentAreSeparatedByCommas) {
  ::setenv("SCHEMA_DRIFT_VERSIONS_PATH", "a/versions,b/versions", 1);
  ::setenv("SCHEMA_DRIFT_NOTIFY_ON_SUCCESS", "True", 1);
  const Options options = from_environment();
  EXPECT_EQ(options.versions_path, (std::vector<std::string>{"a/versions", "b/versions"}));
  EXPECT_EQ(options.notify_on_success, true);
  ::setenv("SCHEMA_DRIFT_NOTIFY_ON_SUCCESS", "perhaps", 1);
  expect_usage([] { from_environment(); },
               "the environment variable SCHEMA_DRIFT_NOTIFY_ON_SUCCESS is neither true nor false",
               "set it to true or false, or unset it");
  ::unsetenv("SCHEMA_DRIFT_VERSIONS_PATH");
  ::unsetenv("SCHEMA_DRIFT_NOTIFY_ON_SUCCESS");
}

// The variables of the Lambda function that did this job before; see background in docs/aws.md.
TEST_F(SettingsTest, TheVariablesOfTodaysLambdaWorkAsTheyAre) {
  const std::map<std::string, std::string> today = {
      {"GITHUB_REPO", "example/shop"},
      {"RDS_SECRET_ARN",
       "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf"},
      {"GITHUB_TOKEN_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:t"},
      {"REPORTS_BUCKET", "example-reports"},
      {"SNS_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:drift"},
      {"NOTIFY_ON_SUCCESS", "true"}};
  for (const auto& [name, value] : today) ::setenv(name.c_str(), value.c_str(), 1);
  const auto settings = check_settings(resolve({}, from_environment()));
  Options ours;
  ours.database = "lambda:sql-api:live";
  const auto outranked = check_settings(resolve(ours, from_environment()));
  for (const auto& [name, value] : today) ::unsetenv(name.c_str());

  ASSERT_EQ(settings.targets.size(), 1u);
  EXPECT_EQ(settings.targets[0].name, "shop-database");
  EXPECT_EQ(settings.targets[0].codebase.repository, "github:example/shop");
  EXPECT_EQ(settings.targets[0].codebase.token_secret, today.at("GITHUB_TOKEN_SECRET_ARN"));
  EXPECT_EQ(settings.targets[0].database.location, today.at("RDS_SECRET_ARN"));
  EXPECT_EQ(settings.reports, "s3://example-reports/schema-drift");
  EXPECT_EQ(settings.alerts, std::vector<std::string>{today.at("SNS_TOPIC_ARN")});
  EXPECT_TRUE(settings.alert_rules.every_run);
  EXPECT_EQ(outranked.targets[0].database.location, "lambda:sql-api:live");
  EXPECT_EQ(outranked.targets[0].name, "sql-api");
}

TEST_F(SettingsTest, ABrokenArnIsAnErrorBeforeAnythingIsRead) {
  Options options;
  options.database = "postgresql:///x";
  options.role_arn = "arn:aws:iam::123456789012:user/reader";
  expect_usage([&] { check_settings(resolve(options, {})); },
               "invalid ARN of a role \"arn:aws:iam::123456789012:user/reader\": no \"role/\"",
               "write arn:aws:iam::ACCOUNT:role/NAME");
  options.role_arn = "";
  options.repository = "github:example/shop";
  ::setenv("GITHUB_TOKEN_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:secret:t", 1);
  expect_usage([&] { check_settings(resolve(options, {})); },
               "invalid ARN of a Secrets Manager secret "
               "\"arn:aws:secretsmanager:eu-central-1:secret:t\": an account has twelve digits",
               "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME");
  // A name is one, too.
  ::setenv("GITHUB_TOKEN_SECRET_ARN", "prod/shop/token", 1);
  EXPECT_EQ(check_settings(resolve(options, {})).targets[0].codebase.token_secret,
            "prod/shop/token");
  ::unsetenv("GITHUB_TOKEN_SECRET_ARN");
}

TEST_F(SettingsTest, ObjectLockIsAModeAndDays) {
  Options options;
  options.database = "postgresql:///x";
  options.object_lock = "COMPLIANCE:2557";
  const auto locked = check_settings(resolve(options, {})).report_options;
  EXPECT_EQ(locked.lock_mode, "COMPLIANCE");
  EXPECT_EQ(locked.lock_for, std::chrono::days{2557});
  for (const char* wrong : {"", "400", "GOVERNANCE", "GOVERNANCE:", "GOVERNANCE:0", "governance:1",
                            "COMPLIANCE:1d", "COMPLIANCE:-1"}) {
    options.object_lock = wrong;
    expect_usage(
        [&] { check_settings(resolve(options, {})); },
        "invalid --object-lock \"" + std::string(wrong) + "\": not a mode and a number of days",
        "give GOVERNANCE:DAYS or COMPLIANCE:DAYS, such as GOVERNANCE:400");
  }
}

TEST_F(SettingsTest, AFifthOfTheTimeIsKeptForDelivery) {
  using std::chrono::seconds;
  EXPECT_EQ(delivery_time(seconds{300}), seconds{20});
  EXPECT_EQ(delivery_time(seconds{10}), seconds{2});
}

TEST_F(SettingsTest, AuthIsPasswordOrIam) {
  Options options;
  options.database = "postgresql:///x";
  options.auth = "iam";
  EXPECT_TRUE(check_settings(resolve(options, {})).targets[0].database.iam_auth);
  options.auth = "kerberos";
  expect_usage([&] { check_settings(resolve(options, {})); }, "unknown --auth \"kerberos\"",
               "give password or iam");
}

TEST_F(SettingsTest, ProxyAndDatabaseOfTheEnvironmentCountWithIamAlone) {
  const std::pair<const char*, const char*> variables[] = {
      {"PROXY_ENDPOINT", "app.proxy-abc.eu-central-1.rds.amazonaws.com"},
      {"DB_REGION", "eu-central-1"},
      {"DB_NAME", "other"}};
  for (const auto& [name, value] : variables) ::setenv(name, value, 1);
  Options options;
  options.database = "postgresql://reader@db.example.com/app";
  const sql::DatabaseSettings plain = check_settings(resolve(options, {})).targets[0].database;
  options.auth = "iam";
  const sql::DatabaseSettings iam = check_settings(resolve(options, {})).targets[0].database;
  options.database.reset();
  const sql::DatabaseSettings alone = check_settings(resolve(options, {})).targets[0].database;
  for (const auto& [name, value] : variables) ::unsetenv(name);

  EXPECT_EQ(plain.proxy_endpoint + plain.region + plain.database_name, "");
  EXPECT_EQ(iam.proxy_endpoint, variables[0].second);
  EXPECT_EQ(iam.region, "eu-central-1");
  EXPECT_EQ(iam.database_name, "other");
  EXPECT_EQ(alone.location, "");
  EXPECT_EQ(alone.proxy_endpoint, variables[0].second);
}

TEST_F(SettingsTest, RulesOfTheRepositoryAreAPathFromItsRoot) {
  Options options;
  EXPECT_FALSE(schema_rules(options).any());
  options.schema_rules = "repository:deploy/rules.toml";
  const check::SchemaRules rules = schema_rules(options);
  EXPECT_TRUE(rules.any());
  EXPECT_TRUE(rules.at_ref);
  EXPECT_EQ(rules.file, "deploy/rules.toml");
  EXPECT_EQ(rules.read, nullptr);
  options.schema_rules = "repository:deploy/../rules.toml";
  expect_usage([&] { schema_rules(options); },
               "invalid --schema-rules \"repository:deploy/../rules.toml\": not a path from the "
               "root of the repository",
               "write repository:deploy/rules.toml, without a slash at either end");
}

}  // namespace
}  // namespace drift::config
