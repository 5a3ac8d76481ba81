#include "drift/aws/service_error.h"

#include <gtest/gtest.h>

#include "drift/aws/client.h"
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

namespace {

const std::string kTopic = "arn:aws:sns:eu-central-1:123456789012:drift";

Call publish_call() {
  Call call;
  call.service = Service::kSns;
  call.operation = "sns:Publish";
  call.resource = kTopic;
  return call;
}

Error refused(int status, const std::string& code, const std::string& message,
              const Call& call = publish_call(), const std::string& id = "r-1") {
  return named(call, refusal(call, {status, code, message, id, ""}, "profile drift"));
}

TEST(RefusalTest, NamesCallCodeMessageStatusAndRequest) {
  const Error error = refused(400, "InvalidParameter", "Invalid parameter: Subject");
  EXPECT_EQ(error.fault, Fault::kAwsFailed);
  EXPECT_STREQ(error.what(),
               "sns:Publish on arn:aws:sns:eu-central-1:123456789012:drift failed: "
               "InvalidParameter: Invalid parameter: Subject (HTTP 400, request id r-1)");
  EXPECT_EQ(error.hint, "the code is explained in the service's API reference");
}

TEST(RefusalTest, SaysSoWhereTheServiceSaysLittle) {
  EXPECT_STREQ(refused(503, "", "503 Service Unavailable", publish_call(), "").what(),
               "sns:Publish on arn:aws:sns:eu-central-1:123456789012:drift failed: "
               "\"503 Service Unavailable\" (HTTP 503)");
  EXPECT_STREQ(refused(500, "", "", publish_call(), "").what(),
               "sns:Publish on arn:aws:sns:eu-central-1:123456789012:drift failed: "
               "the answer says nothing (HTTP 500)");
  EXPECT_EQ(refused(503, "", "").hint, "the service has a fault: try again later");
  EXPECT_EQ(refused(429, "", "").hint, "AWS limits the rate of these calls: try again later");
}

TEST(RefusalTest, MissingRightIsNamedWithItsRole) {
  const Error error = refused(
      403, "AuthorizationError",
      "User: arn:aws:sts::123456789012:assumed-role/nightly/i-1 is not authorized to perform: "
      "SNS:Publish on resource: arn:aws:sns:eu-central-1:123456789012:drift because no "
      "identity-based policy allows the SNS:Publish action");
  EXPECT_EQ(error.fault, Fault::kAccessDenied);
  EXPECT_STREQ(
      error.what(),
      "sns:Publish on arn:aws:sns:eu-central-1:123456789012:drift was denied: AuthorizationError: "
      "User: arn:aws:sts::123456789012:assumed-role/nightly/i-1 is not authorized to perform: "
      "SNS:Publish on resource: arn:aws:sns:eu-central-1:123456789012:drift because no "
      "identity-based policy allows the SNS:Publish action (HTTP 403, request id r-1)");
  EXPECT_EQ(error.hint,
            "grant sns:Publish on arn:aws:sns:eu-central-1:123456789012:drift to the role nightly");
}

TEST(RefusalTest, BareDenialNamesWhatWasAsked) {
  Call call;
  call.operation = "s3:PutObject";
  call.resource = "arn:aws:s3:::reports/schema-drift/a.json";
  EXPECT_EQ(refused(403, "AccessDenied", "Access Denied", call).hint,
            "grant s3:PutObject on arn:aws:s3:::reports/schema-drift/a.json to the identity that "
            "calls (credentials: profile drift)");
}

TEST(RefusalTest, AnotherRightThanTheCallsOwnMayBeMissing) {
  Call call;
  call.operation = "s3:PutObject";
  call.resource = "arn:aws:s3:::reports/a.json";
  const Error error = refused(
      403, "AccessDenied",
      "User: arn:aws:iam::123456789012:user/drift is not authorized to perform: "
      "kms:GenerateDataKey on resource: \"arn:aws:kms:eu-central-1:123456789012:key/k\" because no "
      "resource-based policy allows the kms:GenerateDataKey action",
      call);
  EXPECT_EQ(error.hint,
            "grant kms:GenerateDataKey on arn:aws:kms:eu-central-1:123456789012:key/k to "
            "arn:aws:iam::123456789012:user/drift, in the resource-based policy");
}

TEST(RefusalTest, ExplicitDenyIsNotMendedByAGrant) {
  const Error error = refused(
      400, "AccessDeniedException",
      "User: arn:aws:iam::123456789012:user/drift is not authorized to perform: sns:Publish on "
      "resource: arn:aws:sns:eu-central-1:123456789012:drift with an explicit deny in a service "
      "control policy: arn:aws:organizations::1:policy/x");
  EXPECT_EQ(error.hint,
            "the service control policy denies sns:Publish on "
            "arn:aws:sns:eu-central-1:123456789012:drift to arn:aws:iam::123456789012:user/drift: "
            "take that statement out, or use another identity");
}

TEST(RefusalTest, SecretsKeyIsNamed) {
  Call call;
  call.operation = "secretsmanager:GetSecretValue";
  call.resource = "database";
  EXPECT_EQ(refused(400, "AccessDeniedException", "Access to KMS is not allowed", call).hint,
            "grant kms:Decrypt on the KMS key of database to the identity that calls (credentials: "
            "profile drift)");
}

TEST(RefusalTest, BadCredentialsAreNoMissingRight) {
  for (const char* code :
       {"InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException"}) {
    const Error error = refused(403, code, "");
    EXPECT_EQ(error.fault, Fault::kAwsFailed) << code;
    EXPECT_EQ(error.hint,
              "AWS does not know these credentials (source: profile drift): they may have been "
              "deleted, or belong to another partition");
  }
  EXPECT_EQ(refused(403, "SignatureDoesNotMatch", "").hint,
            "the secret access key may not belong to its access key id (source: profile drift)");
  EXPECT_EQ(refused(403, "RequestTimeTooSkewed", "").hint,
            "the clock of this machine is wrong: check its time synchronisation");
  EXPECT_EQ(refused(400, "ExpiredTokenException", "").hint,
            "the session token has expired (source: profile drift): get a new one");
}

TEST(RefusalTest, OtherHintsFollowTheCode) {
  EXPECT_EQ(refused(404, "ResourceNotFoundException", "").hint,
            "check the name, the account and the region");
  EXPECT_EQ(refused(502, "KMSDisabledException", "").hint,
            "the KMS key is missing or disabled, or its policy does not let it be used");
}

TEST(RefusalTest, ProxysRefusalGrantsNothing) {
  const Error error = refused(403, "", "Forbidden");
  EXPECT_EQ(error.fault, Fault::kAwsFailed);
}

}  // namespace

}  // namespace drift::aws
