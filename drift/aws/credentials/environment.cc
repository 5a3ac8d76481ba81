#include "drift/aws/credentials/environment.h"

#include "drift/base/error.h"

namespace drift::aws {

SourceResult environment_credentials(const Environment& environment) {
  const auto key = environment.variable("AWS_ACCESS_KEY_ID");
  if (!key) return {std::nullopt, "AWS_ACCESS_KEY_ID is not set"};
  const auto secret = environment.variable("AWS_SECRET_ACCESS_KEY");
  if (!secret) {
    throw Error{Fault::kNoCredentials, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY",
                "set both, or unset AWS_ACCESS_KEY_ID to use another source"};
  }
  Credentials credentials;
  credentials.source = "environment";
  credentials.keys = {*key, *secret, ""};
  for (const char* name : {"AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"}) {
    if (const auto token = environment.variable(name)) {
      credentials.keys.session_token = *token;
      break;
    }
  }
  if (const auto text = environment.variable("AWS_CREDENTIAL_EXPIRATION")) {
    credentials.expires = parse_rfc3339(*text);
    if (!credentials.expires) {
      throw Error{Fault::kNoCredentials, "AWS_CREDENTIAL_EXPIRATION is no time",
                  "write it as 2026-11-20T03:00:00Z, or unset it"};
    }
  }
  return {credentials, ""};
}

}  // namespace drift::aws
