#include "drift/aws/service_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "drift/aws/client.h"
#include "drift/aws/retry_rules.h"
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

namespace {

bool among(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// What stands in `text` after `start`, up to the first of `ends`; "" where `start` is missing.
std::string_view after(std::string_view text, std::string_view start, std::string_view ends) {
  const std::size_t at = text.find(start);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + start.size());
  return text.substr(0, text.find_first_of(ends));
}

// What IAM says where it says more than "Access Denied". The wording is documented, so it can be
// read: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
struct Denial {
  std::string principal, action, resource;
  // "service control policy"; "" where it is the identity's own policy, or not said.
  std::string policy;
  bool explicit_deny = false;
};

Denial read_denial(const Call& call, const std::string& message) {
  Denial denial;
  denial.action = after(message, "not authorized to perform: ", " ");
  // SNS writes its own name in capitals; policies are written as the documentation does.
  if (denial.action.empty() || ascii_lower(denial.action) == ascii_lower(call.operation)) {
    denial.action = call.operation;
  }
  denial.resource = after(message, "on resource: \"", "\"");
  if (denial.resource.empty()) denial.resource = after(message, "on resource: ", " ");
  // Cut off with the message, or not said: what was asked for.
  if (denial.resource.empty() || denial.resource.ends_with("...")) denial.resource = call.resource;
  denial.principal = after(message, "User: ", " ");

  denial.explicit_deny = message.find("explicit deny") != std::string::npos;
  std::string_view policy =
      after(message, denial.explicit_deny ? "explicit deny in " : "because no ", "");
  policy = policy.substr(0, policy.find(" policy"));
  for (const std::string_view article : {"a ", "an "}) {
    if (policy.starts_with(article)) policy.remove_prefix(article.size());
  }
  constexpr std::string_view kBoundary = "permissions boundary";
  if (policy.starts_with(kBoundary)) {
    denial.policy = kBoundary;
  } else if (among(policy, {"resource-based", "service control", "resource control", "session",
                            "VPC endpoint"}) ||
             (denial.explicit_deny && policy == "identity-based")) {
    denial.policy = fmt::format("{} policy", policy);
  }
  return denial;
}

// An assumed role's ARN names a session; policies are attached to the role.
std::string identity_name(const std::string& principal, const std::string& source) {
  if (principal.empty()) return fmt::format("the identity that calls (credentials: {})", source);
  constexpr std::string_view kAssumed = ":assumed-role/";
  const std::size_t at = principal.find(kAssumed);
  if (at == std::string::npos) return principal;
  const std::string role = principal.substr(at + kAssumed.size());
  return "the role " + role.substr(0, role.find('/'));
}

std::string denial_hint(const Call& call, const ServiceError& error, const std::string& source) {
  const Denial denial = read_denial(call, error.message);
  const std::string identity = identity_name(denial.principal, source);
  // Secrets Manager says only this where the key's policy or the role's lacks the right.
  if (error.message.find("Access to KMS is not allowed") != std::string::npos) {
    return fmt::format("grant kms:Decrypt on the KMS key of {} to {}", call.resource, identity);
  }
  const std::string where = denial.resource.empty() ? "" : " on " + denial.resource;
  if (denial.explicit_deny) {
    return fmt::format("{} denies {}{} to {}: take that statement out, or use another identity",
                       denial.policy.empty() ? "a policy" : "the " + denial.policy, denial.action,
                       where, identity);
  }
  return fmt::format("grant {}{} to {}{}", denial.action, where, identity,
                     denial.policy.empty() ? "" : ", in the " + denial.policy);
}

std::string other_hint(const Call& call, const ServiceError& error, const std::string& source) {
  const std::string_view code = error.code;
  if (among(code, {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
                   "InvalidToken", "MissingAuthenticationToken",
                   "MissingAuthenticationTokenException"})) {
    return fmt::format(
        "AWS does not know these credentials (source: {}): they may have been "
        "deleted, or belong to another partition",
        source);
  }
  switch (retry_rule(call.service, error)) {
    case RetryRule::kClockMayBeOff:
      return fmt::format("the secret access key may not belong to its access key id (source: {})",
                         source);
    case RetryRule::kClockIsOff:
      return "the clock of this machine is wrong: check its time synchronisation";
    case RetryRule::kTokenExpired:
      return fmt::format("the session token has expired (source: {}): get a new one", source);
    case RetryRule::kNever:
    case RetryRule::kTransient:
    case RetryRule::kThrottling: break;
  }
  if (among(code, {"ResourceNotFoundException", "NoSuchBucket", "NotFound", "NotFoundException"})) {
    return "check the name, the account and the region";
  }
  if (code.starts_with("KMS")) {
    return "the KMS key is missing or disabled, or its policy does not let it be used";
  }
  if (error.status == 429) return "AWS limits the rate of these calls: try again later";
  if (error.status >= 500) return "the service has a fault: try again later";
  return "the code is explained in the service's API reference";
}

// Whether it said that a right is missing, and not that the credentials are bad.
bool is_access_denied(const ServiceError& error) {
  return among(error.code,
               {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError",
                "UnauthorizedOperation", "NotAuthorized", "KMSAccessDenied"}) ||
         // A proxy's or a load balancer's own refusal names no right that could be granted.
         (error.status == 403 && !error.code.empty() &&
          error.message.find("not authorized to perform: ") != std::string::npos);
}

// "Code: message", as much of it as there is.
std::string what_it_said(const ServiceError& error) {
  if (error.code.empty()) {
    return error.message.empty() ? "the answer says nothing" : "\"" + error.message + "\"";
  }
  return error.message.empty() ? error.code : error.code + ": " + error.message;
}

}  // namespace

std::string call_name(const Call& call) {
  if (call.resource.empty()) return call.operation;
  return call.operation + " on " + printable(call.resource);
}

Error refusal(const Call& call, const ServiceError& error, const std::string& source) {
  const std::string message =
      fmt::format("{} (HTTP {}{})", what_it_said(error), error.status,
                  error.request_id.empty() ? std::string{} : ", request id " + error.request_id);
  if (is_access_denied(error)) {
    return Error{Fault::kAccessDenied, message, printable(denial_hint(call, error, source))};
  }
  return Error{Fault::kAwsFailed, message, printable(other_hint(call, error, source))};
}

Error named(const Call& call, const Error& error) {
  const char* verb = error.fault == Fault::kAccessDenied ? "was denied" : "failed";
  return Error{error.fault, fmt::format("{} {}: {}", call_name(call), verb, error.what()),
               error.hint, error.retryable};
}

}  // namespace drift::aws
