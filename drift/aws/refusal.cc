#include "drift/aws/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "drift/aws/client.h"
#include "drift/aws/retry_rules.h"
#include "drift/aws/service_error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::aws {
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
