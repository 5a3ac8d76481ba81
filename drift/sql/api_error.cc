#include "drift/sql/api_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/likely_secrets.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {
namespace {

using Kind = JsonValue::Kind;

constexpr std::array<std::string_view, 3> kErrorKeys = {"error", "errors", "errorMessage"};
constexpr std::array<std::string_view, 5> kMessageKeys = {"message", "errorMessage", "msg",
                                                          "detail", "description"};
constexpr std::array<std::string_view, 5> kTypeKeys = {"type", "errorType", "error_type", "name",
                                                       "class"};
// What a line that is shown may weigh before it is searched for secrets.
constexpr std::size_t kLongestLine = 4'096;
constexpr std::size_t kLogLines = 3;
constexpr std::size_t kLogLineBytes = 200;

// A class of psycopg2 (asyncpg appends "Error") and the SQLSTATE that it stands for: functions
// that answer the name of the exception seldom answer its pgcode too.
// https://www.psycopg.org/docs/errors.html#sqlstate-exception-classes
struct NamedState {
  std::string_view name, sqlstate;
};
constexpr std::array<NamedState, 19> kNamedStates = {{
    {"UndefinedTable", "42P01"},          {"UndefinedColumn", "42703"},
    {"InvalidSchemaName", "3F000"},       {"InsufficientPrivilege", "42501"},
    {"LockNotAvailable", "55P03"},        {"QueryCanceled", "57014"},
    {"SerializationFailure", "40001"},    {"DeadlockDetected", "40P01"},
    {"TooManyConnections", "53300"},      {"AdminShutdown", "57P01"},
    {"CrashShutdown", "57P02"},           {"CannotConnectNow", "57P03"},
    {"InvalidPassword", "28P01"},         {"InvalidAuthorizationSpecification", "28000"},
    {"InvalidCatalogName", "3D000"},      {"CharacterNotInRepertoire", "22021"},
    {"UntranslatableCharacter", "22P05"}, {"InFailedSqlTransaction", "25P02"},
    {"ReadOnlySqlTransaction", "25006"},
}};

std::string text_of(const JsonValue& object, const std::array<std::string_view, 5>& keys) {
  for (const std::string_view key : keys) {
    const JsonValue* value = object.find(key);
    if (value != nullptr && value->is(Kind::kString) && !value->text.empty()) return value->text;
  }
  return {};
}

// The first line, fit to be shown.
std::string told(std::string_view text, std::size_t most = 300) {
  text = text.substr(0, std::min(text.find('\n'), kLongestLine));
  return one_line(without_likely_secrets(text), most);
}

std::string sqlstate_of_name(std::string_view type) {
  const std::size_t dot = type.rfind('.');
  if (dot != std::string_view::npos) type.remove_prefix(dot + 1);
  for (const NamedState& known : kNamedStates) {
    if (!type.starts_with(known.name)) continue;
    const std::string_view rest = type.substr(known.name.size());
    if (rest.empty() || rest == "Error") return std::string(known.sqlstate);
  }
  return {};
}

std::string sqlstate_of(const JsonValue& object) {
  for (const std::string_view key : {"sqlstate", "sqlState", "SQLSTATE", "sql_state", "pgcode",
                                     "code", "error_code", "errorCode"}) {
    const JsonValue* value = object.find(key);
    if (value != nullptr && value->is(Kind::kString) && is_sqlstate(value->text)) {
      return value->text;
    }
  }
  return sqlstate_of_name(text_of(object, kTypeKeys));
}

// "type: message" of a structured error, as much of it as there is.
std::string words_of(const JsonValue& error) {
  if (error.is(Kind::kString)) return error.text;
  if (error.is(Kind::kList) && !error.items.empty()) return words_of(error.items.front());
  std::string type = text_of(error, kTypeKeys);
  const std::string message = text_of(error, kMessageKeys);
  // Our own handler's word for any error of the server, which the SQLSTATE tells better.
  if (type == fault_name(Fault::kSqlFailed)) type.clear();
  if (type.empty() || message.empty()) return type + message;
  return type + ": " + message;
}

// What stands under "error" or the like. `"error": null`, false and "" say that there was none.
const JsonValue* error_member(const JsonValue& object) {
  for (const std::string_view key : kErrorKeys) {
    const JsonValue* value = object.find_set(key);
    if (value == nullptr) continue;
    const bool nothing = (value->is(Kind::kBool) && value->text == "false") ||
                         (value->is(Kind::kString) && value->text.empty()) ||
                         (value->is(Kind::kList) && value->items.empty());
    if (!nothing) return value;
  }
  return nullptr;
}

bool says_failed(const JsonValue& object) {
  for (const std::string_view key : {"success", "ok"}) {
    const JsonValue* value = object.find(key);
    if (value != nullptr && value->is(Kind::kBool) && value->text == "false") return true;
  }
  const JsonValue* status = object.find("status");
  if (status == nullptr || !status->is(Kind::kString)) return false;
  constexpr std::array<std::string_view, 6> kWords = {"error",  "ERROR",   "failed",
                                                      "FAILED", "failure", "fail"};
  return std::find(kWords.begin(), kWords.end(), status->text) != kWords.end();
}

// The last own lines of a Lambda log: not those that Lambda writes around every invocation.
std::string end_of_log(std::string_view log) {
  constexpr std::array<std::string_view, 5> kPlatform = {
      "START RequestId", "END RequestId", "REPORT RequestId", "INIT_START", "XRAY TraceId"};
  std::vector<std::string> lines;
  while (!log.empty()) {
    // Lambda's Python runtime writes a traceback as one event, its lines parted by '\r'.
    const std::size_t end = log.find_first_of("\r\n");
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos ||
        std::any_of(kPlatform.begin(), kPlatform.end(),
                    [&](auto begin) { return line.starts_with(begin); })) {
      continue;
    }
    lines.push_back(told(line.substr(start), kLogLineBytes));
  }
  if (lines.size() > kLogLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kLogLines));
  }
  return fmt::format("{}", fmt::join(lines, " | "));
}

}  // namespace

