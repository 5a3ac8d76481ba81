// Credentials that a profile of the shared files leads to.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
#pragma once

#include "drift/aws/credentials/source.h"

namespace drift::aws {

// The profile in use, in botocore's order: a role to assume (with source_profile, through any
// number of profiles, or with credential_source); web identity, from variables too; the credentials
// file; credential_process; keys in the config file. Sign-in by SSO and MFA, which need a person,
// are refused with what to do instead.
// `source` is "profile drift (credentials file)", "profile drift (role ARN as profile base
// (config file))", ...; web identity from variables names no profile.
// Throws Error{kConfiguration} for a role without a source or with two, a source that is missing or
// comes back to a profile that was visited; Error{kNoCredentials} where what the profile names
// gives none; and as the sources that it leads to.
SourceResult profile_credentials(const CredentialContext& context, const Stop& stop);

// Throws Error{kConfiguration} where a variable names a profile and no file has it: region and
// endpoint would be missing too, whoever the credentials are.
void require_named_profile(const Environment& environment);

}  // namespace drift::aws
