// A SqlSource over the SQL API: the JSON contract of a Lambda function inside the VPC.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::sql {

// `function`: NAME, NAME:QUALIFIER or an ARN. Nothing is sent before the first query.
// A query is {"query": "..."}; see sql_api_answer for what may come back.
// Throws as SqlSource::query and aws::Client::call; a function that failed is Error{kSqlApiFailed}
// with errorType, errorMessage and the end of its log.
std::unique_ptr<SqlSource> open_sql_api(aws::Session& session, const std::string& function,
                                        const Stop& stop);

// The rows or the SQL error in what the function returned, whichever of the deployed envelopes it
// is in: the bare object; {"statusCode", "body"} with body an object or a JSON string; rows as
// lists or as objects by column name; errors as {"error": "..."}, {"error": {...}} or a status of
// 400 and above. Never guesses: anything else (a body without rows, rows of unequal length, a
// column that some rows lack, a value that is no scalar) throws Error{kSqlApiFailed} saying what
// was seen. Pure.
std::variant<ResultSet, SqlFailure> sql_api_answer(const std::string& payload);

}  // namespace drift::sql
