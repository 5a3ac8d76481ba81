// Credentials from the agent beside a container: ECS, EKS Pod Identity, Greengrass.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
#pragma once

#include "drift/aws/credentials/source.h"
#include "drift/aws/http_url.h"

namespace drift::aws {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI on 169.254.170.2 wins over _FULL_URI. The value of
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read anew each time), else of
// AWS_CONTAINER_AUTHORIZATION_TOKEN, is the Authorization header. Three attempts of 2 seconds.
// `source` is "container http://169.254.170.2".
// Throws as container_url, and Error{kNoCredentials} where the agent refuses or gives none.
SourceResult container_credentials(const CredentialContext& context, const Stop& stop);

// The URL that is asked; nothing where neither variable is set. Pure.
// Throws Error{kNoCredentials} for what is no URL, and for plain http to any host but the loopback
// and the agents' own addresses: the token would go to whoever listens there.
std::optional<HttpUrl> container_url(const Environment& environment);

}  // namespace drift::aws
