#include "drift/aws/retry_rules.h"

#include <gtest/gtest.h>

#include "drift/aws/service_error.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

RetryRule rule(int status, const char* code, Service service = Service::kSns) {
  ServiceError error;
  error.status = status;
  error.code = code;
  return retry_rule(service, error);
}

TEST(RetryRulesTest, ThrottlingIsKnownByCodeWhateverTheStatus) {
  for (const char* code :
       {"Throttling", "ThrottlingException", "ThrottledException", "Throttled", "RequestThrottled",
        "RequestThrottledException", "KMSThrottling", "TooManyRequestsException",
        "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "EC2ThrottledException"}) {
    EXPECT_EQ(rule(400, code), RetryRule::kThrottling) << code;
    EXPECT_EQ(rule(503, code), RetryRule::kThrottling) << code;
  }
  EXPECT_EQ(rule(429, "SomethingNew"), RetryRule::kThrottling);
  EXPECT_EQ(rule(429, ""), RetryRule::kThrottling);
}

TEST(RetryRulesTest, FaultsOfTheServerPass) {
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_EQ(rule(status, ""), RetryRule::kTransient) << status;
    EXPECT_EQ(rule(status, "InternalError"), RetryRule::kTransient) << status;
  }
  EXPECT_EQ(rule(400, "RequestTimeout", Service::kS3), RetryRule::kTransient);
  EXPECT_EQ(rule(400, "RequestTimeoutException"), RetryRule::kTransient);
  EXPECT_EQ(rule(400, "PriorRequestNotComplete"), RetryRule::kTransient);
  for (const int status : {501, 505, 507, 511, 599}) {
    EXPECT_EQ(rule(status, ""), RetryRule::kNever) << status;
  }
  EXPECT_EQ(rule(501, "NotImplemented", Service::kS3), RetryRule::kNever);
}

TEST(RetryRulesTest, OneServicesCodesAreNoneOfAnothers) {
  EXPECT_EQ(rule(400, "IDPCommunicationError", Service::kSts), RetryRule::kTransient);
  EXPECT_EQ(rule(400, "IDPCommunicationError", Service::kSns), RetryRule::kNever);
  for (const char* code : {"ConditionalRequestConflict", "OperationAborted"}) {
    EXPECT_EQ(rule(409, code, Service::kS3), RetryRule::kTransient) << code;
    EXPECT_EQ(rule(409, code, Service::kSns), RetryRule::kNever) << code;
  }
}

TEST(RetryRulesTest, LambdaThatIsSetUpWrongStaysSo) {
  for (const char* code :
       {"KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException",
        "KMSNotFoundException", "InvalidRuntimeException", "InvalidZipFileException",
        "InvalidSubnetIDException", "InvalidSecurityGroupIDException", "EC2AccessDenied",
        "EC2AccessDeniedException"}) {
    EXPECT_EQ(rule(502, code, Service::kLambda), RetryRule::kNever) << code;
  }
  EXPECT_EQ(rule(502, "EC2UnexpectedException", Service::kLambda), RetryRule::kTransient);
  EXPECT_EQ(rule(502, "EC2ThrottledException", Service::kLambda), RetryRule::kThrottling);
  EXPECT_EQ(rule(500, "ServiceException", Service::kLambda), RetryRule::kTransient);
}

TEST(RetryRulesTest, RefusalsOfTheCallerAreFinal) {
  for (const int status : {400, 403, 404, 409, 412, 413}) {
    EXPECT_EQ(rule(status, "AccessDenied"), RetryRule::kNever) << status;
    EXPECT_EQ(rule(status, ""), RetryRule::kNever) << status;
  }
}

TEST(RetryRulesTest, ClockAndTokenHaveTheirOwnRules) {
  EXPECT_EQ(rule(403, "RequestTimeTooSkewed", Service::kS3), RetryRule::kClockIsOff);
  EXPECT_EQ(rule(400, "RequestExpired"), RetryRule::kClockIsOff);
  EXPECT_EQ(rule(403, "RequestInTheFuture"), RetryRule::kClockIsOff);
  EXPECT_EQ(rule(403, "InvalidSignatureException"), RetryRule::kClockMayBeOff);
  EXPECT_EQ(rule(403, "SignatureDoesNotMatch"), RetryRule::kClockMayBeOff);
  EXPECT_EQ(rule(401, "AuthFailure"), RetryRule::kClockMayBeOff);
  EXPECT_EQ(rule(400, "ExpiredTokenException"), RetryRule::kTokenExpired);
  EXPECT_EQ(rule(400, "ExpiredToken", Service::kS3), RetryRule::kTokenExpired);
  EXPECT_EQ(rule(400, "TokenRefreshRequired", Service::kS3), RetryRule::kTokenExpired);
}

TEST(RetryRulesTest, ServersTimeIsReadStrictly) {
  const auto time = [](const char* date) {
    return server_time(HttpResponse{403, {{"date", date}}, ""});
  };
  EXPECT_EQ(
      time("Fri, 20 Nov 2026 03:00:00 GMT"),
      TimePoint{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}} + std::chrono::hours{3});
  EXPECT_EQ(time("Fri, 20 Nov 2026 03:00:00 CET"), std::nullopt);
  EXPECT_EQ(time("2026-11-20T03:00:00Z"), std::nullopt);
  EXPECT_EQ(time(""), std::nullopt);
  EXPECT_EQ(server_time(HttpResponse{}), std::nullopt);
}

TEST(RetryRulesTest, RetryAfterIsAWholeNumberOfMilliseconds) {
  const auto wait = [](const char* text) {
    return retry_after(HttpResponse{503, {{"x-amz-retry-after", text}}, ""});
  };
  EXPECT_EQ(wait("1500"), std::chrono::milliseconds{1500});
  EXPECT_EQ(wait("0"), std::chrono::milliseconds{0});
  for (const char* text : {"", "-1", "1.5", "1s", "99999999999999999999"}) {
    EXPECT_EQ(wait(text), std::nullopt) << text;
  }
  EXPECT_EQ(retry_after(HttpResponse{}), std::nullopt);
}

}  // namespace
}  // namespace drift::aws
