// sts:AssumeRole with signed calls: another account's identity for a run.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
#pragma once

#include <string>

#include "drift/aws/credentials.h"
#include "drift/base/stop.h"

namespace drift::aws {

class Session;

// Credentials of the role for an hour. `external_id` "" sends none. Throws as Client::call, and
// Error{kAwsFailed} for an answer without credentials.
Credentials assume_role(Session& session, const std::string& role_arn,
                        const std::string& external_id, const Stop& stop);

}  // namespace drift::aws
