#include "drift/aws/credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/base/trusted_folder.h"

namespace drift::aws {
namespace {

// STS takes no longer ones than 20,000 characters.
constexpr std::size_t kLongestToken = 64 * 1024;

bool is_header_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string string_at(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

}  // namespace

void check_keys(const SigningKeys& keys, const std::string& source) {
  remember_secret(keys.secret_access_key);
  remember_secret(keys.session_token);
  const auto refuse = [&](std::string_view which, std::string_view what) {
    throw Error{Fault::kNoCredentials, fmt::format("the {} from {} {}", which, source, what),
                "copy the key again, without blanks, quotes or line breaks around or inside it"};
  };
  constexpr std::string_view kBroken = "holds characters that no key has";
  if (keys.access_key_id.empty()) refuse("access key id", "is empty");
  if (keys.secret_access_key.empty()) refuse("secret access key", "is empty");
  if (!is_header_word(keys.access_key_id)) refuse("access key id", kBroken);
  if (!is_header_word(keys.secret_access_key)) refuse("secret access key", kBroken);
  if (!is_header_word(keys.session_token)) refuse("session token", kBroken);
}

CredentialDocument parse_credential_document(const std::string& text) {
  CredentialDocument document;
  // No exceptions: theirs quote the text.
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return document;
  document.is_object = true;
  const auto version = json.find("Version");
  if (version != json.end() && version->is_number_integer()) {
    // Anything beyond an int is as unknown as 0.
    const auto number = version->get<std::int64_t>();
    document.version = number > 0 && number < 1000 ? static_cast<int>(number) : 0;
  }
  document.code = string_at(json, "Code");
  if (document.code.empty()) document.code = string_at(json, "code");
  document.keys = {string_at(json, "AccessKeyId"), string_at(json, "SecretAccessKey"),
                   string_at(json, "SessionToken")};
  if (document.keys.session_token.empty()) document.keys.session_token = string_at(json, "Token");
  document.expiration = string_at(json, "Expiration");
  return document;
}

std::string read_token_file(const std::string& path, const std::string& what, bool trim) {
  const auto refuse = [&](const std::string& why) {
    throw Error{Fault::kNoCredentials,
                fmt::format("cannot read {} {}: {}", what, printable(path), why),
                "check that the volume with the token is mounted and readable for this user"};
  };
  auto read = read_trusted_file(path, kLongestToken);
  if (const auto* why = std::get_if<Untrusted>(&read)) refuse(why->reason);
  std::string token = std::move(std::get<std::string>(read));
  while (trim && !token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty()) refuse("it is empty");
  remember_secret(token);
  return token;
}

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
      throw Error{Fault::kNoCredentials, "invalid AWS_CREDENTIAL_EXPIRATION: not a time",
                  "write it as 2026-11-20T03:00:00Z, or unset it"};
    }
  }
  return {credentials, ""};
}

}  // namespace drift::aws
