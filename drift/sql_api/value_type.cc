#include "drift/sql_api/value_type.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include "drift/base/base64.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/sql/json_text.h"

namespace drift::sql_api {
namespace {

constexpr std::int64_t kLargestExact = std::int64_t{1} << 53U;

void append_big_number(std::string& json, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool exact = failure == std::errc{} && end == text.data() + text.size() &&
                     number <= kLargestExact && number >= -kLargestExact;
  if (exact) {
    json += text;
  } else {
    sql::append_json_string(json, text);
  }
}

// PostgreSQL's finite numbers are JSON's: a digit on both sides of the point, no leading '+'.
void append_number(std::string& json, std::string_view text) {
  const bool finite = !text.empty() && is_digit(text.back());
  if (finite) {
    json += text;
  } else {
    sql::append_json_string(json, text);
  }
}

// In Base64, which JSON need not escape.
void append_bytea(std::string& out, std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(text[i]) * 16 + hex_digit(text[i + 1]));
  }
  out += base64_encoded(bytes);
}

// As it is, but in one line: between its tokens, where alone a newline can stand, any blank will
// do.
void append_one_line(std::string& json, std::string_view text) {
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

// "03:00:00.5": a fraction has six digits, which readers of ISO 8601 as strict as Python's before
// 3.11 want, and a whole second none. PostgreSQL leaves zeros at the end out.
void append_clock(std::string& json, std::string_view text) {
  constexpr std::size_t kDigits = 6;
  json += text;
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return;
  const std::size_t digits = text.size() - point - 1;
  if (digits < kDigits) json.append(kDigits - digits, '0');
}

// "2026-11-20 03:00:00.5+02 BC": T for the blank, +02:00 for +02. "infinity" has neither.
void append_time(std::string& out, std::string_view text, Notation notation) {
  const bool has_date = notation != Notation::kTime && notation != Notation::kTimeWithZone;
  const bool has_zone =
      notation == Notation::kTimestampWithZone || notation == Notation::kTimeWithZone;
  const std::size_t blank = has_date ? text.find(' ') : 0;
  if (blank == std::string_view::npos) {
    out += text;
    return;
  }
  std::string_view rest = text;
  if (has_date) {
    out += text.substr(0, blank);
    out += 'T';
    rest.remove_prefix(blank + 1);
  }
  const std::size_t era = std::min(rest.find(' '), rest.size());
  const std::size_t zone = has_zone ? std::min(zone_of(rest, 0), era) : era;
  append_clock(out, rest.substr(0, zone));
  out += rest.substr(zone, era - zone);
  if (era - zone == 3) out += ":00";
  out += rest.substr(era);
}

void append_scalar(std::string& json, std::string_view text, Notation notation) {
  switch (notation) {
    case Notation::kText: return sql::append_json_string(json, text);
    case Notation::kBool: json += text == "t" ? "true" : "false"; return;
    case Notation::kNumber:
    case Notation::kFloat: return append_number(json, text);
    case Notation::kBigNumber: return append_big_number(json, text);
    case Notation::kJson: return append_one_line(json, text);
    case Notation::kBytea:
      if (!text.starts_with("\\x")) return sql::append_json_string(json, text);
      [[fallthrough]];
    case Notation::kTimestamp:
    case Notation::kTimestampWithZone:
    case Notation::kTime:
    case Notation::kTimeWithZone:
      json += '"';
      if (notation == Notation::kBytea) {
        append_bytea(json, text);
      } else {
        append_time(json, text, notation);
      }
      json += '"';
      return;
  }
}

// MAXDIM of PostgreSQL.
constexpr int kMostDimensions = 6;

// PostgreSQL's text format of arrays. Tells what the text holds in its order: '[' and ']' where a
// dimension begins and ends, ',' between two elements, and each element unquoted, nothing for NULL.
// Lower bounds ("[0:2]={...}") are passed over.
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
class ArrayReader {
 public:
  ArrayReader(std::string_view text, char delimiter, const std::function<void(char)>& mark,
              const std::function<void(std::optional<std::string_view>)>& element)
      : text_(text), delimiter_(delimiter), mark_(mark), element_(element) {}

  // False for a text of another form; what was told is then of no use.
  bool read() {
    if (!text_.empty() && text_.front() == '[') {
      const std::size_t equals = text_.find('=');
      if (equals == std::string_view::npos) return false;
      at_ = equals + 1;
    }
    return dimension(1) && at_ == text_.size();
  }

 private:
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool dimension(int depth) {
    if (depth > kMostDimensions || !take('{')) return false;
    mark_('[');
    if (!take('}')) {
      do {
        if (!one(depth)) return false;
      } while (next());
      if (!take('}')) return false;
    }
    mark_(']');
    return true;
  }
  bool next() {
    if (!take(delimiter_)) return false;
    mark_(',');
    return true;
  }

  bool one(int depth) {
    if (at_ < text_.size() && text_[at_] == '{') return dimension(depth + 1);
    if (take('"')) return quoted();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '}') {
      // array_out quotes an element with a backslash in it.
      if (text_[at_] == '\\' || text_[at_] == '"') return false;
      ++at_;
    }
    const std::string_view bare = text_.substr(begin, at_ - begin);
    if (bare.empty()) return false;
    // A text that is the word NULL comes in quotes.
    if (bare == "NULL") {
      element_(std::nullopt);
    } else {
      element_(bare);
    }
    return true;
  }

  bool quoted() {
    unquoted_.clear();
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') {
        element_(unquoted_);
        return true;
      }
      if (c == '\\') {
        if (at_ == text_.size()) return false;
        c = text_[at_++];
      }
      unquoted_ += c;
    }
    return false;
  }

  std::string_view text_;
  char delimiter_;
  const std::function<void(char)>& mark_;
  const std::function<void(std::optional<std::string_view>)>& element_;
  std::size_t at_ = 0;
  std::string unquoted_;
};

}  // namespace

void append_value(std::string& json, std::string_view text, const ValueType& type) {
  if (!type.is_array) return append_scalar(json, text, type.notation);
  const std::size_t begin = json.size();
  const auto mark = [&](char c) { json += c; };
  const auto element = [&](std::optional<std::string_view> value) {
    if (value) {
      append_scalar(json, *value, type.notation);
    } else {
      json += "null";
    }
  };
  if (ArrayReader(text, type.delimiter, mark, element).read()) return;
  json.resize(begin);
  sql::append_json_string(json, text);
}

void append_plain(std::string& out, std::string_view text, const ValueType& type) {
  if (type.is_array) return append_value(out, text, type);
  switch (type.notation) {
    case Notation::kJson: return append_one_line(out, text);
    case Notation::kBytea:
      if (text.starts_with("\\x")) return append_bytea(out, text);
      break;
    case Notation::kTimestamp:
    case Notation::kTimestampWithZone:
    case Notation::kTime:
    case Notation::kTimeWithZone: return append_time(out, text, type.notation);
    default: break;
  }
  out += text;
}

}  // namespace drift::sql_api
