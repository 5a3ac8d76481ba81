// The places where the AWS SDKs find credentials, in their order.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
#pragma once

#include "drift/aws/session.h"

namespace drift::aws {

// Order, as in botocore: environment; a role that the profile assumes (chains too); web identity,
// from variables or the profile; credentials file; credential_process; config file keys; container;
// IMDSv2.
// A source that is not configured is passed over; one that is configured and fails is an error
// that names it, because falling through would run the call as somebody else.
// Throws Error{kNoCredentials} naming each source and why it had none, or the error of the source
// that failed.
Credentials find_credentials(const CredentialContext& context, const Stop& stop);

}  // namespace drift::aws
