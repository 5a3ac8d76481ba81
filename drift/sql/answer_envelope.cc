#include "drift/sql/answer_envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "drift/base/likely_secrets.h"
#include "drift/sql/api_error.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

using Kind = JsonValue::Kind;

constexpr std::array<std::string_view, 2> kStatusKeys = {"statusCode", "status_code"};

[[noreturn]] void refuse(const std::string& what) { throw not_understood(what); }

JsonValue value_of(const std::string& text, std::string_view what, std::size_t most_values) {
  auto read = read_json(text, most_values);
  if (const auto* refusal = std::get_if<JsonRefusal>(&read)) {
    refuse(fmt::format("answered {} that {}", what, refusal->reason));
  }
  return std::get<JsonValue>(std::move(read));
}

// The HTTP-like status of an envelope; nothing where it has none.
std::optional<int> status_of(const JsonValue& object) {
  for (const std::string_view key : kStatusKeys) {
    const JsonValue* value = object.find(key);
    if (value == nullptr) continue;
    int status = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [rest, failure] = std::from_chars(value->text.data(), end, status);
    if (!value->is(Kind::kNumber) || failure != std::errc{} || rest != end || status < 100 ||
        status > 599) {
      refuse(fmt::format("answered a {} that is {}, not one from 100 to 599", key,
                         description_of(*value)));
    }
    return status;
  }
  return {};
}

}  // namespace

Error not_understood(const std::string& what) {
  return Error{Fault::kSqlApiFailed, "the SQL API " + what,
               "a query is answered by {\"columns\", \"rows\", \"row_count\"}, bare or as the body "
               "of {\"statusCode\", \"body\"}"};
}

std::optional<int> worse_status(const JsonValue& content, std::optional<int> status) {
  const std::optional<int> own = status_of(content);
  return own && (!status || *own > *status) ? own : status;
}

std::variant<OpenedAnswer, SqlFailure> open_answer(const std::string& payload,
                                                   std::size_t most_values) {
  if (payload.empty()) refuse("answered nothing");
  JsonValue answer = value_of(payload, "a text", most_values);
  const auto member = std::find_if(answer.members.begin(), answer.members.end(),
                                   [](const JsonMember& one) { return one.key == "body"; });
  if (member == answer.members.end()) return OpenedAnswer{std::move(answer), {}, "a text"};
  JsonValue* body = &member->value;

  if (answer.find("rows") != nullptr) {
    refuse("answered both rows and a body, so that it is not clear which counts");
  }
  const std::optional<int> status = status_of(answer);
  if (auto failure = api_error(answer, 200)) return *std::move(failure);
  const bool failed = status && *status >= 400;
  if (!body->is(Kind::kString)) {
    if (failed && !body->is(Kind::kObject))
      return SqlFailure{"", fmt::format("status {}", *status)};
    return OpenedAnswer{std::move(*body), status, "a body"};
  }
  const JsonValue* encoded = answer.find("isBase64Encoded");
  if (encoded != nullptr && encoded->is(Kind::kBool) && encoded->text == "true") {
    refuse("answered a body in Base64, which is for binary data");
  }
  // API Gateway's own errors, and those of frameworks, may be plain words.
  if (failed) {
    auto read = read_json(body->text);
    auto* value = std::get_if<JsonValue>(&read);
    if (value != nullptr && value->is(Kind::kObject)) {
      return OpenedAnswer{std::move(*value), status, "a body"};
    }
    return SqlFailure{
        "", fmt::format("status {}: {}", *status, one_line(without_likely_secrets(body->text)))};
  }
  return OpenedAnswer{value_of(body->text, "a body", most_values), status, "a body"};
}

}  // namespace drift::sql
