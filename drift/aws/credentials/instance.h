// Credentials of an EC2 instance's role, from its metadata service (IMDS).
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
#pragma once

#include "drift/aws/credentials/source.h"

namespace drift::aws {

// Version 2: a token that is good for six hours, then the role's name, then its credentials; one
// attempt each, of AWS_METADATA_SERVICE_TIMEOUT seconds or one. Without a token where the service
// has none to give (403, 404, 405, no answer in time), unless AWS_EC2_METADATA_V1_DISABLED.
// AWS_EC2_METADATA_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT and _ENDPOINT_MODE count; all but
// the first may stand in the profile instead.
//
// No metadata service, no role or a refusal is a reason for having none and no error: nobody said
// that there should be one. `source` is "IMDS role NAME".
// Throws Error{kConfiguration} for settings that are none, Error{kInterrupted}.
SourceResult instance_credentials(const CredentialContext& context, const Stop& stop);

}  // namespace drift::aws
