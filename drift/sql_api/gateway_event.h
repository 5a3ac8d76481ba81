// A request that API Gateway or a function URL hands over, and the answer that it takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "drift/sql_api/caller.h"

namespace drift::sql_api {

struct GatewayRequest {
  std::string payload;  // the body: a request as docs/sql-api.md has it
  Caller caller;        // verified: API Gateway checked who asks before it invoked the function
};

// `event` of a Lambda proxy integration, payload format 1.0 or 2.0. Who asks is, in this order, the
// signer (IAM: userArn), the subject of a token (JWT, Cognito: sub), or the principal that a Lambda
// authorizer named. Whoever may invoke the function itself can write an event with any name in it:
// that only API Gateway may, is for whoever deploys it.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
// Throws Error{kUsage} for what is no such event and for one without a body, Error{kAccessDenied}
// where it names nobody: a route without an authorizer is open to everybody. Pure.
GatewayRequest gateway_request(std::string_view event);

// `answer`, a bare one in JSON, as {"statusCode", "headers", "body"}: 200, or 400 for an error that
// the caller can mend, 403 where it names nobody, and 500 for every other.
std::string gateway_answer(const std::string& answer);

// The most bytes that a bare answer may have so that, in its envelope, it has no more than `most`:
// a string in JSON takes two bytes for a quotation mark.
constexpr std::size_t most_gateway_bytes(std::size_t most) { return (most - 200) / 2; }

}  // namespace drift::sql_api
