// A SqlSource over the SQL API: the JSON contract of a Lambda function inside the VPC.
#pragma once

#include <memory>
#include <string>

#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}
namespace drift::aws {
class Session;
}

namespace drift::sql {

// `function`: NAME, NAME:QUALIFIER or an ARN. Nothing is sent before the first query.
// A query is the payload {"query": "..."}; drift/sql/api_client_answer.h says what may come back.
// The function runs each query in a transaction of its own, with the rights and the search_path of
// the role that it connects as. A function that failed is a SqlFailure where the SQLSTATE is known
// from its errorType, else Error{kSqlApiFailed}; both tell errorType, errorMessage and the end of
// its log. Throws as SqlSource::query and aws::Client::call.
std::unique_ptr<SqlSource> open_sql_api(aws::Session& session, const std::string& function,
                                        const Stop& stop);

}  // namespace drift::sql
