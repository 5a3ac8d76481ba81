// AWS STS: who the credentials belong to. No policy can take this call's right away but a deny.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
#pragma once

#include <optional>
#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

struct CallerIdentity {
  std::string account;
  std::string arn;
  // What the service's clock said when it answered (its Date header).
  std::optional<TimePoint> server_time;
};

// Throws as Client::call, and Error{kAwsFailed} for an answer that only looks like success.
CallerIdentity caller_identity(Session& session, const Stop& stop);

}  // namespace drift::aws
