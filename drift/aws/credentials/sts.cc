#include "drift/aws/credentials/sts.h"

#include <fmt/format.h>

#include <utility>

#include "drift/aws/client.h"
#include "drift/aws/endpoint.h"
#include "drift/aws/retry_rules.h"
#include "drift/aws/service_error.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

// One call to STS while there are no credentials yet for drift/aws/client.h to call with.
class StsCall {
 public:
  // `as` is null for an unsigned call.
  StsCall(const CredentialContext& context, std::string operation, const Role& role,
          const Credentials* as)
      : context_(context), as_(as) {
    call_.service = Service::kSts;
    call_.operation = "sts:" + operation;
    call_.resource = role.arn;
    const auto region = context.environment.region();
    if (!region) {
      throw Error{Fault::kConfiguration,
                  fmt::format("{} needs a region, and none is set", call_name(call_)),
                  "set AWS_REGION, or region in the profile"};
    }
    region_ = *region;
    const Endpoint endpoint = endpoint_of(Service::kSts, region_, context.environment);
    form_ = {{"Action", std::move(operation)},
             {"Version", "2011-06-15"},
             {"RoleArn", role.arn},
             {"RoleSessionName", session_name(role)}};
    if (role.duration_seconds > 0) {
      form_.emplace_back("DurationSeconds", std::to_string(role.duration_seconds));
    }
    request_.method = "POST";
    request_.origin = endpoint.origin;
    request_.target = endpoint.path_prefix + "/";
    request_.headers = {{"Host", host_header(endpoint.origin)}};
    request_.max_response_bytes = 1u << 20;
  }

  void add(const std::string& name, const std::string& value) {
    if (!value.empty()) form_.emplace_back(name, value);
  }

  Credentials credentials(const std::string& source, const Stop& stop) {
    set_form(call_, form_);
    request_.headers.insert(request_.headers.end(), call_.headers.begin(), call_.headers.end());
    request_.body = call_.body;
    HttpResponse response;
    try {
      Retry(context_.quota).run([&] { return attempt(response, stop); }, stop);
    } catch (const Error& error) {
      if (error.fault == Fault::kInterrupted) throw;
      throw named(call_, error);
    }
    return parsed(response, source);
  }

 private:
  std::string session_name(const Role& role) const {
    if (!role.session_name.empty()) return role.session_name;
    // CloudTrail shows it, so it says who it was.
    return fmt::format("schema-drift-{}", context_.clock.now().time_since_epoch().count());
  }

  Attempt attempt(HttpResponse& response, const Stop& stop) {
    HttpRequest request = request_;
    const TimePoint now = context_.clock.now() + skew_;
    if (as_ != nullptr) {
      SigningScope scope;
      scope.service = service_name(Service::kSts);
      scope.region = region_;
      scope.time = now;
      const SigningRequest to_sign{request.method, request.target, request.headers, request.body,
                                   request.origin.starts_with("https:")};
      for (auto& header : sign_headers(to_sign, scope, as_->keys).headers) {
        request.headers.push_back(std::move(header));
      }
    }
    response = context_.http.send(request, stop);
    if (response.status >= 200 && response.status <= 299) return {};

    const ServiceError error = parse_service_error(response);
    Attempt outcome;
    outcome.kind = Attempt::Kind::kFailed;
    outcome.error = explained(error);
    outcome.retry_after = retry_after(response);
    switch (retry_rule(Service::kSts, error)) {
      case RetryRule::kTransient: outcome.kind = Attempt::Kind::kTransient; break;
      case RetryRule::kThrottling: outcome.kind = Attempt::Kind::kThrottling; break;
      case RetryRule::kClockIsOff:
        outcome.immediately = correct_clock(response, now, std::chrono::seconds{0});
        break;
      case RetryRule::kClockMayBeOff:
        outcome.immediately = correct_clock(response, now, kSuspiciousSkew);
        break;
      case RetryRule::kNever:
      case RetryRule::kTokenExpired: break;
    }
    if (outcome.immediately) outcome.kind = Attempt::Kind::kTransient;
    return outcome;
  }

