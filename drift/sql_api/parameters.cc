#include "drift/sql_api/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/psycopg_types.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {
namespace {

using sql::JsonValue;
using Kind = JsonValue::Kind;

// The protocol counts parameters in 16 bits.
constexpr std::size_t kMostParameters = 65'535;

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  throw Error{Fault::kUsage, message, hint};
}

// `text_of` gives the text of an element that is no list.
template <typename TextOf>
void append_array(std::string& array, const JsonValue& list, char delimiter,
                  const TextOf& text_of) {
  array += '{';
  for (const JsonValue& item : list.items) {
    if (&item != &list.items.front()) array += delimiter;
    if (item.is(Kind::kList)) {
      append_array(array, item, delimiter, text_of);
      continue;
    }
    const std::optional<std::string> text = text_of(item);
    if (!text) {
      array += "NULL";
      continue;
    }
    array += '"';
    for (const char c : *text) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  array += '}';
}

std::string bytea_text(const std::string& text, std::size_t place) {
  if (text.starts_with("\\x")) return text;
  const std::optional<std::string> bytes = base64_decoded(text);
  if (!bytes) {
    refuse(fmt::format("parameter {} is not Base64, and its place takes bytea", place),
           "send the bytes as answers have them, in Base64, or as \\x and hexadecimal digits");
  }
  return "\\x" + aws::hex_encoded(*bytes);
}

// One value that is no list, for a place or for an element of an array.
std::optional<std::string> scalar_text(const JsonValue& value, Notation notation,
                                       std::size_t place) {
  if (value.is(Kind::kString) && notation == Notation::kBytea) {
    return bytea_text(value.text, place);
  }
  return parameter_text(value);
}

// json[]: each element is a document, which may be a list.
std::string json_array_text(const JsonValue& list) {
  JsonValue documents;
  documents.kind = Kind::kList;
  for (const JsonValue& item : list.items) {
    JsonValue& document = documents.items.emplace_back();
    document = item;
    if (!item.is(Kind::kList)) continue;
    document = {};
    document.kind = Kind::kString;
    document.text = sql::json_text(item);
  }
  std::string array;
  append_array(array, documents, ',', [](const JsonValue& one) { return parameter_text(one); });
  return array;
}

// psycopg's placeholders made into $1, $2, ...
class Translation {
 public:
  Translation(std::string_view sql, const JsonValue& params, const std::vector<Token>& tokens)
      : sql_(sql), params_(params), tokens_(tokens) {
    for (const sql::JsonMember& member : params.members) {
      values_.emplace(member.key, &member.value);
    }
  }

  BoundStatement translate() {
    std::size_t copied = 0;
    for (std::size_t at = sql_.find('%'); at != std::string_view::npos; at = sql_.find('%', at)) {
      copy(copied, at);
      copied = at = placeholder(at);
    }
    copy(copied, sql_.size());
    const std::size_t given = params_.items.size();
    if (params_.is(Kind::kList) && used_ != given) mismatch(used_, given);
    return std::move(bound_);
  }

  [[noreturn]] static void mismatch(std::size_t used, std::size_t given) {
    refuse(fmt::format("the statement has {} and there {} {}", counted(used, "placeholder"),
                       given == 1 ? "is" : "are", counted(given, "parameter")),
           "write $1, $2, ... where the values belong, without quotes around them");
  }

 private:
  void copy(std::size_t from, std::size_t to) {
    if (from == to) return;
    bound_.parts.push_back({bound_.text.size(), from});
    bound_.text += sql_.substr(from, to - from);
  }

  // What stands at the percent sign; gives where it ends.
  std::size_t placeholder(std::size_t at) {
    const char kind = at + 1 < sql_.size() ? sql_[at + 1] : '\0';
    if (kind == '%') {
      copy(at, at + 1);
      return at + 2;
    }
    std::size_t end = at + 2;
    std::string_view name;
    if (kind == '(') {
      const std::size_t close = sql_.find(')', at);
      if (close == std::string_view::npos || close + 1 >= sql_.size() || sql_[close + 1] != 's') {
        lonely();
      }
      name = sql_.substr(at + 2, close - at - 2);
      end = close + 2;
    } else if (kind != 's') {
      lonely();
    }
    require_outside(at);
    const JsonValue& value = kind == '(' ? named(name) : next();
    bound_.parts.push_back({bound_.text.size(), at});
    if (!bound_.text.empty() && continues_word(bound_.text.back())) bound_.text += ' ';
    bound_.text += fmt::format("${}", number_of(name, value));
    if (end < sql_.size() && continues_word(sql_[end])) bound_.text += ' ';
    return end;
  }

  [[noreturn]] static void lonely() {
    refuse("a % that is not a placeholder, in a statement whose parameters are bound with %s",
           "write %% for it, or write the placeholders as $1, $2, ...");
  }

  // A percent sign of a string or a comment is no token of its own.
  void require_outside(std::size_t at) const {
    const auto token = std::lower_bound(tokens_.begin(), tokens_.end(), at,
                                        [](const Token& t, std::size_t o) { return t.begin < o; });
    if (token != tokens_.end() && token->begin == at) return;
    refuse("a placeholder is inside a string, a quoted identifier or a comment",
           "take away the quotes around it: the value is bound, not pasted");
  }

  const JsonValue& named(std::string_view name) const {
    if (!params_.is(Kind::kObject)) {
      refuse("the statement names its parameters, and \"params\" is a list",
             "send \"params\" as an object, or write %s");
    }
    const auto found = values_.find(name);
    if (found == values_.end()) {
      refuse(fmt::format("there is no parameter \"{}\"", sql::one_line(name, 40)),
             "\"params\" must have every name that the statement uses");
    }
    return *found->second;
  }
  const JsonValue& next() {
    if (!params_.is(Kind::kList)) {
      refuse("the statement has %s, and \"params\" is an object",
             "send \"params\" as a list, or write %(name)s");
    }
    if (used_ == params_.items.size()) mismatch(placeholders(), params_.items.size());
    return params_.items[used_++];
  }
  std::size_t placeholders() const {
    std::size_t count = 0;
    for (const Token& token : tokens_) {
      if (token.is_symbol("%") && sql_.substr(token.begin, 2) == "%s") ++count;
    }
    return count;
  }

  // A name that stands twice is one parameter.
  std::size_t number_of(std::string_view name, const JsonValue& value) {
    if (!name.empty()) {
      const auto [known, is_new] = numbers_.emplace(name, bound_.parameters.size() + 1);
      if (!is_new) return known->second;
    }
    bound_.parameters.push_back(parameter_text(value));
    bound_.values.push_back(&value);
    return bound_.parameters.size();
  }

  std::string_view sql_;
  const JsonValue& params_;
  const std::vector<Token>& tokens_;
  BoundStatement bound_;
  std::unordered_map<std::string_view, const JsonValue*> values_;
  std::unordered_map<std::string_view, std::size_t> numbers_;  // of names that stood before
  std::size_t used_ = 0;
};

std::size_t bytes_before(std::string_view text, std::size_t wanted) {
  std::size_t at = 0;
  while (at < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (begins && wanted-- == 0) break;
    ++at;
  }
  return at;
}

}  // namespace

