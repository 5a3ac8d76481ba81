#include "drift/runtime_api/invoke_response.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "drift/base/log.h"
#include "drift/runtime_api/failure.h"

namespace drift::runtime_api {
namespace {

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
