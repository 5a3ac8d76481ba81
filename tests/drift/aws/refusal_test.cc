#include "drift/aws/refusal.h"

#include <gtest/gtest.h>

#include "drift/aws/client.h"

namespace drift::aws {
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
