#include "drift/sql/json_text.h"

#include <array>
#include <cstddef>
#include <utility>

#include "drift/base/printable.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

using Kind = JsonValue::Kind;

// Bytes that stand for themselves in a JSON string and in UTF-8.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_escape(std::string& json, char c) {
  switch (c) {
    case '"': json += "\\\""; return;
    case '\\': json += "\\\\"; return;
    case '\b': json += "\\b"; return;
    case '\f': json += "\\f"; return;
    case '\n': json += "\\n"; return;
    case '\r': json += "\\r"; return;
    case '\t': json += "\\t"; return;
    default: break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  json += "\\u00";
  json += kHex[static_cast<unsigned char>(c) >> 4U];
  json += kHex[static_cast<unsigned char>(c) & 15U];
}

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const run = at;
    while (at != end && kPlain[static_cast<unsigned char>(*at)]) ++at;
    json.append(run, at);
    if (at == end) break;
    if ((static_cast<unsigned char>(*at) & 0x80U) == 0) {
      append_escape(json, *at++);
      continue;
    }
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    const Utf8Character character = first_character(rest);
    json += character.valid ? rest.substr(0, character.size) : std::string_view("\uFFFD");
    at += character.size;
  }
  json += '"';
}

void append_json(std::string& json, const JsonValue& value) {
  switch (value.kind) {
    case Kind::kNull: json += "null"; return;
    case Kind::kBool:
    case Kind::kNumber: json += value.text; return;
    case Kind::kString: return append_json_string(json, value.text);
    case Kind::kList:
      json += '[';
      for (const JsonValue& item : value.items) {
        if (&item != &value.items.front()) json += ',';
        append_json(json, item);
      }
      json += ']';
      return;
    case Kind::kObject: break;
  }
  json += '{';
  for (const JsonMember& member : value.members) {
    if (&member != &value.members.front()) json += ',';
    append_json_string(json, member.key);
    json += ':';
    append_json(json, member.value);
  }
  json += '}';
}

std::string json_text(const JsonValue& value) {
  std::string json;
  append_json(json, value);
  return json;
}

JsonObject& JsonObject::add_json(std::string_view key, std::string_view json) {
  if (json_.size() > 1) json_ += ',';
  append_json_string(json_, key);
  json_ += ':';
  json_ += json;
  return *this;
}

JsonObject& JsonObject::add(std::string_view key, std::string_view text) {
  add_json(key, "");
  append_json_string(json_, text);
  return *this;
}

JsonObject& JsonObject::add_if_any(std::string_view key, std::string_view text) {
  return text.empty() ? *this : add(key, text);
}

JsonObject& JsonObject::add_or_null(std::string_view key, const std::optional<std::string>& text) {
  return text ? add(key, *text) : add_json(key, "null");
}

std::string JsonObject::take() {
  json_ += '}';
  return std::move(json_);
}

}  // namespace drift::sql
