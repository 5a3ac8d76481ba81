// What stands around an answer of the SQL API. Deployments differ in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "drift/base/error.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/strict_json.h"

namespace drift::sql {

struct OpenedAnswer {
  JsonValue content;
  std::optional<int> status;  // of the envelope
  std::string_view what;      // "a text" or "a body": what the content was, for messages
};

// The answer out of its envelope: the bare value, or the body of {"statusCode", "body"}, which is a
// value or a JSON string of one. An error beside the body, and the plain words that gateways answer
// with a status of 400 and above, come back as a failure; an error in the content does not.
// Throws as sql_api_answer for what is no JSON, for rows beside a body, for a status that is none
// and for a body in Base64.
// More than `most_values` values are refused, too.
std::variant<OpenedAnswer, SqlFailure> open_answer(const std::string& payload,
                                                   std::size_t most_values = kMaxJsonValues);

// The higher of `status` and the one that `content` itself names. Throws as open_answer.
std::optional<int> worse_status(const JsonValue& content, std::optional<int> status);

// Error{kSqlApiFailed} "the SQL API WHAT".
Error not_understood(const std::string& what);

}  // namespace drift::sql