std::optional<SqlFailure> api_error(const JsonValue& object, int status) {
  const JsonValue* error = error_member(object);
  if (error == nullptr && !says_failed(object) && status < 400) return {};
  SqlFailure failure;
  std::string words;
  if (error != nullptr) {
    failure.sqlstate = sqlstate_of(*error);
    // {"error": "UndefinedTable", "message": "..."}
    if (failure.sqlstate.empty()) failure.sqlstate = sqlstate_of_name(error->text);
    words = words_of(*error);
  }
  // What stands beside the error may tell more than the error.
  if (failure.sqlstate.empty()) failure.sqlstate = sqlstate_of(object);
  const std::string beside = text_of(object, kMessageKeys);
  if (words.empty() || words == beside) {
    words = words_of(object);
  } else if (!beside.empty()) {
    words += ": " + beside;
  }
  if (status >= 400) {
    words = fmt::format("status {}{}{}", status, words.empty() ? "" : ": ", words);
  }
  failure.message = words.empty() ? "no reason given" : told(words);
  return failure;
}

FunctionFailure function_failure(const std::string& payload, const std::string& log_tail) {
  FunctionFailure failure;
  const auto read = read_json(payload);
  if (const auto* value = std::get_if<JsonValue>(&read)) {
    failure.sqlstate = sqlstate_of(*value);
    // A function that is out of time says so without an errorType, or with Sandbox.Timedout.
    failure.timed_out = words_of(*value).find("Task timed out after") != std::string::npos;
    failure.message = told(words_of(*value));
  }
  if (failure.message.empty()) failure.message = "no reason given";
  failure.log_end = end_of_log(log_tail);
  return failure;
}

}  // namespace drift::sql
