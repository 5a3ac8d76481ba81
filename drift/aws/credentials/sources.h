// The places where credentials are looked for, and what these have in common. The order of the
// places is that of drift/aws/credentials/chain.cc and, within a profile, of profile.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "drift/aws/session.h"
#include "drift/base/url.h"

namespace drift::aws {

// Credentials, or why this place has none ("AWS_ACCESS_KEY_ID is not set"). A place that was told
// to have some and cannot give them throws instead.
struct SourceResult {
  std::optional<Credentials> credentials;
  std::string none_because;
};

// Variables: AWS_ACCESS_KEY_ID decides; AWS_SECURITY_TOKEN, the older name, wins over
// AWS_SESSION_TOKEN as in botocore; AWS_CREDENTIAL_EXPIRATION is heeded. `source` is "environment".
// Throws Error{kNoCredentials} for a key without its secret or an expiration that is no time.
SourceResult environment_credentials(const Environment& environment);

// A profile of the shared files.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
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

// A program that prints them.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
// Runs `command` (see shell_words in drift/aws/environment.h; found in PATH, no shell) with nothing
// on stdin and reads the JSON (Version 1) that it prints. `source` is for messages and becomes the
// credentials' own. The program's stderr is thrown away and its stdout never repeated: either may
// hold a secret, and so may its arguments. Throws Error{kNoCredentials} where it cannot be run,
// fails, prints more than 1 MiB, does not end in `timeout` (it is killed with its children then) or
// prints no credentials; Error{kInterrupted, kTimedOut} with `stop`.
Credentials process_credentials(const std::string& command, const std::string& source,
                                std::chrono::milliseconds timeout, const Stop& stop);

// The agent beside a container: ECS, EKS Pod Identity, Greengrass.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
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

// The role of an EC2 instance, from its metadata service (IMDS).
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
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

// Remembers what of `keys` is secret.
// Throws Error{kNoCredentials} naming the source where a key or token is empty or holds a blank,
// a control character or anything beyond ASCII: as a header it would break the request, or add
// another header to it.
void check_keys(const SigningKeys& keys, const std::string& source);

// The JSON that credential_process, containers and instances give out. A field that is missing or
// no string is "".
struct CredentialDocument {
  bool is_object = false;
  int version = 0;   // credential_process
  std::string code;  // of an error; instances say "Success" too
  SigningKeys keys;  // session_token from Token or SessionToken
  std::string expiration;
};
// Never throws for what the text holds.
CredentialDocument parse_credential_document(const std::string& text);

// The text of a file that holds a token, without line ends behind it where `trim`.
// Throws Error{kNoCredentials} "cannot read WHAT PATH: ..." where it is missing, no regular file,
// larger than 64 KiB or empty.
std::string read_token_file(const std::string& path, const std::string& what, bool trim);

}  // namespace drift::aws
