// Values written as JSON: in one line, without blanks, in the order in which they are given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift::sql {

struct JsonValue;

// Appends `text` as a JSON string. What is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& json, std::string_view text);

// `value` as JSON; numbers keep their digits, objects their order.
void append_json(std::string& json, const JsonValue& value);
std::string json_text(const JsonValue& value);

// An object, member by member.
class JsonObject {
 public:
  JsonObject& add(std::string_view key, std::string_view text);
  // Left out where it is empty.
  JsonObject& add_if_any(std::string_view key, std::string_view text);
  // null where there is none.
  JsonObject& add_or_null(std::string_view key, const std::optional<std::string>& text);
  // `json` is a value already.
  JsonObject& add_json(std::string_view key, std::string_view json);

  // Once, after the last member.
  std::string take();

 private:
  std::string json_ = "{";
};

}  // namespace drift::sql
