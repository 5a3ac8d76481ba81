#include "drift/aws/credentials/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/secrets.h"

namespace drift::aws {
namespace {

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
  document.message = string_at(json, "Message");
  if (document.message.empty()) document.message = string_at(json, "message");
  document.keys = {string_at(json, "AccessKeyId"), string_at(json, "SecretAccessKey"),
                   string_at(json, "SessionToken")};
  if (document.keys.session_token.empty()) document.keys.session_token = string_at(json, "Token");
  document.expiration = string_at(json, "Expiration");
  return document;
}

}  // namespace drift::aws
