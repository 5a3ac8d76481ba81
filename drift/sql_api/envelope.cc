#include "drift/sql_api/envelope.h"

#include <variant>

#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::sql_api {
namespace {

constexpr std::string_view kError = "{\"error\":{";

// What may stand behind: a closing brace, and the sentence that a record could not be written.
constexpr std::size_t kTail = 1'024;

std::string enclosed(std::string_view status, std::string_view body) {
  std::string json = "{\"statusCode\":";
  json += status;
  json += ",\"body\":";
  sql::append_json_string(json, body);
  return json;
}

std::string_view without_braces(std::string_view object) {
  return object.substr(1, object.size() - 2);
}

}  // namespace

std::optional<std::string> closed(Envelope envelope, std::string json, std::size_t most_bytes) {
  if (envelope == Envelope::kBare) return json;
  json += '}';
  std::string answer = enclosed("200", json);
  if (answer.size() + kTail > most_bytes) return {};
  return answer;
}

std::string proxied_health(const std::string& healthy) {
  const std::string parts(without_braces(healthy));
  std::string answer = enclosed("200", "{\"result\":{" + parts + "}," + parts + "}");
  return answer + "," + parts + "}";
}

std::string proxied_error(const std::string& answer, bool of_health_check) {
  const auto read = sql::read_json(answer);
  const auto* json = std::get_if<sql::JsonValue>(&read);
  const sql::JsonValue* error = json == nullptr ? nullptr : json->find("error");
  sql::JsonObject body;
  if (error != nullptr) {
    if (const sql::JsonValue* message = error->find("message")) body.add("error", message->text);
    for (const sql::JsonMember& part : error->members) {
      if (part.key != "message") body.add_json(part.key, sql::json_text(part.value));
    }
  }
  if (of_health_check) body.add_json("healthy", "false");
  const std::string text = body.take();
  std::string proxied = enclosed("500", text);
  if (of_health_check) proxied += "," + std::string(without_braces(text));
  return proxied + "}";
}

bool is_error_answer(std::string_view answer) { return answer.starts_with(kError); }

}  // namespace drift::sql_api
