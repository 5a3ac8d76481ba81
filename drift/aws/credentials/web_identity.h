// A role behind an OpenID Connect token in a file: IRSA and the like.
// https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html
#pragma once

#include "drift/aws/credentials/source.h"

namespace drift::aws {

// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, each before the setting of
// `profile` (web_identity_token_file, role_arn, role_session_name); the variables do not count
// for a source_profile (`with_variables` false). The file is read anew each time, because what
// rotates it replaces it. `source` is "web identity role ARN".
// Throws Error{kNoCredentials} for a token file without a role, and for one that cannot be read;
// else as assume_role_with_web_identity.
SourceResult web_identity_credentials(const CredentialContext& context,
                                      const std::string& profile_name,
                                      const ProfileSettings& profile, bool with_variables,
                                      const Stop& stop);

}  // namespace drift::aws
