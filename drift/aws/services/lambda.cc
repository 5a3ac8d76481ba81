#include "drift/aws/services/lambda.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/aws/sigv4.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

constexpr std::string_view kLettersAndDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool consists_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return kLettersAndDigits.find(c) != std::string_view::npos ||
           others.find(c) != std::string_view::npos;
  });
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  for (std::size_t end; (end = text.find(':', start)) != std::string::npos; start = end + 1) {
    fields.push_back(text.substr(start, end - start));
  }
  fields.push_back(text.substr(start));
  return fields;
}

// How many fields stand before the function's own name; nothing can be told from more of them.
std::size_t fields_before_name(const std::vector<std::string>& fields) {
  if (fields.front() == "arn") return 6;  // arn:aws:lambda:REGION:ACCOUNT:function:
  if (fields.front() == "function" && fields.size() > 1) return 1;
  if (fields.size() > 2) return 2;  // ACCOUNT:function:
  return 0;
}

[[noreturn]] void refuse(const std::string& function) {
  throw Error{Fault::kConfiguration,
              fmt::format("\"{}\" names no Lambda function", printable(function)),
              "write NAME, NAME:QUALIFIER or the ARN arn:aws:lambda:REGION:ACCOUNT:function:NAME"};
}

}  // namespace

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax
FunctionName read_function_name(const std::string& function) {
  const std::vector<std::string> fields = split(function);
  const std::size_t before = fields_before_name(fields);
  if (fields.size() != before + 1 && fields.size() != before + 2) refuse(function);
  if (before > 0 && fields[before - 1] != "function") refuse(function);
  if (before == 2 && !consists_of(fields[0], "")) refuse(function);

  FunctionName read;
  if (before == 6) {
    if (!fields[1].starts_with("aws") || fields[2] != "lambda" || !consists_of(fields[3], "-") ||
        !consists_of(fields[4], "")) {
      refuse(function);
    }
    read.region = fields[3];
  }
  for (std::size_t i = 0; i <= before; ++i) read.name += (i == 0 ? "" : ":") + fields[i];
  if (!consists_of(fields[before], "-_")) refuse(function);
  if (fields.size() == before + 2) {
    read.qualifier = fields.back();
    if (!consists_of(read.qualifier, "$-_.")) refuse(function);
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
