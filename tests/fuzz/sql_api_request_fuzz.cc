// Anybody who may invoke the function writes its requests, and what the database holds comes back:
// no bytes may do more than be refused, and what is let through must be what it was taken for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/parameters.h"
#include "drift/sql_api/request.h"
#include "drift/sql_api/sql_tokens.h"
#include "drift/sql_api/statement.h"
#include "drift/sql_api/value_type.h"

namespace {

using drift::Error;
using namespace drift::sql_api;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_json(const std::string& text) {
  require(std::holds_alternative<drift::sql::JsonValue>(drift::sql::read_json(text)));
}

void require_refusal(const Error& error) {
  require(error.fault == drift::Fault::kUsage || error.fault == drift::Fault::kUnsupported);
  require(drift::printable(error.what()) == error.what());
  require_json(error_answer(error));
}

void check_statement(const std::string& sql, const drift::sql::JsonValue& params) {
  const StatementFacts facts = statement_facts(sql);
  require(!facts.verb.empty());
  std::size_t end = 0;
  for (const Token& token : sql_tokens(sql)) {
    require(token.begin >= end && token.end > token.begin && token.end <= sql.size());
    end = token.end;
  }
  const BoundStatement bound = bound_statement(sql, params);
  require(bound.parameters.size() <= 65'535);
  // Binding changes placeholders and nothing else: the same verb, still one statement.
  require(statement_facts(bound.text).verb == facts.verb);
  for (const int position : {1, 7, 1'000'000}) {
    require(bound.original_position(position, sql) >= 1);
  }
}

void check_value(std::string_view text) {
  for (const Notation notation :
       {Notation::kText, Notation::kBytea, Notation::kTimestamp, Notation::kTimestampWithZone,
        Notation::kTimeWithZone, Notation::kBigNumber}) {
    for (const bool is_array : {false, true}) {
      std::string json = "[";
      append_value(json, text, {"", notation, is_array, ','});
      require(json.size() > 1);
    }
  }
  std::string json;
  drift::sql::append_json_string(json, text);
  if (text.find('\0') == std::string_view::npos) require_json(json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const Request request = read_request(text);
    if (!request.sql.empty()) check_statement(request.sql, request.params);
    if (!request.table.empty()) require(!table_name(request.table, request.schema).table.empty());
  } catch (const Error& error) {
    require_refusal(error);
  }
  try {
    check_statement(text, {});
  } catch (const Error& error) {
    require_refusal(error);
  }
  check_value(text);
  return 0;
}
