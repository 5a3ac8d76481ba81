#include "drift/sql_api/gateway_event.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <variant>

#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"
#include "drift/sql_api/envelope.h"

namespace drift::sql_api {
namespace {

using sql::JsonValue;
using Kind = JsonValue::Kind;

constexpr std::size_t kMostNameCharacters = 256;

// The string at `path`, "" where there is none.
std::string text_at(const JsonValue& event, std::initializer_list<std::string_view> path) {
  const JsonValue* value = &event;
  for (const std::string_view key : path) {
    value = value->is(Kind::kObject) ? value->find_set(key) : nullptr;
    if (value == nullptr) return "";
  }
  return value->is(Kind::kString) ? value->text : "";
}

std::string name_in(const JsonValue& context) {
  for (const std::string& name : {
           text_at(context, {"authorizer", "iam", "userArn"}),
           text_at(context, {"identity", "userArn"}),
           text_at(context, {"authorizer", "jwt", "claims", "sub"}),
           text_at(context, {"authorizer", "claims", "sub"}),
           text_at(context, {"authorizer", "lambda", "principalId"}),
           text_at(context, {"authorizer", "principalId"}),
       }) {
    if (!name.empty()) return sql::one_line(name, kMostNameCharacters);
  }
  return "";
}

std::string body_of(const JsonValue& event) {
  const JsonValue* body = event.find_set("body");
  if (body == nullptr || !body->is(Kind::kString)) {
    throw Error{Fault::kUsage, "the event has no body", "send the request as the body of a POST"};
  }
  const JsonValue* encoded = event.find_set("isBase64Encoded");
  if (encoded == nullptr || encoded->text != "true") return body->text;
  auto decoded = base64_decoded(body->text);
  if (!decoded) throw Error{Fault::kUsage, "the event's body is not Base64"};
  return *std::move(decoded);
}

}  // namespace

GatewayRequest gateway_request(std::string_view event) {
  const auto read = sql::read_json(event);
  const auto* json = std::get_if<JsonValue>(&read);
  const JsonValue* context =
      json != nullptr && json->is(Kind::kObject) ? json->find_set("requestContext") : nullptr;
  if (context == nullptr) {
    throw Error{Fault::kUsage, "the request is not an event of API Gateway",
                "the function serves API Gateway alone (--envelope gateway)"};
  }
  Caller caller{name_in(*context), true};
  if (caller.name.empty()) {
    throw Error{Fault::kAccessDenied, "API Gateway does not say who asks",
                "give the route an authorizer: IAM, JWT or a function"};
  }
  return {body_of(*json), std::move(caller)};
}

std::string gateway_answer(const std::string& answer) {
  std::string_view status = "200";
  if (is_error_answer(answer)) {
    const auto read = sql::read_json(answer);
    const auto* json = std::get_if<JsonValue>(&read);
    const std::string type = json == nullptr ? "" : text_at(*json, {"error", "type"});
    constexpr std::array<std::string_view, 4> kMendable = {"invalid_request", "refused",
                                                           "sql_failed", "answer_too_large"};
    const bool mendable = std::find(kMendable.begin(), kMendable.end(), type) != kMendable.end();
    status = mendable ? "400" : type == "access_denied" ? "403" : "500";
  }
  sql::JsonObject wrapped;
  wrapped.add_json("statusCode", status);
  wrapped.add_json("headers", R"({"content-type":"application/json"})");
  return wrapped.add("body", answer).take();
}

}  // namespace drift::sql_api
