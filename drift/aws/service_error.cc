#include "drift/aws/service_error.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "drift/aws/xml.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

using nlohmann::json;

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kLongestMessage = 600;
constexpr std::size_t kLongestWord = 128;  // codes, request ids, regions

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The first line only: the further lines of a signature error are the canonical request, and with
// it the session token.
std::string one_line(std::string_view text, std::size_t most) {
  text = trimmed(text);
  text = trimmed(text.substr(0, text.find_first_of("\r\n")));
  return shortened(text, most - std::string_view("...").size());
}

// "com.amazonaws.ssm#ParameterNotFound:http://internal..." is ParameterNotFound.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
std::string bare_code(std::string_view code) {
  code = trimmed(code);
  code = code.substr(0, code.find(':'));
  const std::size_t hash = code.rfind('#');
  if (hash != std::string_view::npos) code.remove_prefix(hash + 1);
  return one_line(code, kLongestWord);
}

std::string text_member(const json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto member = object.find(name);
    if (member == object.end()) continue;
    if (member->is_string()) return member->get<std::string>();
    if (member->is_number_integer()) return member->dump();
  }
  return {};
}

// The text between <title> and its end: what a load balancer's or a proxy's page has to say.
std::string_view page_title(std::string_view page) {
  std::string lower(page.substr(0, 4096));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  const std::size_t start = lower.find("<title>");
  if (start == std::string::npos) return {};
  const std::size_t text = start + 7;
  const std::size_t end = lower.find("</title>", text);
  if (end == std::string::npos) return {};
  return page.substr(text, end - text);
}

struct Raw {
  std::string code, message, request_id, region;
};

std::optional<Raw> read_json(const std::string& body) {
  const json document = json::parse(body, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  Raw raw;
  raw.code = text_member(document, {"__type", "code", "Code"});
  // Lambda's own errors say "Message", most others "message"; a function's say "errorMessage".
  raw.message = text_member(document, {"message", "Message", "errorMessage"});
  return raw;
}

std::optional<Raw> read_xml(const std::string& body) {
  auto texts = xml_texts(body, {"Code", "Message", "RequestId", "RequestID", "Region"});
  if (texts.count("Code") == 0) return std::nullopt;
  Raw raw;
  raw.code = std::move(texts["Code"]);
  raw.message = std::move(texts["Message"]);
  raw.request_id = std::move(texts["RequestId"]);
  if (raw.request_id.empty()) raw.request_id = std::move(texts["RequestID"]);
  raw.region = std::move(texts["Region"]);
  return raw;
}

Raw read_body(const std::string& body) {
  const std::string_view text = trimmed(body);
  std::optional<Raw> raw;
  if (text.substr(0, 1) == "{") raw = read_json(body);
  if (text.substr(0, 1) == "<") raw = read_xml(body);
  if (raw) return *raw;
  Raw other;
  const std::string_view title = page_title(text);
  other.message = title.empty() ? text : title;
  return other;
}

std::string first_header(const HttpResponse& response,
                         std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string_view value = response.header(name);
    if (!value.empty()) return std::string(value);
  }
  return {};
}

}  // namespace

ServiceError parse_service_error(const HttpResponse& response) {
  Raw raw = read_body(response.body);
  const std::string type = first_header(response, {"x-amzn-errortype"});
  if (!type.empty()) raw.code = type;
  const std::string id =
      first_header(response, {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"});
  if (!id.empty()) raw.request_id = id;
  const std::string region = first_header(response, {"x-amz-bucket-region"});
  if (!region.empty()) raw.region = region;

  // Before anything is cut: half of a secret would no longer be known.
  for (std::string* text : {&raw.code, &raw.message, &raw.request_id, &raw.region}) {
    *text = without_secrets(*text);
  }
  ServiceError error;
  error.status = response.status;
  error.code = bare_code(raw.code);
  error.message = one_line(raw.message, kLongestMessage);
  error.request_id = one_line(raw.request_id, kLongestWord);
  error.region = one_line(raw.region, kLongestWord);
  return error;
}

}  // namespace drift::aws
