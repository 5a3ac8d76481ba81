#include "drift/aws/service_error.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "drift/aws/xml.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestMessage = 600;
constexpr std::size_t kLongestWord = 128;  // codes, request ids, regions

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
  const std::string lower = ascii_lower(page.substr(0, 4096));
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
  const pugi::xml_document document = parse_xml(body);
  const auto text = [&](const char* name) { return xml_text(first_element(document, name)); };
  if (!first_element(document, "Code")) return std::nullopt;
  Raw raw{text("Code"), text("Message"), text("RequestId"), text("Region")};
  if (raw.request_id.empty()) raw.request_id = text("RequestID");
  return raw;
}

Raw read_body(const std::string& body) {
  const std::string_view text = trimmed(body);
  std::optional<Raw> raw;
  if (text.starts_with('{')) raw = read_json(body);
  if (text.starts_with('<')) raw = read_xml(body);
  if (raw) return *raw;
  Raw other;
  const std::string_view title = page_title(text);
  other.message = title.empty() ? text : title;
  return other;
}

}  // namespace

ServiceError parse_service_error(const HttpResponse& response) {
  Raw raw = read_body(response.body);
  if (const auto type = response.header("x-amzn-errortype"); !type.empty()) raw.code = type;
  // Of several the last of these counts.
  for (const char* name : {"x-amzn-request-id", "x-amz-request-id", "x-amzn-requestid"}) {
    if (const auto id = response.header(name); !id.empty()) raw.request_id = id;
  }
  if (const auto region = response.header("x-amz-bucket-region"); !region.empty()) {
    raw.region = region;
  }

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
