#include "drift/aws/retry_rules.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>

#include "drift/aws/service_error.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

bool among(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_throttling(std::string_view code) {
  return among(code, {"Throttling", "ThrottlingException", "ThrottledException", "Throttled",
                      "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
                      "ProvisionedThroughputExceededException", "TransactionInProgressException",
                      "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException",
                      "SlowDown", "EC2ThrottledException", "KMSThrottling"});
}

bool is_transient(Service service, std::string_view code) {
  if (service == Service::kSts && code == "IDPCommunicationError") return true;
  // Two writers met at one key, and S3 asks the loser to come again.
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  if (service == Service::kS3 && among(code, {"ConditionalRequestConflict", "OperationAborted"})) {
    return true;
  }
  return among(code, {"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"});
}

// Lambda answers 502 where the function's own set-up keeps it from starting. The SDKs try such a
// call three times; the set-up is the same each time.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
bool is_lambda_configuration(Service service, std::string_view code) {
  return service == Service::kLambda &&
         (code.starts_with("KMS") || code.starts_with("Invalid") ||
          among(code, {"EC2AccessDenied", "EC2AccessDeniedException"}));
}

}  // namespace

RetryRule retry_rule(Service service, const ServiceError& error) {
  const std::string_view code = error.code;
  if (among(code, {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})) {
    return RetryRule::kClockIsOff;
  }
  if (among(code, {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"})) {
    return RetryRule::kClockMayBeOff;
  }
  if (among(code, {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})) {
    return RetryRule::kTokenExpired;
  }
  if (is_throttling(code)) return RetryRule::kThrottling;
  if (is_transient(service, code)) return RetryRule::kTransient;
  if (is_lambda_configuration(service, code)) return RetryRule::kNever;
  if (error.status == 429) return RetryRule::kThrottling;
  if (error.status == 500 || (error.status >= 502 && error.status <= 504)) {
    return RetryRule::kTransient;
  }
  return RetryRule::kNever;
}

std::optional<TimePoint> server_time(const HttpResponse& response) {
  const std::string date(response.header("date"));
  std::tm parts{};
  // The one form that servers may send. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
  const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const std::time_t seconds = ::timegm(&parts);
  return TimePoint{std::chrono::seconds{seconds}};
}

std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response) {
  const std::string_view text = response.header("x-amz-retry-after");
  long milliseconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (problem != std::errc{} || end != text.data() + text.size() || milliseconds < 0) {
    return std::nullopt;
  }
  return std::chrono::milliseconds{milliseconds};
}

}  // namespace drift::aws
