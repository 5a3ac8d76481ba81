#include "drift/aws/services/lambda.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

void expect_name(const std::string& function, const std::string& name, const std::string& qualifier,
                 const std::string& region) {
  const FunctionName read = read_function_name(function);
  EXPECT_EQ(read.name, name) << function;
  EXPECT_EQ(read.qualifier, qualifier) << function;
  EXPECT_EQ(read.region, region) << function;
}

TEST(FunctionNameTest, EveryFormOfTheApiIsRead) {
  expect_name("sql-api", "sql-api", "", "");
  expect_name("sql_api:prod", "sql_api", "prod", "");
  expect_name("sql-api:$LATEST", "sql-api", "$LATEST", "");
  expect_name("function:sql-api", "function:sql-api", "", "");
  expect_name("123456789012:function:sql-api", "123456789012:function:sql-api", "", "");
  expect_name("123456789012:function:sql-api:7", "123456789012:function:sql-api", "7", "");
  expect_name("arn:aws:lambda:eu-central-1:123456789012:function:sql-api",
              "arn:aws:lambda:eu-central-1:123456789012:function:sql-api", "", "eu-central-1");
  expect_name("arn:aws-cn:lambda:cn-north-1:123456789012:function:sql-api:prod",
              "arn:aws-cn:lambda:cn-north-1:123456789012:function:sql-api", "prod", "cn-north-1");
  // A function may be called so.
  expect_name("function", "function", "", "");
}

TEST(FunctionNameTest, AnythingElseIsRefused) {
  const auto refused = [](const std::string& function, const std::string& message,
                          const std::string& hint) {
    expect_error(thrown_by([&] { read_function_name(function); }), Fault::kUsage, message, hint);
  };
  for (const char* function : {"", ":", "a:", "a b", "a/../b", "a:b:c:d", "x:y:z", "f?Qualifier=x",
                               "arn:aws:lambda:r:123456789012:function:f:a:b"}) {
    refused(function,
            "invalid Lambda function \"" + std::string(function) + "\": neither a name nor an ARN",
            "write NAME, NAME:QUALIFIER or the ARN arn:aws:lambda:REGION:ACCOUNT:function:NAME");
  }
  for (const auto& [function, why] : std::map<std::string, std::string>{
           {"arn:aws:sns:r:123456789012:function:f", "its service is \"sns\", not lambda"},
           {"arn:aws:lambda:r:123456789012:layer:f", "no \"function:\""},
           {"arn:aws:lambda:r:123456789012:function:", "no name"},
           {"arn:aws:lambda::123456789012:function:f", "no region"}}) {
    refused(function, "invalid ARN of a Lambda function \"" + function + "\": " + why,
            "write arn:aws:lambda:REGION:ACCOUNT:function:NAME");
  }
}

}  // namespace
}  // namespace drift::aws
