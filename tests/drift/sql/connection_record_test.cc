#include "drift/sql/connection_record.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

constexpr const char* kHint =
    "a connection takes host, port, username, password and dbname: add what is missing, or give "
    "ssm:/PATH with parameters for the rest";
constexpr const char* kSecret = "prod/database";

ConnectionOptions options_of_secret(const std::string& text) {
  return connection_options(record_of_secret(text, kSecret), true);
}

void expect_refusal(const std::string& text, const char* message, const char* hint = kHint) {
  expect_error(thrown_by([&] { options_of_secret(text); }), Fault::kConfiguration, message, hint);
}

TEST(SecretRecord, KeysOfRdsAreRead) {
  EXPECT_EQ(options_of_secret(R"({"username": "drift", "password": "p'@ \\/", "engine": "postgres",
                                  "host": "db.example.com", "port": 5433, "dbname": "app",
                                  "dbInstanceIdentifier": "db-1"})"),
            (ConnectionOptions{{"host", "db.example.com"},
                               {"port", "5433"},
                               {"user", "drift"},
                               {"password", "p'@ \\/"},
                               {"dbname", "app"}}));
}

TEST(SecretRecord, OtherSpellingsAreRead) {
  const ConnectionOptions options = options_of_secret(
      R"({"DB_USER": "u", "Password": "p", "hostname": "h:7000", "database": "d", "port": null})");
  EXPECT_EQ(value_of(options, "user"), "u");
  EXPECT_EQ(value_of(options, "host"), "h");
  EXPECT_EQ(value_of(options, "port"), "7000");
  EXPECT_EQ(value_of(options, "dbname"), "d");
}

TEST(SecretRecord, PortIsPostgresqlsWhereNoneIsTold) {
  EXPECT_EQ(value_of(options_of_secret(
                         R"({"username": "u", "password": "p", "host": "h", "dbname": "d"})"),
                     "port"),
            "5432");
}

TEST(SecretRecord, WhatIsMissingIsNamedWithTheKeysThatAreThere) {
  expect_refusal(R"({"username": "canary", "password": "canary"})",
                 "there is no host, no dbname in the secret prod/database, which has the keys "
                 "username, password");
  expect_refusal("{}",
                 "there is no host, no username, no password, no dbname in the secret "
                 "prod/database, which is empty");
  expect_refusal(R"({"username": "u", "password": "", "host": "h", "dbname": "d"})",
                 "there is no password in the secret prod/database, which has the keys username, "
                 "password, host, dbname");
}

TEST(SecretRecord, SecretThatIsNoObjectIsRefusedWithoutItsText) {
  expect_refusal("canary", "the secret prod/database is not JSON (at byte 1)");
  expect_refusal("\"canary\"",
                 "the secret prod/database is a string of 6 bytes, not a JSON object");
  expect_refusal(R"({"password": "canary", "password": "canary"})",
                 "the secret prod/database holds the key \"password\" twice");
  expect_refusal(R"({"password": "a\u0000b"})",
                 "the secret prod/database holds the character U+0000");
}

TEST(SecretRecord, ValueOfAnotherKindIsRefused) {
  expect_refusal(R"({"host": ["canary"], "port": 1})",
                 "host is a list of 1 in the secret prod/database, which has the keys host, port");
}

TEST(SecretRecord, OtherEngineIsRefused) {
  expect_refusal(R"({"engine": "mysql", "host": "h"})",
                 "the engine in the secret prod/database, which has the keys engine, host is "
                 "mysql, not PostgreSQL",
                 "schema-drift reads PostgreSQL alone");
  for (const char* engine : {"postgres", "aurora-postgresql", "PostgreSQL"}) {
    EXPECT_EQ(
        record_of_secret(std::string(R"({"host": "h", "engine": ")") + engine + "\"}", kSecret)
            .host,
        "h");
  }
}

