#include "drift/runtime_api/invoke.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string_view>

#include "drift/base/log.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/runtime_api/runtime.h"

namespace drift::runtime_api {
namespace {

constexpr std::string_view kBefore = "/2015-03-31/functions/";
constexpr std::string_view kAfter = "/invocations";

// The names under which the loopback is reached without a name server.
bool is_own_host(std::string_view host, std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::string_view port = authority.substr(colon);
  const std::string_view address = authority.substr(0, colon);
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return host == address || ascii_lower(host) == "localhost";
}

// What a form or a script may send to a foreign server without asking it.
bool is_from_a_form(std::string_view content_type) {
  const std::string type = ascii_lower(content_type.substr(0, content_type.find(';')));
  return type.starts_with("text/plain") || type.starts_with("multipart/form-data") ||
         type.starts_with("application/x-www-form-urlencoded");
}

std::optional<Refusal> refused_sender(const RequestHead& head, const std::string& authority) {
  // Two readers of such a head could each believe another one.
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  const auto hosts = std::count_if(head.headers.begin(), head.headers.end(),
                                   [](const auto& header) { return header.first == "host"; });
  if (hosts != 1) {
    return Refusal{400, "BadRequestException",
                   fmt::format("the request has {} Host headers and must have one", hosts)};
  }
  if (!is_own_host(head.header("host"), authority)) {
    return Refusal{403, "AccessDeniedException",
                   fmt::format("the host of this server is {}, not {}", authority,
                               shortened(head.header("host")))};
  }
  if (!head.header("origin").empty() || !head.header("sec-fetch-site").empty()) {
    return Refusal{403, "AccessDeniedException", "this server answers no browser"};
  }
  if (is_from_a_form(head.header("content-type"))) {
    return Refusal{415, "UnsupportedMediaTypeException",
                   "a payload is application/json or has no content type"};
  }
  return {};
}

// NAME, function:NAME, ACCOUNT:function:NAME, an ARN, each with :QUALIFIER or without. Where there
// is but one function, its name has to look like one, no more.
bool split_qualifier(const std::string& text, InvokeCall& into) {
  const bool plain =
      !text.empty() && text.size() <= 256 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view(":-_$.").find(static_cast<char>(c)) != std::string_view::npos;
      });
  if (!plain) return false;
  const std::size_t function = text.rfind("function:");
  const std::size_t name = function == std::string::npos ? 0 : function + 9;
  const std::size_t colon = text.find(':', name);
  into.function = text.substr(0, colon);
  if (colon != std::string::npos) into.qualifier = text.substr(colon + 1);
  return into.function.size() > name && into.qualifier.find(':') == std::string::npos;
}

Refusal no_such_path(const RequestHead& head) {
  return {404, "ResourceNotFoundException",
          fmt::format("{} {} is not POST {}NAME{}", shortened(head.method, 20),
                      shortened(head.target), kBefore, kAfter)};
}

constexpr std::size_t kLogTailBytes = 4'096;

std::string log_of(const InvokeCall& call, const std::string& request_id,
                   const std::optional<Failure>& failure, double milliseconds) {
  std::string text = fmt::format("START RequestId: {} Version: {}\n", request_id, call.qualifier);
  if (failure) text += fmt::format("[ERROR] {}: {}\n", failure->type, failure->message);
  text += fmt::format("END RequestId: {}\nREPORT RequestId: {}\tDuration: {:.2f} ms\n", request_id,
                      request_id, milliseconds);
  if (text.size() > kLogTailBytes) text.erase(0, text.size() - kLogTailBytes);
  return text;
}

}  // namespace

std::string_view RequestHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string Refusal::json() const {
  return nlohmann::ordered_json{{"Type", status < 500 ? "User" : "Service"}, {"Message", message}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::variant<InvokeCall, Refusal> read_invoke(const RequestHead& head,
                                              const std::string& authority) {
  if (auto refusal = refused_sender(head, authority)) return *std::move(refusal);

  const std::string_view target = head.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  if (head.method != "POST" || !path.starts_with(kBefore) || !path.ends_with(kAfter) ||
      path.size() < kBefore.size() + kAfter.size()) {
    return no_such_path(head);
  }
  path.remove_prefix(kBefore.size());
  path.remove_suffix(kAfter.size());

  InvokeCall call;
  const std::string name = percent_decoded(path);
  if (!split_qualifier(name, call)) {
    return Refusal{400, "ValidationException",
                   fmt::format("\"{}\" names no Lambda function", shortened(name))};
  }
  constexpr std::string_view kQualifier = "?Qualifier=";
  const std::string_view query = target.substr(question);
  if (query.starts_with(kQualifier)) call.qualifier = percent_decoded(query.substr(11));
  if (call.qualifier.empty()) call.qualifier = "$LATEST";

  const std::string_view type = head.header("x-amz-invocation-type");
  if (type == "Event") {
    call.type = InvokeCall::Type::kEvent;
  } else if (type == "DryRun") {
    call.type = InvokeCall::Type::kDryRun;
  } else if (!type.empty() && type != "RequestResponse") {
    return Refusal{400, "InvalidParameterValueException",
                   fmt::format("unknown invocation type \"{}\"", shortened(type))};
  }
  call.wants_log = head.header("x-amz-log-type") == "Tail";
  call.trace_id = head.header("x-amzn-trace-id");
  call.client_context = head.header("x-amz-client-context");
  return call;
}

InvokeResponse carry_out(const InvokeCall& call, const Invocation& invocation,
                         const Function& function, const Stop& stop, const Log& log) {
  const auto begin = std::chrono::steady_clock::now();
  InvokeResponse response;
  std::optional<Failure> failure;
  try {
    response.body = function(invocation, stop);
    if (response.body.size() > kMostAnswerBytes) failure = answer_too_large(response.body.size());
  } catch (...) {
    failure = failure_of(std::current_exception(), "Function");
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  log.info("invocation", {{"request_id", invocation.request_id},
                          {"duration_ms", fmt::format("{:.2f}", took.count())},
                          {"error", failure ? failure->type : ""}});
  if (failure) log.warning("an invocation failed", {{"error", failure->message}});
  if (call.type == InvokeCall::Type::kEvent) return {202, {}, "", ""};

  response.headers.emplace_back("X-Amz-Executed-Version", call.qualifier);
  if (failure) {
    response.headers.emplace_back("X-Amz-Function-Error", "Unhandled");
    response.body = failure_json(*failure);
  }
  response.log_tail = log_of(call, invocation.request_id, failure, took.count());
  return response;
}

std::string new_request_id() {
  std::random_device random;
  const auto bits = [&] { return (std::uint64_t{random()} << 32) | random(); };
  const std::uint64_t high = (bits() & ~std::uint64_t{0xf000}) | 0x4000;  // version 4
  const std::uint64_t low = (bits() >> 2) | (std::uint64_t{2} << 62);     // of RFC 9562
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace drift::runtime_api