std::optional<std::string> parameter_text(const JsonValue& value) {
  switch (value.kind) {
    case Kind::kNull: return {};
    case Kind::kBool:
    case Kind::kNumber:
    case Kind::kString: return value.text;
    case Kind::kObject: return sql::json_text(value);
    case Kind::kList: break;
  }
  std::string array;
  append_array(array, value, ',', [](const JsonValue& item) { return parameter_text(item); });
  return array;
}

std::optional<std::string> parameter_text(const JsonValue& value, const ValueType& type,
                                          std::size_t place) {
  if (!value.is(Kind::kList)) {
    return scalar_text(value, type.is_array ? Notation::kText : type.notation, place);
  }
  if (type.is_array) {
    if (type.notation == Notation::kJson) return json_array_text(value);
    std::string array;
    append_array(array, value, type.delimiter,
                 [&](const JsonValue& item) { return scalar_text(item, type.notation, place); });
    return array;
  }
  if (type.notation == Notation::kJson) return sql::json_text(value);
  refuse(fmt::format("parameter {} is a list, and its place takes {}", place, type.name),
         "a list is for an array or for json; $1::int[] says what a place takes");
}

bool BoundStatement::depends_on_types() const {
  return std::any_of(values.begin(), values.end(), [](const JsonValue* value) {
    return value->is(Kind::kString) || value->is(Kind::kList);
  });
}

void BoundStatement::take_types(const std::vector<ValueType>& types) {
  for (std::size_t i = 0; i < std::min(types.size(), values.size()); ++i) {
    parameters[i] = parameter_text(*values[i], types[i], i + 1);
  }
}

void BoundStatement::type_by_value() {
  value_types.clear();
  for (const JsonValue* value : values) value_types.push_back(type_of_value(*value));
}

int BoundStatement::original_position(int position, std::string_view original) const {
  if (position <= 0) return 0;
  const std::size_t at = bytes_before(text, static_cast<std::size_t>(position - 1));
  const Part* part = nullptr;
  for (const Part& one : parts) {
    if (one.here <= at) part = &one;
  }
  if (part == nullptr) return position;
  const std::size_t there = std::min(part->there + (at - part->here), original.size());
  return static_cast<int>(characters(original.substr(0, there))) + 1;
}

BoundStatement bound_statement(std::string_view sql, const JsonValue& params, bool of_psycopg) {
  const std::vector<Token> tokens = sql_tokens(sql);
  std::size_t highest = 0;
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::kParameter) continue;
    std::size_t number = 0;
    const char* end = token.text.data() + token.text.size();
    const auto [rest, failure] = std::from_chars(token.text.data(), end, number);
    if (failure != std::errc{} || rest != end || number == 0 || number > kMostParameters) {
      refuse("a placeholder has an impossible number", "they are $1, $2, ...");
    }
    highest = std::max(highest, number);
  }
  const std::size_t given = params.is(Kind::kObject) ? params.members.size() : params.items.size();
  if (given > kMostParameters) {
    refuse(fmt::format("there are more than {} parameters", kMostParameters),
           "send a list as one parameter: = ANY ($1)");
  }
  const bool translates = given > 0 || (of_psycopg && !params.is(Kind::kNull));
  if (highest == 0 && translates) return Translation(sql, params, tokens).translate();
  if (params.is(Kind::kObject) && given > 0) {
    refuse("the placeholders are numbered, and \"params\" is an object",
           "send \"params\" as a list, or write %(name)s");
  }
  if (highest != given) Translation::mismatch(highest, given);
  BoundStatement bound;
  bound.text = sql;
  for (const JsonValue& value : params.items) {
    bound.parameters.push_back(parameter_text(value));
    bound.values.push_back(&value);
  }
  return bound;
}

}  // namespace drift::sql_api
