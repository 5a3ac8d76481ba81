#include "drift/aws/credential_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"

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

// Takes `count` digits off `text`; -1 where they are not there.
int digits(std::string_view& text, std::size_t count) {
  int number = 0;
  if (text.size() < count) return -1;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+02:00", "+0200"; nothing at all is UTC too.
std::optional<std::chrono::minutes> offset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return std::chrono::minutes{0};
  const bool west = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const int hours = digits(text, 2);
  take(text, ":");
  const int minutes = digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  const std::chrono::minutes total{hours * 60 + minutes};
  return west ? -total : total;
}

}  // namespace

void check_keys(const SigningKeys& keys, const std::string& source) {
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

std::optional<TimePoint> parse_expiration(std::string_view text) {
  using namespace std::chrono;
  const int y = digits(text, 4);
  if (!take(text, "-")) return std::nullopt;
  const int mon = digits(text, 2);
  if (!take(text, "-")) return std::nullopt;
  const int d = digits(text, 2);
  if (!take(text, "Tt ")) return std::nullopt;
  const int h = digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int min = digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int s = digits(text, 2);
  if (y < 0 || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 || s > 60) return std::nullopt;
  const year_month_day date{year{y}, month(static_cast<unsigned>(mon)),
                            day(static_cast<unsigned>(d))};
  if (mon < 1 || d < 1 || !date.ok()) return std::nullopt;
  if (take(text, ".,")) {
    const std::size_t end = text.find_first_not_of("0123456789");
    if (end == 0 || text.empty()) return std::nullopt;
    text.remove_prefix(std::min(end, text.size()));
  }
  const auto from_utc = offset(text);
  if (!from_utc) return std::nullopt;
  return TimePoint{sys_days{date}} + hours{h} + minutes{min} + seconds{s} - *from_utc;
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
