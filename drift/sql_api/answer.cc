#include "drift/sql_api/answer.h"

#include <fmt/format.h>

#include "drift/base/printable.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {
namespace {

std::string_view type_name(Fault fault) {
  switch (fault) {
    case Fault::kUsage: return "invalid_request";
    case Fault::kUnsupported: return "refused";
    case Fault::kReportNotStored: return "audit_failed";
    case Fault::kTooManyRows: return "answer_too_large";
    default: return fault_name(fault);
  }
}

// What the server leaves unsaid. The routine and not the words: those may be in any language.
std::string_view own_hint(const sql::ServerError& error) {
  if (error.sqlstate == "42501" && error.routine == "check_enable_rls") {
    return "\"row_security\": true in the request lets the policies choose the rows";
  }
  if (error.sqlstate == "57014" && error.routine == "ProcessInterrupts") {
    return "\"timeout_ms\" gives a statement more time, up to that of the function";
  }
  return "";
}

void append_member(std::string& json, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  if (json.back() != '{') json += ',';
  append_string(json, key);
  json += ':';
  append_string(json, text);
}

}  // namespace

std::string error_answer(const Error& error) {
  return error_answer(type_name(error.fault), error.what(), error.hint);
}

std::string error_answer(std::string_view type, std::string_view message, std::string_view hint) {
  std::string json = "{\"error\":{";
  append_member(json, "type", type);
  append_member(json, "message", printable(message));
  append_member(json, "hint", printable(hint));
  return json + "}}";
}

std::string error_answer(const sql::ServerError& error) {
  std::string json = "{\"error\":{";
  append_member(json, "type", "sql_failed");
  append_member(json, "sqlstate", error.sqlstate);
  append_member(json, "message", error.message);
  append_member(json, "detail", error.detail);
  append_member(json, "hint", error.hint.empty() ? own_hint(error) : error.hint);
  if (error.position > 0) json += fmt::format(",\"position\":{}", error.position);
  return json + "}}";
}

}  // namespace drift::sql_api
