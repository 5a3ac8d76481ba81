#include "reporters/stored_secret.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "drift/aws/services/secrets.h"
#include "drift/base/error.h"

namespace drift::reporters {
namespace {

std::string trimmed(const std::string& text) {
  constexpr const char* kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::string stored_secret(const std::string& setting, const std::string& key,
                          const aws::SessionSource& session, const Stop& stop) {
  if (!setting.starts_with("arn:")) return trimmed(setting);
  const std::string text = aws::secret_value(session(), setting, stop);
  // No exceptions: theirs quote the text.
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::string value;
  if (!json.is_object()) {
    value = trimmed(json.is_string() ? json.get<std::string>() : text);
  } else if (json.contains(key) && json[key].is_string()) {
    value = trimmed(json[key].get<std::string>());
  } else if (json.size() == 1 && json.begin()->is_string()) {
    value = trimmed(json.begin()->get<std::string>());
  }
  if (!value.empty()) return value;
  throw Error{Fault::kConfiguration, fmt::format("the secret {} holds no \"{}\"", setting, key),
              fmt::format("keep it as plain text, or as {{\"{}\": \"...\"}}", key)};
}

}  // namespace drift::reporters
