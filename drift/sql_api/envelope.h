// What answers are put into.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace drift::sql_api {

// How answers are put: bare, or as the DB proxy's callers read them: {"statusCode": 200, "body":
// "{\"result\": ...}"}, numbers of every type as JSON numbers.
enum class Envelope { kBare, kProxy };

// `json`, an object that nothing closes yet, in its envelope, whose own brace is not closed either;
// nothing where that and what may follow is more than `most_bytes`.
std::optional<std::string> closed(Envelope envelope, std::string json, std::size_t most_bytes);

// Whether `answer` is an error, bare.
bool is_error_answer(std::string_view answer);

// The answer to a health check, `healthy`, for whoever reads the envelope's body, the "result" in
// it, or neither. Requires an object.
std::string proxied_health(const std::string& healthy);

// `answer`, an error as drift/sql_api/answer.h writes it, as {"statusCode": 500, "body":
// "{\"error\": \"message\", ...}"}, with the error's other parts beside it in the body. A health
// check's also says "healthy": false.
std::string proxied_error(const std::string& answer, bool of_health_check);

}  // namespace drift::sql_api
