// JSON that somebody else wrote, read without guessing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace drift::sql {

struct JsonMember;

// Plain data. Numbers keep their digits and objects keep their order, both of which count for rows.
struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kList, kObject };
  Kind kind = Kind::kNull;
  // A string's content, a number as it was written, "true" or "false".
  std::string text;
  std::vector<JsonValue> items;     // of a list
  std::vector<JsonMember> members;  // of an object

  bool is(Kind other) const { return kind == other; }
  // The member of that name, or nothing where there is none or this is no object.
  const JsonValue* find(std::string_view key) const;
  // As `find`, and passes over null.
  const JsonValue* find_set(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

// Why a text was refused: "is not JSON (at byte 12)", "holds the key \"rows\" twice". Completes a
// sentence that begins with what the text is. Holds nothing of the text but a repeated key.
struct JsonRefusal {
  std::string reason;
};

// Reads all of `text`. Refuses what is no JSON (invalid UTF-8, lone surrogates and trailing text
// too), a key that stands twice in one object, the character U+0000 (which PostgreSQL cannot hold
// and which would cut a C string), more than kMaxJsonDepth levels and more than `most_values`
// values.
inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxJsonValues = 500'000;
std::variant<JsonValue, JsonRefusal> read_json(std::string_view text,
                                               std::size_t most_values = kMaxJsonValues);

// What a value is, for a message, without what it holds: "a list of 3", "a string of 12 bytes",
// "an object with the keys columns, rows (and 4 more)".
std::string description_of(const JsonValue& value);

// "host, port, username (and 2 more)" of an object's keys, in their order; "" for an empty one.
std::string key_list(const JsonValue& object);

}  // namespace drift::sql
