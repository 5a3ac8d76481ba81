#include "drift/aws/services/lambda.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/aws/arn.h"
#include "drift/aws/sigv4.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

bool consists_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || others.find(c) != std::string_view::npos;
  });
}

// How many fields stand before the function's own name; nothing can be told from more of them.
std::size_t fields_before_name(const std::vector<std::string_view>& fields) {
  if (fields.front() == "arn") return 6;  // arn:aws:lambda:REGION:ACCOUNT:function:
  if (fields.front() == "function" && fields.size() > 1) return 1;
  if (fields.size() > 2) return 2;  // ACCOUNT:function:
  return 0;
}

[[noreturn]] void refuse(const std::string& function) {
  throw Error{Fault::kUsage,
              fmt::format("invalid Lambda function \"{}\": neither a name nor an ARN",
                          shortened(function, 200)),
              "write NAME, NAME:QUALIFIER or the ARN arn:aws:lambda:REGION:ACCOUNT:function:NAME"};
}

}  // namespace

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
FunctionName read_function_name(const std::string& function) {
  FunctionName read;
  if (is_arn(function)) read.region = read_arn(ArnOf::kFunction, function).region;
  const std::vector<std::string_view> fields = split(function, ':');
  const std::size_t before = fields_before_name(fields);
  if (fields.size() != before + 1 && fields.size() != before + 2) refuse(function);
  if (before > 0 && fields[before - 1] != "function") refuse(function);
  if (before == 2 && !consists_of(fields[0], "")) refuse(function);
  if (!consists_of(fields[before], "-_")) refuse(function);
  read.name = function;
  if (fields.size() == before + 2) {
    read.qualifier = fields.back();
    if (!consists_of(read.qualifier, "$-_.")) refuse(function);
    read.name.resize(function.size() - read.qualifier.size() - 1);
  }
  return read;
}

Invocation invoke(Session& session, const std::string& function, const std::string& payload,
                  const Stop& stop, bool once) {
  const FunctionName name = read_function_name(function);
  Call call;
  call.service = Service::kLambda;
  call.region = name.region;
  call.operation = "lambda:InvokeFunction";
  call.resource = function;
  // ':' goes over the wire as %3A, and the signature covers %253A.
  call.target = "/2015-03-31/functions/" + uri_encoded(name.name, false) + "/invocations";
  if (!name.qualifier.empty()) call.target += "?Qualifier=" + uri_encoded(name.qualifier, false);
  call.headers = {{"Content-Type", "application/json"},
                  {"X-Amz-Invocation-Type", "RequestResponse"},
                  {"X-Amz-Log-Type", "Tail"}};
  call.body = payload;
  // A shorter one would give up a function that still runs, and start it a second time.
  call.timeout = std::chrono::minutes{15};
  call.once = once;
  HttpResponse response = Client(session).call(call, stop);

  Invocation invocation;
  invocation.function_error = response.header("x-amz-function-error");
  // The tail only explains: one that cannot be read is none.
  invocation.log_tail = base64_decoded(response.header("x-amz-log-result")).value_or("");
  invocation.payload = std::move(response.body);
  return invocation;
}

}  // namespace drift::aws
