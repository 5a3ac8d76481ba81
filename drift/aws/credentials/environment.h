// Credentials in variables: AWS_ACCESS_KEY_ID and its companions.
#pragma once

#include "drift/aws/credentials/source.h"

namespace drift::aws {

// AWS_ACCESS_KEY_ID decides; AWS_SECURITY_TOKEN, the older name, wins over AWS_SESSION_TOKEN as in
// botocore; AWS_CREDENTIAL_EXPIRATION is heeded. `source` is "environment".
// Throws Error{kNoCredentials} for a key without its secret or an expiration that is no time.
SourceResult environment_credentials(const Environment& environment);

}  // namespace drift::aws
