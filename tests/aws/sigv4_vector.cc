// Signs one request with the production signer: `sigv4_vector header|query`, one JSON object on
// stdin, one on stdout; a list gives a list. Suites run published and random requests through it.
//
// In: {"method", "target", "headers": [[name, value], ...], "body_b64", "service", "region",
// "timestamp", "access_key_id", "secret_access_key", "token", "omit_session_token",
// "normalize_path", "double_encode_path", "sign_body", "expires"}; "scheme" may say "http", and a
// Host with port 80 means it where nothing is said; "payload_hash" is for queries. Out:
// {"canonical_request", "string_to_sign", "signature", "authorization" or "query"}. What cannot be
// signed is told on stderr, exit code 2.
//
// `sigv4_vector rds` makes database tokens: {"host", "port", "user", "region", "timestamp",
// "access_key_id", "secret_access_key", "token"} gives {"token"}.
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "drift/aws/digest.h"
#include "drift/aws/sigv4.h"
#include "drift/base/base64.h"

namespace {

using nlohmann::json;

// `name` where it is there and not null, else `otherwise`.
template <typename Value>
Value field(const json& input, const char* name, Value otherwise) {
  const auto found = input.find(name);
  return found == input.end() || found->is_null() ? otherwise : found->get<Value>();
}

// "20150830T123600Z" or "2015-08-30T12:36:00Z".
drift::TimePoint time_of(const std::string& text) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  const bool basic = text.find('-') == std::string::npos;
  const char* format = basic ? "%4d%2d%2dT%2d%2d%2dZ%n" : "%4d-%2d-%2dT%2d:%2d:%2dZ%n";
  int length = 0;
  if (std::sscanf(text.c_str(), format, &y, &mo, &d, &h, &mi, &s, &length) != 6 ||
      static_cast<std::size_t>(length) != text.size()) {
    throw std::runtime_error("timestamp is neither 20150830T123600Z nor 2015-08-30T12:36:00Z: " +
                             text);
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 59) {
    throw std::runtime_error("timestamp is no time: " + text);
  }
  return sys_days{date} + hours{h} + minutes{mi} + seconds{s};
}

drift::aws::SigningRequest request_of(const json& input) {
  drift::aws::SigningRequest request;
  request.method = input.at("method").get<std::string>();
  request.target = input.at("target").get<std::string>();
  bool port_80 = false;
  for (const json& header : input.at("headers")) {
    const auto name = header.at(0).get<std::string>();
    const auto value = header.at(1).get<std::string>();
    const bool host = name == "Host" || name == "host";
    port_80 = port_80 || (host && value.size() > 3 && value.substr(value.size() - 3) == ":80");
    request.headers.emplace_back(name, value);
  }
  request.tls = field<std::string>(input, "scheme", port_80 ? "http" : "https") == "https";
  const auto body = drift::base64_decoded(field<std::string>(input, "body_b64", ""));
  if (!body) throw std::runtime_error("body_b64 is not base64");
  request.body = *body;
  return request;
}

drift::aws::SigningScope scope_of(const json& input) {
  drift::aws::SigningScope scope;
  scope.service = input.at("service").get<std::string>();
  scope.region = input.at("region").get<std::string>();
  scope.time = time_of(input.at("timestamp").get<std::string>());
  scope.normalize_path = field(input, "normalize_path", scope.normalize_path);
  scope.double_encode_path = field(input, "double_encode_path", scope.double_encode_path);
  scope.sign_body = field(input, "sign_body", scope.sign_body);
  scope.omit_session_token = field(input, "omit_session_token", scope.omit_session_token);
  return scope;
}

json output_of(const drift::aws::Signature& signature) {
  return {{"canonical_request", signature.canonical_request},
          {"string_to_sign", signature.string_to_sign},
          {"signature", signature.signature}};
}

json signed_as(const std::string& kind, const json& input) {
  const drift::aws::SigningKeys keys{input.at("access_key_id").get<std::string>(),
                                     input.at("secret_access_key").get<std::string>(),
                                     field<std::string>(input, "token", "")};
  if (kind == "rds") {
    return {
        {"token", drift::aws::rds_auth_token(
                      input.at("host").get<std::string>(), input.at("port").get<int>(),
                      input.at("user").get<std::string>(), input.at("region").get<std::string>(),
                      keys, time_of(input.at("timestamp").get<std::string>()))}};
  }
  const auto request = request_of(input);
  const auto scope = scope_of(input);
  if (kind == "header") {
    const auto result = drift::aws::sign_headers(request, scope, keys);
    json output = output_of(result.details);
    output["authorization"] = result.headers.back().second;
    return output;
  }
  const std::chrono::seconds expires{field(input, "expires", 0)};
  const auto result = drift::aws::presign_query(request, scope, keys, expires);
  json output = output_of(result.details);
  output["query"] = result.query;
  return output;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind != "header" && kind != "query" && kind != "rds") {
    std::cerr << "usage: sigv4_vector header|query|rds < request.json\n";
    return 2;
  }
  try {
    const std::string input{std::istreambuf_iterator<char>{std::cin}, {}};
    const json parsed = json::parse(input);
    json output;
    if (parsed.is_array()) {
      output = json::array();
      for (const json& one : parsed) output.push_back(signed_as(kind, one));
    } else {
      output = signed_as(kind, parsed);
    }
    std::cout << output.dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "sigv4_vector: " << error.what() << '\n';
    return 2;
  }
}
