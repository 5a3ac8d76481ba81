#include "drift/sql_api/value_type.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "drift/base/base64.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/sql_api/array_text.h"

namespace drift::sql_api {
namespace {

constexpr std::int64_t kLargestExact = std::int64_t{1} << 53U;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

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
    case '\n': json += "\\n"; return;
    case '\t': json += "\\t"; return;
    case '\r': json += "\\r"; return;
    default: break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  json += "\\u00";
  json += kHex[static_cast<unsigned char>(c) >> 4U];
  json += kHex[static_cast<unsigned char>(c) & 15U];
}

void append_big_number(std::string& json, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool exact = failure == std::errc{} && end == text.data() + text.size() &&
                     number <= kLargestExact && number >= -kLargestExact;
  if (exact) {
    json += text;
  } else {
    append_string(json, text);
  }
}

// PostgreSQL's finite numbers are JSON's: a digit on both sides of the point, no leading '+'.
void append_number(std::string& json, std::string_view text) {
  const bool finite = !text.empty() && is_digit(text.back());
  if (finite) {
    json += text;
  } else {
    append_string(json, text);
  }
}

void append_bytea(std::string& json, std::string_view text) {
  if (text.substr(0, 2) != "\\x") return append_string(json, text);
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1]));
  }
  json += '"';
  json += base64_encoded(bytes);
  json += '"';
}

// As it is, but in one line: between its tokens, where alone a newline can stand, any blank will
// do.
void append_json(std::string& json, std::string_view text) {
  const std::size_t begin = json.size();
  json += text;
  std::replace_if(
      json.begin() + static_cast<std::ptrdiff_t>(begin), json.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

// Where a zone begins in "03:00:00.5+05:30": past the point that it may follow.
std::size_t zone_of(std::string_view text, std::size_t from) {
  return text.find_first_of("+-", from);
}

// "2026-11-20 03:00:00.5+02 BC": T for the blank, +02:00 for +02. "infinity" has neither.
void append_time(std::string& json, std::string_view text, Notation notation) {
  json += '"';
  const std::size_t blank = notation == Notation::kTimeWithZone ? 0 : text.find(' ');
  if (blank == std::string_view::npos) {
    json += text;
    json += '"';
    return;
  }
  std::string_view rest = text;
  if (notation != Notation::kTimeWithZone) {
    json += text.substr(0, blank);
    json += 'T';
    rest.remove_prefix(blank + 1);
  }
  const std::size_t zone =
      notation == Notation::kTimestamp ? std::string_view::npos : zone_of(rest, 0);
  if (zone == std::string_view::npos) {
    json += rest;
  } else {
    const std::size_t end = std::min(rest.find(' ', zone), rest.size());
    json += rest.substr(0, end);
    if (end - zone == 3) json += ":00";
    json += rest.substr(end);
  }
  json += '"';
}

void append_scalar(std::string& json, std::string_view text, Notation notation) {
  switch (notation) {
    case Notation::kText: return append_string(json, text);
    case Notation::kBool: json += text == "t" ? "true" : "false"; return;
    case Notation::kNumber:
    case Notation::kFloat: return append_number(json, text);
    case Notation::kBigNumber: return append_big_number(json, text);
    case Notation::kJson: return append_json(json, text);
    case Notation::kBytea: return append_bytea(json, text);
    case Notation::kTimestamp:
    case Notation::kTimestampWithZone:
    case Notation::kTimeWithZone: return append_time(json, text, notation);
  }
}

}  // namespace

void append_string(std::string& json, std::string_view text) {
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

void append_value(std::string& json, std::string_view text, const ValueType& type) {
  if (!type.is_array) return append_scalar(json, text, type.notation);
  const std::size_t begin = json.size();
  const bool whole = read_array(
      text, type.delimiter, [&](char mark) { json += mark; },
      [&](std::optional<std::string_view> element) {
        if (element) {
          append_scalar(json, *element, type.notation);
        } else {
          json += "null";
        }
      });
  if (whole) return;
  json.resize(begin);
  append_string(json, text);
}

}  // namespace drift::sql_api
