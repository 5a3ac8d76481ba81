// A service's refusal as the Error that a person reads: which call, why, and what to do.
#pragma once

#include <string>

#include "drift/base/error.h"

namespace drift::aws {

struct Call;
struct ServiceError;

// "Code: message (HTTP 403, request id ...)", without the call's name: kAccessDenied, with the
// missing action, resource and identity in the hint, where a right is missing; else kAwsFailed.
// `source` tells whose credentials were used ("environment", "IMDS role x").
Error refusal(const Call& call, const ServiceError& error, const std::string& source);

// `error` as the failure of this call: "sns:Publish on arn:... was denied: ..." for kAccessDenied,
// "... failed: ..." for all others.
Error named(const Call& call, const Error& error);

// "sns:Publish on arn:aws:sns:..." as it stands in messages.
std::string call_name(const Call& call);

}  // namespace drift::aws
