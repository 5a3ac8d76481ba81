#include "drift/runtime_api/runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/http/http.h"

namespace drift::runtime_api {
namespace {

using std::chrono::milliseconds;

// Longer than any function may run, for an invocation that names no deadline.
constexpr milliseconds kLongestInvocation = std::chrono::minutes{15};
// "Do not set a timeout on the GET request": an environment may wait for days. This one is past any
// environment's life, and as many milliseconds as still fit into 31 bits.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-next
constexpr milliseconds kWaitingTime = std::chrono::hours{24 * 20};
// An answer that does not get through to a server on this machine by then never will.
constexpr milliseconds kSendingTime = std::chrono::seconds{10};

// setenv(3) keeps every value it was ever given, since somebody may still read the old one; over
// the life of a busy function that is a leak. This one entry is written over in place.
void set_trace_variable(const std::string& id) {
  static constexpr std::string_view kName = "_X_AMZN_TRACE_ID";
  static std::array<char, 1024> entry;
  if (id.empty() || kName.size() + 1 + id.size() + 1 > entry.size()) {
    ::unsetenv(kName.data());
    return;
  }
  const std::string text = fmt::format("{}={}", kName, id);
  std::memcpy(entry.data(), text.c_str(), text.size() + 1);
  ::putenv(entry.data());
}

// How long the function has. A part is kept back in which its answer can still leave: what is sent
// after the deadline, nobody gets.
milliseconds time_until(std::string_view deadline_ms) {
  std::int64_t deadline = 0;
  const char* end = deadline_ms.data() + deadline_ms.size();
  const auto [rest, error] = std::from_chars(deadline_ms.data(), end, deadline);
  if (error != std::errc{} || rest != end || deadline_ms.empty()) return kLongestInvocation;
  const auto now =
      std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const milliseconds left =
      std::clamp(milliseconds{deadline} - now, milliseconds{0}, kLongestInvocation);
  return left - std::min(left / 10, milliseconds{500});
}

class RuntimeApi {
 public:
  RuntimeApi(const std::string& api, const Log& log) : origin_("http://" + api), log_(log) {}

  // Waits for the next invocation, for ever: Lambda freezes the process meanwhile.
  HttpResponse next(const Stop& stop);
  void answer(const std::string& request_id, std::string body);
  void fail(const std::string& request_id, const Failure& failure);
  void fail_init(const Failure& failure) { post("/init/error", failure); }

 private:
  HttpResponse send(const HttpRequest& request, const Stop& stop);
  HttpResponse post(const std::string& path, HttpHeaders headers, std::string body);
  void post(const std::string& path, const Failure& failure);

