#include "drift/aws/arn.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

void expect_refusal(ArnOf what, const std::string& text, const std::string& message,
                    const std::string& hint) {
  expect_error(thrown_by([&] { read_arn(what, text); }), Fault::kUsage, message, hint);
}

TEST(Arn, IsTakenApart) {
  const Arn function =
      read_arn(ArnOf::kFunction, "arn:aws-cn:lambda:cn-north-1:123456789012:function:sql-api:7");
  EXPECT_EQ(function.service, "lambda");
  EXPECT_EQ(function.region, "cn-north-1");
  EXPECT_EQ(function.resource, "function:sql-api:7");
  EXPECT_EQ(read_arn(ArnOf::kRole, "arn:aws:iam::123456789012:role/service/reader").region, "");
  EXPECT_EQ(
      read_arn(ArnOf::kTopic, "arn:aws-us-gov:sns:us-gov-west-1:123456789012:drift.fifo").resource,
      "drift.fifo");
}

TEST(Arn, ASecretMayBeNamedByRdsToo) {
  for (const char* name : {"prod/shop/token-AbCdEf", "rds!db-1-AbCdEf", "a_b+c=d.e@f"}) {
    const std::string arn =
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:" + std::string(name);
    EXPECT_EQ(read_arn(ArnOf::kSecret, arn).region, "eu-central-1") << name;
  }
}

TEST(Arn, ASecretsNameIsWithoutWhatSecretsManagerPutsBehindIt) {
  const std::string before = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";
  EXPECT_EQ(secret_name(before + "prod/shop/database-AbCdEf"), "prod/shop/database");
  EXPECT_EQ(secret_name(before + "prod/shop/database-a1B2c3"), "prod/shop/database");
  // A name that looks as if it ended in one keeps its own.
  EXPECT_EQ(secret_name(before + "prod/db-backup-AbCdEf"), "prod/db-backup");
  EXPECT_EQ(secret_name(before + "prod/shop/database"), "prod/shop/database");
  EXPECT_EQ(secret_name(before + "prod/shop-db"), "prod/shop-db");
  EXPECT_EQ(secret_name(before + "prod/shop-db_new"), "prod/shop-db_new");
  EXPECT_EQ(secret_name(before + "-AbCdEf"), "-AbCdEf");
}

TEST(Arn, WhatIsWrongIsSaid) {
  const auto topic = [](const std::string& text, const std::string& why) {
    expect_refusal(ArnOf::kTopic, text, "invalid ARN of an SNS topic \"" + text + "\": " + why,
                   "write arn:aws:sns:REGION:ACCOUNT:NAME");
  };
  topic("", "not an ARN");
  topic("arn:aws:sns", "not an ARN");
  topic("arn::sns:eu-central-1:123456789012:drift", "no partition");
  topic("arn:AWS:sns:eu-central-1:123456789012:drift", "no partition");
  topic("arn:aws:sqs:eu-central-1:123456789012:drift", "its service is \"sqs\", not sns");
  topic("arn:aws:sns:::", "no region");
  topic("arn:aws:sns:EU:123456789012:drift", "\"EU\" is not a region");
  topic("arn:aws:sns:evil.example/:123456789012:drift", "\"evil.example/\" is not a region");
  topic("arn:aws:sns:eu-central-1::drift", "no account");
  topic("arn:aws:sns:eu-central-1:1:drift", "an account has twelve digits");
  topic("arn:aws:sns:eu-central-1:12345678901x:drift", "an account has twelve digits");
  topic("arn:aws:sns:eu-central-1:123456789012:", "no name");
  topic("arn:aws:sns:eu-central-1:123456789012:.fifo", "no name");
  topic("arn:aws:sns:eu-central-1:123456789012:a b", "not a name that it can have");
  // A subscription's.
  topic("arn:aws:sns:eu-central-1:123456789012:drift:6f0e-11", "not a name that it can have");
  expect_refusal(ArnOf::kFunction, "arn:aws:lambda:eu-central-1:123456789012:layer:f",
                 "invalid ARN of a Lambda function "
                 "\"arn:aws:lambda:eu-central-1:123456789012:layer:f\": no \"function:\"",
                 "write arn:aws:lambda:REGION:ACCOUNT:function:NAME");
  expect_refusal(ArnOf::kRole, "arn:aws:iam:us-east-1:123456789012:role/r",
                 "invalid ARN of a role \"arn:aws:iam:us-east-1:123456789012:role/r\": its region "
                 "is not left out",
                 "write arn:aws:iam::ACCOUNT:role/NAME");
  expect_refusal(ArnOf::kSecret, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:",
                 "invalid ARN of a Secrets Manager secret "
                 "\"arn:aws:secretsmanager:eu-central-1:123456789012:secret:\": no name",
                 "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME");
}

}  // namespace
}  // namespace drift::aws
