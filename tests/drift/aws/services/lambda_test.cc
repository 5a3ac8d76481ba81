#include "drift/aws/services/lambda.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"

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
  for (const char* function : {"", ":", "a:", "a b", "a/../b", "a:b:c:d", "x:y:z",
                               "arn:aws:sns:r:1:function:f", "arn:aws:lambda:r:1:layer:f",
                               "arn:aws:lambda:r:1:function:", "arn:aws:lambda::1:function:f",
                               "arn:aws:lambda:r:1:function:f:a:b", "f?Qualifier=x"}) {
    try {
      read_function_name(function);
      ADD_FAILURE() << function;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::kConfiguration);
      EXPECT_EQ(error.what(), "\"" + std::string(function) + "\" names no Lambda function");
      EXPECT_EQ(error.hint,
                "write NAME, NAME:QUALIFIER or the ARN "
                "arn:aws:lambda:REGION:ACCOUNT:function:NAME");
    }
  }
}

}  // namespace
}  // namespace drift::aws
