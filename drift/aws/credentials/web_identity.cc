#include "drift/aws/credentials/web_identity.h"

#include <fmt/format.h>

#include "drift/aws/credentials/sts.h"
#include "drift/aws/credentials/token_file.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {

SourceResult web_identity_credentials(const CredentialContext& context,
                                      const std::string& profile_name,
                                      const ProfileSettings& profile, bool with_variables,
                                      const Stop& stop) {
  const auto value = [&](const char* variable, const char* key) -> std::optional<std::string> {
    const auto from_variable =
        with_variables ? context.environment.variable(variable) : std::nullopt;
    return from_variable ? from_variable : single_line(profile, key, "profile " + profile_name);
  };
  const auto path = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (!path) return {std::nullopt, "AWS_WEB_IDENTITY_TOKEN_FILE is not set"};
  Role role;
  role.arn = value("AWS_ROLE_ARN", "role_arn").value_or("");
  if (role.arn.empty()) {
    throw Error{
        Fault::kNoCredentials,
        fmt::format("the web identity token file {} is named, but no role", printable(*path)),
        "set AWS_ROLE_ARN, or role_arn in the profile"};
  }
  role.session_name = value("AWS_ROLE_SESSION_NAME", "role_session_name").value_or("");
  const std::string token = read_token_file(*path, "the web identity token file", true);
  return {assume_role_with_web_identity(context, role, token, stop), ""};
}

}  // namespace drift::aws
