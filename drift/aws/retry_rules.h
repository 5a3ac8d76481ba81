// Which refusals of a service are worth another attempt: the AWS SDKs' standard mode.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
#pragma once

#include <chrono>
#include <optional>

#include "drift/aws/endpoint.h"
#include "drift/base/clock.h"

namespace drift {
struct HttpResponse;
}

namespace drift::aws {

struct ServiceError;

enum class RetryRule {
  kNever,
  kTransient,
  kThrottling,
  kClockIsOff,     // the service says that the request's time is wrong
  kClockMayBeOff,  // the signature does not match, which a wrong time causes as well
  kTokenExpired,
};

RetryRule retry_rule(Service service, const ServiceError& error);

// The server's Date header, where there is a well-formed one.
std::optional<TimePoint> server_time(const HttpResponse& response);

// A signature error is put down to the clock only where the clocks differ by at least this.
constexpr std::chrono::minutes kSuspiciousSkew{4};

// x-amz-retry-after, in whole milliseconds; nothing where it is missing or no such number.
std::optional<std::chrono::milliseconds> retry_after(const HttpResponse& response);

}  // namespace drift::aws
