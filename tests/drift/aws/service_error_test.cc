#include "drift/aws/service_error.h"

#include <gtest/gtest.h>

#include "drift/base/secrets.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

HttpResponse answer(int status, std::string body, HttpHeaders headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

TEST(ServiceErrorTest, RestJsonCodeStandsInAHeader) {
  const auto error = parse_service_error(
      answer(404, R"({"Type":"User","Message":"Function not found: x"})",
             {{"x-amzn-errortype", "ResourceNotFoundException"}, {"x-amzn-requestid", "r-1"}}));
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.code, "ResourceNotFoundException");
  EXPECT_EQ(error.message, "Function not found: x");
  EXPECT_EQ(error.request_id, "r-1");
}

TEST(ServiceErrorTest, CodeLosesItsAddressAndItsNamespace) {
  for (const char* code : {"InvalidSignatureException:http://internal.amazon.com/coral/com.x/",
                           "com.amazon.coral.service#InvalidSignatureException",
                           "aws.a#InvalidSignatureException:http://x.y/z#w"}) {
    EXPECT_EQ(parse_service_error(answer(403, "{}", {{"x-amzn-errortype", code}})).code,
              "InvalidSignatureException")
        << code;
  }
}

TEST(ServiceErrorTest, Json11CodeIsTheType) {
  const auto error = parse_service_error(
      answer(400, R"({"__type":"com.amazonaws.ssm#ParameterNotFound","message":"no such"})"));
  EXPECT_EQ(error.code, "ParameterNotFound");
  EXPECT_EQ(error.message, "no such");
}

TEST(ServiceErrorTest, QueryErrorIsNestedXml) {
  const auto error = parse_service_error(answer(
      403,
      "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>"
      "<Code>AuthorizationError</Code><Message>User: a &amp; b</Message></Error>"
      "<RequestId>r-2</RequestId></ErrorResponse>"));
  EXPECT_EQ(error.code, "AuthorizationError");
  EXPECT_EQ(error.message, "User: a & b");
  EXPECT_EQ(error.request_id, "r-2");
}

TEST(ServiceErrorTest, S3ErrorTellsWhereTheBucketIs) {
  const auto error = parse_service_error(
      answer(400,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AuthorizationHeaderMalformed"
             "</Code><Message>the region is wrong</Message><Region>eu-west-1</Region>"
             "<RequestId>r-3</RequestId><HostId>h</HostId></Error>"));
  EXPECT_EQ(error.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error.region, "eu-west-1");
  EXPECT_EQ(error.request_id, "r-3");
  EXPECT_EQ(parse_service_error(answer(301, "", {{"x-amz-bucket-region", "ap-south-1"}})).region,
            "ap-south-1");
}

TEST(ServiceErrorTest, LoadBalancersPageGivesItsTitleAndNoCode) {
  const auto error = parse_service_error(
      answer(503,
             "<html>\r\n<head><TITLE>503 Service Temporarily Unavailable</TITLE></head>"
             "<body><hr></body></html>"));
  EXPECT_EQ(error.code, "");
  EXPECT_EQ(error.message, "503 Service Temporarily Unavailable");
}

TEST(ServiceErrorTest, OtherBodiesGiveTheirFirstLine) {
  EXPECT_EQ(parse_service_error(answer(502, "\n upstream is gone \nmore")).message,
            "upstream is gone");
  EXPECT_EQ(parse_service_error(answer(502, "")).message, "");
  EXPECT_EQ(parse_service_error(answer(502, "[1, 2]")).message, "[1, 2]");
  EXPECT_EQ(parse_service_error(answer(400, R"({"__type":)")).message, R"({"__type":)");
  EXPECT_EQ(parse_service_error(answer(400, R"({"__type":7,"message":{}})")).code, "7");
}

TEST(ServiceErrorTest, OnlyTheFirstLineOfASignatureErrorIsShown) {
  const auto error = parse_service_error(
      answer(403,
             R"({"message":"The signature does not match.\n\nThe Canonical String was\n'POST\n)"
             R"(x-amz-security-token:SECRET'"})",
             {{"x-amzn-errortype", "InvalidSignatureException"}}));
  EXPECT_EQ(error.message, "The signature does not match.");
}

TEST(ServiceErrorTest, WhatWasSentIsNotShownWhereItComesBack) {
  remember_secret("service/token");
  remember_secret("service-key");
  const auto error = parse_service_error(
      answer(400, R"({"__type":"service\/token",)"
                  R"("message":"you sent service%2ftoken and service-key, service\/token"})"));
  EXPECT_EQ(error.code, "***");
  EXPECT_EQ(error.message, "you sent *** and ***, ***");
}

TEST(ServiceErrorTest, HalfOfWhatWasSentIsNotShownEither) {
  remember_secret("half-of-a-token-0123456789");
  const auto error = parse_service_error(
      answer(400, "{\"message\":\"" + std::string(580, 'a') + " half-of-a-token-0123456789\"}"));
  EXPECT_EQ(error.message, std::string(580, 'a') + " ***");
}

TEST(ServiceErrorTest, MessageIsPrintableAndShort) {
  const auto error = parse_service_error(
      answer(400, "{\"message\":\"\\u001b[2J" + std::string(5000, 'a') + "\"}"));
  EXPECT_EQ(error.message.substr(0, 8), "\\x1b[2Ja");
  EXPECT_EQ(error.message.size(), 600u);
  EXPECT_TRUE(error.message.ends_with("a..."));
}

}  // namespace
}  // namespace drift::aws