  Error explained(const ServiceError& error) const {
    Error why = refusal(call_, error, as_ == nullptr ? "web identity token" : as_->source);
    if (why.fault == Fault::kAccessDenied) {
      why.hint = as_ == nullptr
                     ? "let the role's trust policy name the token's issuer, audience and subject"
                     : why.hint + ", and let the role's trust policy name it";
    }
    return why;
  }

  // For this call alone, and once: drift/aws/client.h corrects the clock for the others.
  bool correct_clock(const HttpResponse& response, TimePoint signed_at,
                     std::chrono::seconds least) {
    const auto server = server_time(response);
    if (as_ == nullptr || corrected_ || !server) return false;
    if (std::chrono::abs(*server - signed_at) < least) return false;
    corrected_ = true;
    skew_ += *server - signed_at;
    return true;
  }

  Credentials parsed(const HttpResponse& response, const std::string& source) const {
    const pugi::xml_document document = parse_xml(response.body);
    const pugi::xml_node given = first_element(document, "Credentials");
    Credentials credentials;
    credentials.keys = {xml_text(given.child("AccessKeyId")),
                        xml_text(given.child("SecretAccessKey")),
                        xml_text(given.child("SessionToken"))};
    credentials.expires = parse_rfc3339(xml_text(given.child("Expiration")));
    credentials.source = source;
    if (credentials.keys.access_key_id.empty() || credentials.keys.secret_access_key.empty() ||
        credentials.keys.session_token.empty() || !credentials.expires) {
      throw Error{Fault::kNoCredentials, fmt::format("{} gave no credentials", call_name(call_)),
                  "what answered may not be AWS STS: check AWS_ENDPOINT_URL_STS and the proxy"};
    }
    return credentials;
  }

  const CredentialContext& context_;
  const Credentials* as_;
  Call call_;
  std::string region_;
  Form form_;
  HttpRequest request_;
  std::chrono::seconds skew_{0};
  bool corrected_ = false;
};

}  // namespace

Credentials assume_role(const CredentialContext& context, const Role& role, const Credentials& as,
                        const Stop& stop) {
  StsCall call(context, "AssumeRole", role, &as);
  remember_secret(role.external_id);
  call.add("ExternalId", role.external_id);
  return call.credentials(fmt::format("role {} as {}", printable(role.arn), as.source), stop);
}

ExchangeCredentials assuming(Role role) {
  return
      [role = std::move(role)](const CredentialContext& context, const Credentials& as,
                               const Stop& stop) { return assume_role(context, role, as, stop); };
}

Credentials assume_role_with_web_identity(const CredentialContext& context, const Role& role,
                                          const std::string& token, const Stop& stop) {
  StsCall call(context, "AssumeRoleWithWebIdentity", role, nullptr);
  call.add("WebIdentityToken", token);
  return call.credentials(fmt::format("web identity role {}", printable(role.arn)), stop);
}

CallerIdentity caller_identity(Session& session, const Stop& stop) {
  Call call;
  call.service = Service::kSts;
  call.operation = "sts:GetCallerIdentity";
  call.max_response_bytes = 1u << 20;
  set_form(call, {{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}});
  const HttpResponse response = Client(session).call(call, stop);
  const pugi::xml_document document = parse_xml(response.body);
  const pugi::xml_node caller = first_element(document, "GetCallerIdentityResult");
  CallerIdentity identity{xml_text(caller.child("Account")), xml_text(caller.child("Arn")),
                          server_time(response)};
  if (identity.arn.empty() || identity.account.empty()) {
    throw Error{Fault::kAwsFailed,
                "sts:GetCallerIdentity was answered with success, but not by STS (no Arn)",
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_STS"};
  }
  return identity;
}

}  // namespace drift::aws