TEST(SecretRecord, OneThingToldTwiceAndDifferentlyIsRefused) {
  expect_refusal(R"({"host": "a", "hostname": "b"})",
                 "host and hostname differ in the secret prod/database, which has the keys host, "
                 "hostname",
                 "both would say the same thing about the connection; take one away");
  EXPECT_EQ(record_of_secret(R"({"host": "a", "hostname": "a"})", kSecret).host, "a");
}

TEST(ParameterRecord, SpellingsOfParameterStoreAreRead) {
  const ConnectionRecord record = record_of_parameters({{"endpoint", "h"},
                                                        {"port", "5433"},
                                                        {"db-name", "app"},
                                                        {"secret-arn", "arn:x"},
                                                        {"instance-class", "db.t4g.micro"}},
                                                       "/app/prod");
  EXPECT_EQ(record.host, "h");
  EXPECT_EQ(record.port, "5433");
  EXPECT_EQ(record.dbname, "app");
  EXPECT_EQ(record.secret, "arn:x");
  EXPECT_FALSE(record.reader);
  for (const char* name : {"secretArn", "secret_arn", "SecretArn", "credentials-secret-arn"}) {
    EXPECT_EQ(record_of_parameters({{name, "arn:x"}}, "/app").secret, "arn:x") << name;
  }
}

TEST(ParameterRecord, WriterIsPreferredThenTheProxyThenTheReader) {
  std::map<std::string, std::string> parameters = {{"writer-endpoint", "w"},
                                                   {"endpoint", "e"},
                                                   {"proxy-endpoint", "p"},
                                                   {"reader-endpoint", "r"}};
  const auto host = [&] { return record_of_parameters(parameters, "/app").host; };
  EXPECT_EQ(host(), "w");
  parameters.erase("writer-endpoint");
  EXPECT_EQ(host(), "e");
  parameters.erase("endpoint");
  EXPECT_EQ(host(), "p");
  parameters.erase("proxy-endpoint");
  EXPECT_EQ(host(), "r");
  EXPECT_TRUE(record_of_parameters(parameters, "/app").reader);
}

TEST(ParameterRecord, WhatIsMissingIsNamedWithTheParametersThatAreThere) {
  expect_error(thrown_by([] {
                 connection_options(
                     record_of_parameters({{"port", "canary"}, {"user", "u"}}, "/app"), false);
               }),
               Fault::kConfiguration,
               "there is no host, no dbname in the parameters under /app, which are port, user",
               kHint);
  expect_error(thrown_by([] { record_of_parameters({}, "/app"); }), Fault::kConfiguration,
               "there are no parameters under /app",
               "give the path whose last level holds host, port and the others, such as "
               "ssm:/app/prod/database");
}

TEST(MergedRecord, FirstOutweighsTheSecondAndPasswordsKeepTheirUser) {
  const ConnectionRecord parameters{"h", "1", "app", "", "d", "", false, "one"};
  const ConnectionRecord secret{"other", "2", "drift", "p", "other", "", false, "two"};
  const ConnectionRecord record = merged(parameters, secret);
  EXPECT_EQ(record.host, "h");
  EXPECT_EQ(record.port, "1");
  EXPECT_EQ(record.dbname, "d");
  EXPECT_EQ(record.user, "drift");
  EXPECT_EQ(record.password, "p");
  EXPECT_EQ(record.origin, "one; and two");
}

TEST(MergedRecord, PortBelongsToItsHost) {
  EXPECT_EQ(
      merged({"h", "", "", "", "", "", false, ""}, {"other", "2", "", "", "", "", false, ""}).port,
      "");
  EXPECT_EQ(
      merged({"h", "", "", "", "", "", false, ""}, {"h", "2", "", "", "", "", false, ""}).port,
      "2");
  const ConnectionRecord record =
      merged({"", "1", "", "", "", "", false, ""}, {"r", "2", "", "", "", "", true, ""});
  EXPECT_EQ(record.port, "2");
  EXPECT_TRUE(record.reader);
}

}  // namespace
}  // namespace drift::sql
