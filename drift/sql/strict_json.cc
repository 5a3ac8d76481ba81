#include "drift/sql/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

constexpr std::size_t kShownKeys = 8;
constexpr std::size_t kShownKeyBytes = 40;

// Builds a JsonValue from the parser's events. nlohmann's own tree would sort the keys, keep the
// last of two equal ones and round what does not fit a double.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::size_t most_values) : most_values_(most_values) {}

  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;

  bool null() { return add(JsonValue::Kind::kNull, {}); }
  bool boolean(bool value) { return add(JsonValue::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) {
    return add(JsonValue::Kind::kNumber, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) {
    return add(JsonValue::Kind::kNumber, std::to_string(value));
  }
  // Also what is too long for 64 bits.
  bool number_float(number_float_t, const std::string& digits) {
    return add(JsonValue::Kind::kNumber, digits);
  }
  bool string(std::string& text) {
    return no_nul(text) && add(JsonValue::Kind::kString, std::move(text));
  }
  bool binary(nlohmann::json::binary_t&) { return refuse("holds binary data"); }

  bool start_object(std::size_t) { return open(JsonValue::Kind::kObject); }
  bool key(std::string& name) {
    if (!no_nul(name)) return false;
    open_.back()->members.push_back({std::move(name), {}});
    return true;
  }
  bool end_object() {
    const JsonValue& object = *open_.back();
    std::vector<std::string_view> names;
    names.reserve(object.members.size());
    for (const JsonMember& member : object.members) names.push_back(member.key);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    // Two readers could take different ones of the two.
    if (twice != names.end()) {
      return refuse(fmt::format("holds the key \"{}\" twice", one_line(*twice, kShownKeyBytes)));
    }
    open_.pop_back();
    return true;
  }
  bool start_array(std::size_t) { return open(JsonValue::Kind::kList); }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  // The exception quotes the text around the place, which may be a secret.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    return refuse(fmt::format("is not JSON (at byte {})", position));
  }

  JsonValue root;
  std::string refusal;

 private:
  bool refuse(std::string reason) {
    refusal = std::move(reason);
    return false;
  }
  bool no_nul(const std::string& text) {
    return text.find('\0') == std::string::npos || refuse("holds the character U+0000");
  }
  // Where the next value belongs.
  JsonValue& place() {
    if (open_.empty()) return root;
    JsonValue& parent = *open_.back();
    if (parent.is(JsonValue::Kind::kObject)) return parent.members.back().value;
    return parent.items.emplace_back();
  }
  bool add(JsonValue::Kind kind, std::string text) {
    if (++values_ > most_values_) {
      return refuse(fmt::format("holds more than {} values", most_values_));
    }
    JsonValue& value = place();
    value.kind = kind;
    value.text = std::move(text);
    return true;
  }
  bool open(JsonValue::Kind kind) {
    if (open_.size() == kMaxJsonDepth) {
      return refuse(fmt::format("is nested deeper than {} levels", kMaxJsonDepth));
    }
    if (++values_ > most_values_) {
      return refuse(fmt::format("holds more than {} values", most_values_));
    }
    JsonValue& value = place();
    value.kind = kind;
    // Stays where it is: its parent's list grows only after it has been closed.
    open_.push_back(&value);
    return true;
  }

  std::vector<JsonValue*> open_;
  std::size_t most_values_;
  std::size_t values_ = 0;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const JsonMember& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

const JsonValue* JsonValue::find_set(std::string_view key) const {
  const JsonValue* value = find(key);
  return value == nullptr || value->is(Kind::kNull) ? nullptr : value;
}

std::variant<JsonValue, JsonRefusal> read_json(std::string_view text, std::size_t most_values) {
  TreeBuilder tree{most_values};
  if (nlohmann::json::sax_parse(text, &tree)) return std::move(tree.root);
  return JsonRefusal{std::move(tree.refusal)};
}

std::string key_list(const JsonValue& object) {
  std::vector<std::string> keys;
  for (const JsonMember& member : object.members) {
    if (keys.size() == kShownKeys) break;
    keys.push_back(one_line(member.key, kShownKeyBytes));
  }
  std::string list = fmt::format("{}", fmt::join(keys, ", "));
  if (const std::size_t rest = object.members.size() - keys.size(); rest > 0) {
    list += fmt::format(" (and {} more)", rest);
  }
  return list;
}

std::string description_of(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::kNull: return "null";
    case JsonValue::Kind::kBool: return value.text;
    case JsonValue::Kind::kNumber: return "a number";
    case JsonValue::Kind::kString: return fmt::format("a string of {} bytes", value.text.size());
    case JsonValue::Kind::kList: return fmt::format("a list of {}", value.items.size());
    case JsonValue::Kind::kObject: break;
  }
  if (value.members.empty()) return "an empty object";
  return fmt::format("an object with the key{} {}", value.members.size() == 1 ? "" : "s",
                     key_list(value));
}

}  // namespace drift::sql