  std::string origin_;
  const Log& log_;
  HttpClient http_;
  RetryQuota quota_;
};

HttpResponse RuntimeApi::send(const HttpRequest& request, const Stop& stop) {
  HttpResponse response;
  Retry(quota_).run(
      [&]() -> Attempt {
        response = http_.send(request, stop);
        return {};
      },
      stop);
  // "Container error. Non-recoverable state. Runtime should exit promptly."
  // https://docs.aws.amazon.com/lambda/latest/dg/samples/runtime-api.zip
  if (response.status >= 500) {
    throw Error{Fault::kHttpFailed,
                fmt::format("the Lambda Runtime API answered {} to {}", response.status,
                            request.target.substr(0, request.target.rfind('/') + 1)),
                "the environment is broken: Lambda starts another one"};
  }
  return response;
}

HttpResponse RuntimeApi::post(const std::string& path, HttpHeaders headers, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.origin = origin_;
  request.target = "/2018-06-01/runtime" + path;
  request.headers = std::move(headers);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.timeout = kSendingTime;
  // Not the invocation's: that one may be due, which is just what is to be told.
  const Stop sending{kSendingTime};
  return send(request, sending);
}

void RuntimeApi::post(const std::string& path, const Failure& failure) {
  // The header's value may hold nothing that ends its line; the type is ours, but for a payload's.
  const HttpResponse response =
      post(path, {{"Lambda-Runtime-Function-Error-Type", printable(failure.type)}},
           failure_json(failure));
  if (response.status >= 400) {
    log_.warning("the Lambda Runtime API did not take an error",
                 {{"status", std::to_string(response.status)}, {"error", failure.type}});
  }
}

HttpResponse RuntimeApi::next(const Stop& stop) {
  HttpRequest request;
  request.origin = origin_;
  request.target = "/2018-06-01/runtime/invocation/next";
  request.timeout = kWaitingTime;
  request.max_response_bytes = 16u << 20;
  HttpResponse response = send(request, stop);
  if (response.status != 200) {
    throw Error{
        Fault::kHttpFailed,
        fmt::format("the Lambda Runtime API answered {} instead of an invocation", response.status),
        "is AWS_LAMBDA_RUNTIME_API set by Lambda itself, and by nobody else?"};
  }
  if (response.header("lambda-runtime-aws-request-id").empty()) {
    throw Error{Fault::kHttpFailed, "the Lambda Runtime API gave an invocation without its id",
                "is AWS_LAMBDA_RUNTIME_API set by Lambda itself, and by nobody else?"};
  }
  return response;
}

void RuntimeApi::answer(const std::string& request_id, std::string body) {
  const std::size_t size = body.size();
  if (size > kMostAnswerBytes) return fail(request_id, answer_too_large(size));
  const HttpResponse response =
      post("/invocation/" + request_id + "/response", {}, std::move(body));
  if (response.status == 413) return fail(request_id, answer_too_large(size));
  if (response.status >= 400) {
    log_.warning("the Lambda Runtime API did not take an answer",
                 {{"status", std::to_string(response.status)}, {"request_id", request_id}});
  }
}

void RuntimeApi::fail(const std::string& request_id, const Failure& failure) {
  log_.warning("an invocation failed",
               {{"request_id", request_id}, {"type", failure.type}, {"error", failure.message}});
  post("/invocation/" + request_id + "/error", failure);
}

Invocation read_invocation(HttpResponse response) {
  Invocation invocation;
  invocation.request_id = response.header("lambda-runtime-aws-request-id");
  invocation.function_arn = response.header("lambda-runtime-invoked-function-arn");
  invocation.trace_id = response.header("lambda-runtime-trace-id");
  invocation.client_context = response.header("lambda-runtime-client-context");
  invocation.payload = std::move(response.body);
  return invocation;
}

}  // namespace

void serve(const std::string& api, const std::function<void()>& prepare, const Function& function,
           const Stop& stop, const Log& log) {
  try {
    prepare();
  } catch (...) {
    report_init_error(api, std::current_exception(), log);
    throw;
  }
  RuntimeApi runtime(api, log);
  while (!stop.requested()) {
    HttpResponse next;
    try {
      next = runtime.next(stop);
    } catch (const Error& error) {
      if (stop.requested()) return;
      throw;
    }
    const Stop until{time_until(next.header("lambda-runtime-deadline-ms")), stop};
    const Invocation invocation = read_invocation(std::move(next));
    set_trace_variable(invocation.trace_id);
    std::string answer;
    try {
      answer = function(invocation, until);
    } catch (...) {
      runtime.fail(invocation.request_id, failure_of(std::current_exception(), "Function"));
      continue;
    }
    runtime.answer(invocation.request_id, std::move(answer));
  }
}

void report_init_error(const std::string& api, const std::exception_ptr& error, const Log& log) {
  const Failure failure = failure_of(error, "Runtime");
  try {
    RuntimeApi(api, log).fail_init(failure);
  } catch (const std::exception& unsent) {
    log.warning("Lambda could not be told why the function does not start",
                {{"error", unsent.what()}});
  }
}

namespace {

// "timed_out" -> "TimedOut": the rest of Lambda writes its error types so.
std::string camel_case(std::string_view snake) {
  std::string camel;
  bool upper = true;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
      continue;
    }
    camel += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return camel;
}

}  // namespace

Failure failure_of(const std::exception_ptr& error, const std::string& category) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& told) {
    return {category + "." + camel_case(fault_name(told.fault)),
            told.hint.empty() ? told.what() : fmt::format("{} ({})", told.what(), told.hint)};
  } catch (const std::exception& other) {
    return {category + ".Internal", without_secrets(other.what())};
  } catch (...) {
    return {category + ".Internal", "an exception of an unknown type"};
  }
}

Failure answer_too_large(std::size_t bytes) {
  return {"Function.ResponseSizeTooLarge",
          fmt::format("the answer has {} bytes, more than the {} that Lambda passes on (ask for "
                      "fewer rows or columns)",
                      bytes, kMostAnswerBytes)};
}

std::string failure_json(const Failure& failure) {
  return nlohmann::ordered_json{{"errorMessage", valid_utf8(failure.message)},
                                {"errorType", valid_utf8(failure.type)},
                                {"stackTrace", nlohmann::ordered_json::array()}}
      .dump();
}

}  // namespace drift::runtime_api
