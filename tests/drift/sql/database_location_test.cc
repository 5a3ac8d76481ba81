#include "drift/sql/database_location.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

constexpr const char* kForms =
    "write postgresql://USER@HOST:PORT/DATABASE, lambda:NAME, the ARN of a Lambda function, the "
    "ARN of a Secrets Manager secret, or ssm:/PATH";

void expect_location(const char* text, LocationKind kind, const char* name) {
  const DatabaseLocation location = database_location(text);
  EXPECT_EQ(location.kind, kind) << text;
  EXPECT_EQ(location.name, name) << text;
}

void expect_refusal(const char* text, const char* message) {
  expect_error(thrown_by([&] { database_location(text); }), Fault::kUsage, message, kForms);
}

TEST(DatabaseLocation, FunctionIsNamedByNameOrArn) {
  expect_location("lambda:sql-api", LocationKind::kFunction, "sql-api");
  expect_location("lambda:sql-api:live", LocationKind::kFunction, "sql-api:live");
  expect_location("lambda:sql-api:$LATEST", LocationKind::kFunction, "sql-api:$LATEST");
  expect_location("arn:aws:lambda:eu-central-1:123456789012:function:sql-api",
                  LocationKind::kFunction,
                  "arn:aws:lambda:eu-central-1:123456789012:function:sql-api");
  expect_location("arn:aws-cn:lambda:cn-north-1:123456789012:function:sql-api:7",
                  LocationKind::kFunction,
                  "arn:aws-cn:lambda:cn-north-1:123456789012:function:sql-api:7");
  expect_location("lambda:arn:aws:lambda:eu-central-1:123456789012:function:sql-api",
                  LocationKind::kFunction,
                  "arn:aws:lambda:eu-central-1:123456789012:function:sql-api");
}

TEST(DatabaseLocation, SecretIsNamedByItsArn) {
  expect_location("arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/database-AbCdEf",
                  LocationKind::kSecret,
                  "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/database-AbCdEf");
  expect_location("arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf",
                  LocationKind::kSecret,
                  "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf");
}

TEST(DatabaseLocation, ParametersAreNamedByTheirPath) {
  expect_location("ssm:/experimentation/prod/database", LocationKind::kParameters,
                  "/experimentation/prod/database");
  expect_location("ssm:/app/", LocationKind::kParameters, "/app");
}

TEST(DatabaseLocation, WhatLibpqMayReadIsLeftToIt) {
  for (const char* text : {"postgresql://u@h/d", "postgres:///app", "host=db dbname=app",
                           "mysql://u:canary@h/d", "dbname=x options='-c a=arn:'"}) {
    expect_location(text, LocationKind::kPostgres, text);
  }
}

TEST(DatabaseLocation, MalformedOneIsRefusedWithTheForms) {
  expect_refusal("lambda:", "the database location lambda: names no Lambda function");
  expect_refusal("lambda:a b", "the database location lambda:a b names no Lambda function");
  expect_refusal("ssm:app", "the database location ssm:app does not name a path of parameters");
  expect_refusal("ssm:/", "the database location ssm:/ does not name a path of parameters");
  expect_refusal("arn:aws",
                 "the database location arn:aws is the ARN of neither a Lambda function "
                 "nor a Secrets Manager secret");
  expect_refusal("arn:aws:rds:eu-central-1:123456789012:db:app",
                 "the database location arn:aws:rds:eu-central-1:123456789012:db:app is the ARN "
                 "of neither a Lambda function nor a Secrets Manager secret");
}

TEST(DatabaseLocation, WhatIsWrongWithAnArnIsSaid) {
  expect_error(thrown_by([] { database_location("arn:aws:lambda"); }), Fault::kUsage,
               "invalid ARN of a Lambda function \"arn:aws:lambda\": not an ARN",
               "write arn:aws:lambda:REGION:ACCOUNT:function:NAME");
  const char* nameless = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";
  expect_error(thrown_by([&] { database_location(nameless); }), Fault::kUsage,
               "invalid ARN of a Secrets Manager secret \"" + std::string(nameless) + "\": no name",
               "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME");
}

TEST(DatabaseLocation, WhatMayBeASecretIsNotRepeated) {
  expect_refusal("canary", "unknown form of database location");
  expect_refusal("", "unknown form of database location");
}

TEST(RegionOfHost, IsReadFromTheNamesThatRdsGives) {
  EXPECT_EQ(region_of_host("app.abc123.eu-central-1.rds.amazonaws.com"), "eu-central-1");
  EXPECT_EQ(region_of_host("app.cluster-ro-abc.us-gov-west-1.rds.amazonaws.com"), "us-gov-west-1");
  EXPECT_EQ(region_of_host("p.proxy-abc.us-east-1.rds.amazonaws.com."), "us-east-1");
  EXPECT_EQ(region_of_host("APP.abc.CN-NORTH-1.rds.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(region_of_host("db.example.com"), "");
  EXPECT_EQ(region_of_host(".rds.amazonaws.com"), "");
  EXPECT_EQ(region_of_host("app.abc123.eu-central-1.rds.amazonaws.com.example.com"), "");
}

TEST(HostAndPort, AreTakenApart) {
  const auto both = [](const char* text) {
    const HostAndPort place = host_and_port(text);
    return place.host + "|" + place.port;
  };
  EXPECT_EQ(both("db.example.com:5433"), "db.example.com|5433");
  EXPECT_EQ(both("db.example.com"), "db.example.com|");
  EXPECT_EQ(both("[::1]:5433"), "::1|5433");
  EXPECT_EQ(both("[::1]"), "::1|");
  EXPECT_EQ(both("fd00::1"), "fd00::1|");
  EXPECT_EQ(both(""), "|");
}

TEST(ShownLocation, HoldsNoPassword) {
  EXPECT_EQ(shown_location("postgresql://u:canary@db.example.com/app"),
            "postgresql://u:***@db.example.com/app");
  EXPECT_EQ(shown_location("host=db.example.com password=canary"), "a libpq connection string");
  EXPECT_EQ(shown_location("password = 'can ary' host=x"), "a libpq connection string");
  EXPECT_EQ(shown_location("lambda:sql-api:live"), "lambda:sql-api:live");
  EXPECT_EQ(shown_location("ssm:/app/prod"), "ssm:/app/prod");
  EXPECT_EQ(shown_location(""), "");
}

}  // namespace
}  // namespace drift::sql
