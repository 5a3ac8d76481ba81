#include "drift/config/database_settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "tests/thrown_by.h"

namespace drift::config {
namespace {

constexpr const char* kSecret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf";

// An environment without the variables of other deployments.
class SqlApiSettingsTest : public testing::Test {
 protected:
  SqlApiSettingsTest() { clear(); }
  ~SqlApiSettingsTest() override { clear(); }
  static void clear() {
    for (const char* name :
         {"RDS_SECRET_ARN", "SQL_API_FUNCTION", "DB_SECRET_ARN", "DB_NAME", "PROXY_ENDPOINT",
          "DB_REGION", "ENVIRONMENT", "PGUSER", "SCHEMA_DRIFT_YES", "SCHEMA_DRIFT_MUTATE",
          "SCHEMA_DRIFT_PARAM", "SCHEMA_DRIFT_FILE"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(SqlApiSettingsTest, ReadsTheVariablesOfTheSecondTeamsFunction) {
  ::setenv("DB_SECRET_ARN", kSecret, 1);
  ::setenv("DB_NAME", "orders", 1);
  const auto settings = sql_api_settings(from_environment());
  EXPECT_EQ(settings.handler.database.location, kSecret);
  EXPECT_EQ(settings.handler.database.database_name, "orders");
  EXPECT_FALSE(settings.handler.database.iam_auth);
}

TEST_F(SqlApiSettingsTest, TheNameOfOneDatabaseIsNotThatOfAnother) {
  ::setenv("DB_SECRET_ARN", kSecret, 1);
  ::setenv("DB_NAME", "orders", 1);
  Options options;
  options.database = "postgresql:///users";
  EXPECT_EQ(database_settings(merged(options, from_environment())).database_name, "");
}

TEST_F(SqlApiSettingsTest, TheSecretOfTheFirstTeamOutranksThatOfTheSecond) {
  ::setenv("DB_SECRET_ARN", "second", 1);
  ::setenv("RDS_SECRET_ARN", kSecret, 1);
  EXPECT_EQ(sql_api_settings(from_environment()).handler.database.location, kSecret);
}

TEST_F(SqlApiSettingsTest, TheSecretOfTodaysVariablesMayBeReadThroughItsFunction) {
  ::setenv("RDS_SECRET_ARN", kSecret, 1);
  const auto alone = database_settings(from_environment());
  EXPECT_EQ(alone.location, kSecret);
  EXPECT_EQ(alone.function_instead, "sql-api");
  ::setenv("SQL_API_FUNCTION", "reader:live", 1);
  const auto named = database_settings(from_environment());
  EXPECT_EQ(named.location, "lambda:reader:live");
  EXPECT_EQ(named.function_instead, "");
  // Who serves it reads the secret itself.
  const auto served = sql_api_settings(from_environment()).handler.database;
  EXPECT_EQ(served.location, kSecret);
  EXPECT_EQ(served.function_instead, "");
}

TEST_F(SqlApiSettingsTest, AFunctionOfTodaysVariablesIsNotThatOfAnotherDatabase) {
  ::setenv("RDS_SECRET_ARN", kSecret, 1);
  ::setenv("SQL_API_FUNCTION", "reader", 1);
  Options options;
  options.database = kSecret;
  const auto said = database_settings(merged(options, from_environment()));
  EXPECT_EQ(said.location, kSecret);
  EXPECT_EQ(said.function_instead, "");
  options.database.reset();
  options.auth = "iam";
  EXPECT_EQ(database_settings(merged(options, from_environment())).location, kSecret);
  ::unsetenv("RDS_SECRET_ARN");
  ::setenv("DB_SECRET_ARN", kSecret, 1);
  EXPECT_EQ(database_settings(from_environment()).location, kSecret);
}

TEST_F(SqlApiSettingsTest, ReadsTheVariablesOfTheProxy) {
  ::setenv("PROXY_ENDPOINT", "proxy.example.com", 1);
  ::setenv("DB_REGION", "eu-central-1", 1);
  ::setenv("DB_NAME", "orders", 1);
  Options options;
  options.auth = "iam";
  const auto settings = sql_api_settings(merged(options, from_environment()));
  EXPECT_EQ(settings.handler.database.proxy_endpoint, "proxy.example.com");
  EXPECT_EQ(settings.handler.database.region, "eu-central-1");
  EXPECT_EQ(settings.handler.database.database_name, "orders");
}

TEST_F(SqlApiSettingsTest, ProxysEndpointAloneIsSignedInToWithIam) {
  ::setenv("PROXY_ENDPOINT", "proxy.example.com", 1);
  ::setenv("ENVIRONMENT", "prod", 1);
  const auto settings = sql_api_settings(from_environment());
  EXPECT_TRUE(settings.handler.database.iam_auth);
  EXPECT_EQ(settings.handler.database.location, "postgresql://lambda_writer@/");
  EXPECT_EQ(settings.handler.database.proxy_endpoint, "proxy.example.com");
  ::setenv("PGUSER", "other", 1);
  EXPECT_EQ(sql_api_settings(from_environment()).handler.database.location, "");
  ::setenv("DB_SECRET_ARN", kSecret, 1);
  const auto secret = sql_api_settings(from_environment());
  EXPECT_EQ(secret.handler.database.location, kSecret);
  EXPECT_FALSE(secret.handler.database.iam_auth);
}

TEST_F(SqlApiSettingsTest, TheEnvironmentNamesTheParametersWhereNothingElseIsSaid) {
  ::setenv("ENVIRONMENT", "staging", 1);
  EXPECT_EQ(sql_api_settings(from_environment()).handler.database.location,
            "ssm:/experimentation/staging/database");
  Options options;
  options.database = "postgresql:///users";
  EXPECT_EQ(sql_api_settings(merged(options, from_environment())).handler.database.location,
            "postgresql:///users");
  ::unsetenv("ENVIRONMENT");
  EXPECT_STREQ(thrown_by([] { sql_api_settings(from_environment()); }).what(),
               "no database was given");
}

TEST_F(SqlApiSettingsTest, IsReadOnlyAndOnAFreePortUnlessTold) {
  Options options;
  options.database = "postgresql:///x";
  const auto plain = sql_api_settings(options);
  EXPECT_FALSE(plain.handler.allow_mutations);
  EXPECT_EQ(plain.listen, "127.0.0.1:0");
  EXPECT_EQ(plain.invocation_timeout, std::chrono::seconds{300});
  options.allow_mutations = true;
  options.audit = "/var/log/audit";
  options.timeout = "20";
  const auto told = sql_api_settings(options);
  EXPECT_TRUE(told.handler.allow_mutations);
  EXPECT_EQ(told.handler.audit, "/var/log/audit");
  EXPECT_EQ(told.invocation_timeout, std::chrono::seconds{20});
}

TEST_F(SqlApiSettingsTest, AQueryMayGoToAFunctionButNotBeServedFromOne) {
  Options options;
  options.database = "lambda:other";
  EXPECT_EQ(query_settings(options, false).handler.database.location, "lambda:other");
  expect_error(thrown_by([&] { sql_api_settings(options); }), Fault::kUsage,
               "the SQL API cannot be served from a function",
               "give the --database that it shall ask itself, such as postgresql://user@host/name");
}

TEST_F(SqlApiSettingsTest, ThePageHasAWholeNumberOfRows) {
  Options options;
  EXPECT_EQ(page_rows(options), 0u);
  options.page_rows = "7";
  EXPECT_EQ(page_rows(options), 7u);
  for (const auto& [wrong, why] :
       std::map<std::string, const char*>{{"0", "out of range"},
                                          {"-1", "out of range"},
                                          {"1000001", "out of range"},
                                          {"1.5", "not a whole number"},
                                          {"", "not a whole number"},
                                          {"many", "not a whole number"}}) {
    options.page_rows = wrong;
    expect_error(thrown_by([&] { page_rows(options); }), Fault::kUsage,
                 "invalid --page-rows \"" + wrong + "\": " + why,
                 "give a whole number from 1 to 1000000");
  }
}

TEST_F(SqlApiSettingsTest, WhatOneCallSaysDoesNotComeFromTheEnvironment) {
  for (const char* name :
       {"SCHEMA_DRIFT_YES", "SCHEMA_DRIFT_MUTATE", "SCHEMA_DRIFT_PARAM", "SCHEMA_DRIFT_FILE"}) {
    ::setenv(name, "true", 1);
  }
  const Options options = from_environment();
  EXPECT_FALSE(options.yes);
  EXPECT_FALSE(options.mutate);
  EXPECT_FALSE(options.param);
  EXPECT_FALSE(options.file);
}

}  // namespace
}  // namespace drift::config
