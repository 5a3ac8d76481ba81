#include "drift/aws/credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "drift/aws/credentials/sts.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

// How long a program may take: some wait for a person's second factor on a phone.
constexpr std::chrono::seconds kProcessTimeout{60};

bool has(const ProfileSettings& profile, const char* key) { return profile.count(key) != 0; }

bool assumes_role(const ProfileSettings& profile) {
  return has(profile, "role_arn") && !has(profile, "web_identity_token_file");
}

bool has_static_keys(const ProfileSettings& profile) {
  return has(profile, "aws_access_key_id") || has(profile, "aws_secret_access_key");
}

// A role behind an OpenID Connect token in a file: IRSA and the like.
// https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html
// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, each before the setting of
// `profile` (web_identity_token_file, role_arn, role_session_name); the variables do not count
// for a source_profile (`with_variables` false). The file is read anew each time, because what
// rotates it replaces it. `source` is "web identity role ARN".
// Throws Error{kNoCredentials} for a token file without a role, and for one that cannot be read;
// else as assume_role_with_web_identity.
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

// One walk from the profile in use along its source_profile settings.
class ProfileChain {
 public:
  ProfileChain(const CredentialContext& context, const Stop& stop)
      : context_(context), stop_(stop) {}

  SourceResult first(const std::string& name) {
    const auto profile = context_.environment.profile(name);
    visited_.push_back(name);
    if (profile && assumes_role(*profile)) return {through_role(name, *profile), ""};
    SourceResult own = without_role(name, profile.value_or(ProfileSettings{}), true);
    if (!own.credentials) {
      own.none_because =
          fmt::format("{}; web identity: {}",
                      profile ? label(name) + " has no credentials" : "there is no " + label(name),
                      own.none_because);
    }
    return own;
  }

 private:
  static std::string label(const std::string& name) { return "profile " + printable(name); }

  static std::string value(const std::string& name, const ProfileSettings& profile,
                           const char* key) {
    return single_line(profile, key, "profile " + name).value_or("");
  }

  [[noreturn]] static void refuse(Fault fault, const std::string& name, const std::string& what,
                                  const std::string& hint) {
    throw Error{fault, label(name) + " " + what, hint};
  }

  Credentials through_role(const std::string& name, const ProfileSettings& profile) {
    const Role role = role_of(name, profile);
    const std::string credential_source = value(name, profile, "credential_source");
    const std::string source_profile = value(name, profile, "source_profile");
    if (!credential_source.empty() && !source_profile.empty()) {
      refuse(Fault::kConfiguration, name, "has both source_profile and credential_source",
             "remove the one that is not meant");
    }
    if (credential_source.empty() && source_profile.empty()) {
      refuse(Fault::kConfiguration, name,
             "has role_arn, but neither source_profile nor credential_source",
             "say whose credentials may assume the role");
    }
    const Credentials as = credential_source.empty() ? of_source_profile(name, source_profile)
                                                     : of_source(name, credential_source);
    Credentials credentials = assume_role(context_, role, as, stop_);
    credentials.source = fmt::format("{} ({})", label(name), credentials.source);
    return credentials;
  }

  static Role role_of(const std::string& name, const ProfileSettings& profile) {
    if (has(profile, "mfa_serial")) {
      refuse(Fault::kNoCredentials, name, "needs a second factor (mfa_serial)",
             "nobody is there to type it: use a role that trusts a machine's identity, or keys "
             "that were fetched with the second factor before");
    }
    Role role{value(name, profile, "role_arn"), value(name, profile, "role_session_name"),
              value(name, profile, "external_id"), 0};
    if (role.arn.empty()) {
      refuse(Fault::kConfiguration, name, "has an empty role_arn", "name the role, or remove it");
    }
    if (const std::string text = value(name, profile, "duration_seconds"); !text.empty()) {
      const char* end = text.data() + text.size();
      const auto [rest, problem] = std::from_chars(text.data(), end, role.duration_seconds);
      if (problem != std::errc{} || rest != end || role.duration_seconds < 1) {
        refuse(
            Fault::kConfiguration, name,
            fmt::format("has a duration_seconds that is not a whole number: {}", printable(text)),
            "write seconds from 900 to 43200");
      }
    }
    return role;
  }

  Credentials of_source_profile(const std::string& name, const std::string& source) {
    const auto profile = context_.environment.profile(source);
    if (!profile) {
      refuse(Fault::kConfiguration, name,
             fmt::format("has the source_profile {}, which does not exist", printable(source)),
             "correct source_profile, or add the profile");
    }
    // A profile may name itself, for the keys that stand beside its role.
    const bool visited = std::find(visited_.begin(), visited_.end(), source) != visited_.end();
    if (visited && (source != name || !has_static_keys(*profile))) {
      refuse(Fault::kConfiguration, name,
             fmt::format("has the source_profile {}, which leads back to it ({})",
                         printable(source), printable(path_to(source))),
             "let one profile of the circle have credentials of its own");
    }
    visited_.push_back(source);
    if (!has_static_keys(*profile) && assumes_role(*profile)) {
      return through_role(source, *profile);
    }
    const SourceResult own = without_role(source, *profile, false);
    if (!own.credentials) {
      refuse(Fault::kNoCredentials, source,
             fmt::format("has no credentials, and profile {} needs them", printable(name)),
             "add credentials to it, or correct source_profile");
    }
    check_keys(own.credentials->keys, own.credentials->source);
    return *own.credentials;
  }

