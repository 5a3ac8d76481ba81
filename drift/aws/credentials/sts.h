// AWS STS: becoming somebody else, and who one is.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
#pragma once

#include <optional>
#include <string>

#include "drift/aws/session.h"

namespace drift::aws {

struct Role {
  std::string arn;
  std::string session_name;  // "" takes "schema-drift-" and the time
  std::string external_id;   // AssumeRole only
  int duration_seconds = 0;  // 0 leaves it to STS: an hour
};

// Signed with `as`, at the endpoint of the session's region; three attempts. The result's `source`
// is "role ARN as SOURCE".
// Throws Error{kAccessDenied} with the missing right in the hint, Error{kNoCredentials} for any
// other refusal, Error{kConfiguration} where no region is known, Error{kHttpFailed, kTimedOut,
// kInterrupted}.
Credentials assume_role(const CredentialContext& context, const Role& role, const Credentials& as,
                        const Stop& stop);

// `role` for a Session of its own: assume_role with the other session's credentials.
ExchangeCredentials assuming(Role role);

// Unsigned; `token` is the whole proof. `source` is "web identity role ARN". Throws as assume_role.
Credentials assume_role_with_web_identity(const CredentialContext& context, const Role& role,
                                          const std::string& token, const Stop& stop);

struct CallerIdentity {
  std::string account;
  std::string arn;
  // What the service's clock said when it answered (its Date header).
  std::optional<TimePoint> server_time;
};

// No policy can take this call's right away but a deny.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
// Throws as Client::call, and Error{kAwsFailed} for an answer that only looks like success.
CallerIdentity caller_identity(Session& session, const Stop& stop);

}  // namespace drift::aws
