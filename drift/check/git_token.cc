#include "drift/check/git_token.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::check {
namespace {

std::string trimmed(std::string text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.back())) text.pop_back();
  while (!text.empty() && space(text.front())) text.erase(text.begin());
  return text;
}

[[noreturn]] void refuse(const std::string& secret_id, const std::string& why) {
  throw Error{Fault::kConfiguration, fmt::format("the secret {} {}", secret_id, why),
              "keep the token as plain text, or as {\"token\": \"...\"}"};
}

}  // namespace

std::string token_in_secret(const std::string& secret, const std::string& secret_id) {
  const auto json = nlohmann::json::parse(secret, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    std::string token = trimmed(json.is_string() ? json.get<std::string>() : secret);
    if (token.empty()) refuse(secret_id, "is empty");
    // One line: what spans several is a key or a document, and would break the request.
    if (token.find_first_of("\r\n") != std::string::npos) refuse(secret_id, "holds no token");
    return token;
  }
  for (const char* key : {"token", "github_token", "GITHUB_TOKEN", "access_token", "password"}) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) continue;
    if (std::string token = trimmed(found->get<std::string>()); !token.empty()) return token;
  }
  if (json.size() == 1 && json.begin()->is_string()) {
    if (std::string token = trimmed(json.begin()->get<std::string>()); !token.empty()) return token;
  }
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(printable(key));
  refuse(secret_id, fmt::format("holds no token; its keys are: {}", fmt::join(keys, ", ")));
}

}  // namespace drift::check