  // "drift -> base -> drift"
  std::string path_to(const std::string& end) const {
    std::string path;
    for (const std::string& one : visited_) path += one + " -> ";
    return path + end;
  }

  Credentials of_source(const std::string& name, const std::string& source) {
    SourceResult result;
    if (source == "Environment") {
      result = environment_credentials(context_.environment);
    } else if (source == "EcsContainer") {
      result = container_credentials(context_, stop_);
    } else if (source == "Ec2InstanceMetadata") {
      result = instance_credentials(context_, stop_);
    } else {
      refuse(Fault::kConfiguration, name,
             fmt::format("has an unknown credential_source: {}", printable(source)),
             "write Environment, EcsContainer or Ec2InstanceMetadata");
    }
    if (!result.credentials) {
      refuse(Fault::kNoCredentials, name,
             fmt::format("has the credential_source {}, which has no credentials: {}", source,
                         result.none_because),
             "run it where that source is, or name another");
    }
    check_keys(result.credentials->keys, result.credentials->source);
    return *result.credentials;
  }

  // What a profile has of its own. botocore looks for web identity first, also from variables where
  // the profile is the one in use.
  SourceResult without_role(const std::string& name, const ProfileSettings& profile,
                            bool with_variables) {
    SourceResult web = web_identity_credentials(context_, name, profile, with_variables, stop_);
    if (web.credentials) {
      const bool from_variable =
          with_variables && context_.environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
      if (!from_variable) {
        web.credentials->source = fmt::format("{} ({})", label(name), web.credentials->source);
      }
      return web;
    }
    refuse_sign_in(name, profile);
    const auto& environment = context_.environment;
    if (auto keys = keys_in(name, environment.credentials_profile(name), "credentials file")) {
      return {keys, ""};
    }
    if (has(profile, "credential_process")) {
      return {process_credentials(value(name, profile, "credential_process"),
                                  fmt::format("{} (credential_process)", label(name)),
                                  kProcessTimeout, stop_),
              ""};
    }
    if (auto keys = keys_in(name, environment.config_profile(name), "config file")) {
      return {keys, ""};
    }
    return web;
  }

  static void refuse_sign_in(const std::string& name, const ProfileSettings& profile) {
    const bool sso = has(profile, "sso_account_id") || has(profile, "sso_role_name");
    if (!sso && !has(profile, "login_session")) return;
    refuse(Fault::kNoCredentials, name,
           sso ? "signs in through IAM Identity Center (SSO), which schema-drift cannot do"
               : "signs in through the console (login_session), which schema-drift cannot do",
           fmt::format("let another profile run: credential_process = aws configure "
                       "export-credentials --profile {} --format process",
                       printable(name)));
  }

  static std::optional<Credentials> keys_in(const std::string& name,
                                            const ProfileSettings* settings, const char* file) {
    if (settings == nullptr || !has(*settings, "aws_access_key_id")) return std::nullopt;
    if (!has(*settings, "aws_secret_access_key")) {
      refuse(Fault::kNoCredentials, name,
             fmt::format("has aws_access_key_id without aws_secret_access_key in the {}", file),
             "add the secret key, or remove the other");
    }
    Credentials credentials;
    credentials.source = fmt::format("{} ({})", label(name), file);
    credentials.keys = {value(name, *settings, "aws_access_key_id"),
                        value(name, *settings, "aws_secret_access_key"), ""};
    // The older name wins, as in botocore.
    const bool older = has(*settings, "aws_security_token");
    credentials.keys.session_token =
        value(name, *settings, older ? "aws_security_token" : "aws_session_token");
    return credentials;
  }

  const CredentialContext& context_;
  const Stop& stop_;
  std::vector<std::string> visited_;
};

}  // namespace

SourceResult profile_credentials(const CredentialContext& context, const Stop& stop) {
  return ProfileChain(context, stop).first(context.environment.profile_name());
}

void require_named_profile(const Environment& environment) {
  if (!environment.profile_is_named()) return;
  const std::string name = environment.profile_name();
  if (environment.profile(name)) return;
  throw Error{
      Fault::kConfiguration,
      fmt::format("there is no profile {} in {} or {}", printable(name),
                  printable(environment.config_path()), printable(environment.credentials_path())),
      "correct AWS_PROFILE, or add the profile"};
}

}  // namespace drift::aws
