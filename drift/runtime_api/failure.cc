#include "drift/runtime_api/failure.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"

namespace drift::runtime_api {
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
