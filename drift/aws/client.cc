#include "drift/aws/client.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "drift/aws/retry_rules.h"
#include "drift/aws/service_error.h"
#include "drift/aws/sigv4.h"
#include "drift/base/error.h"
#include "drift/base/retry.h"

namespace drift::aws {
namespace {

// curl sends header lines as they are, so a line end in a value would be another header.
void require_single_lines(const Call& call) {
  for (const auto& [name, value] : call.headers) {
    if (value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) continue;
    throw Error{Fault::kConfiguration,
                fmt::format("{}: the value for header {} has a line end", call_name(call), name),
                "check the settings of this call for stray line ends"};
  }
}

std::string origin_of(const Endpoint& endpoint, const std::string& host_prefix) {
  std::string origin = endpoint.origin;
  if (!host_prefix.empty()) origin.insert(origin.find("://") + 3, host_prefix);
  return origin;
}

HttpRequest unsigned_request(const Call& call, const Endpoint& endpoint) {
  HttpRequest request;
  request.method = call.method;
  request.origin = origin_of(endpoint, call.host_prefix);
  request.target = endpoint.path_prefix + call.target;
  request.headers.emplace_back("Host", host_header(request.origin));
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  request.body = call.body;
  request.max_response_bytes = call.max_response_bytes;
  request.timeout = call.timeout;
  return request;
}

HttpRequest signed_request(HttpRequest request, const Call& call, const std::string& region,
                           const SigningKeys& keys, TimePoint now) {
  SigningScope scope;
  scope.service = service_name(call.service);
  scope.region = region;
  scope.time = now;
  const bool s3 = call.service == Service::kS3;
  scope.normalize_path = scope.double_encode_path = !s3;
  scope.sign_body = s3;
  SignedHeaders added = sign_headers({request.method, request.target, request.headers, request.body,
                                      request.origin.starts_with("https:")},
                                     scope, keys);
  for (auto& header : added.headers) request.headers.push_back(std::move(header));
  return request;
}

// One call's way through its attempts.
class Exchange {
 public:
  Exchange(Session& session, const Call& call, const Stop& stop)
      : session_(session),
        call_(call),
        stop_(stop),
        region_(call.region.empty() ? session.region() : call.region),
        request_(
            unsigned_request(call, endpoint_of(call.service, region_, session.environment()))) {}

  Answer run() {
    try {
      Retry(session_.quota()).run([this] { return attempt(); }, stop_);
    } catch (const Error& error) {
      // Nobody to call as is no failure of this call, and an interruption is nobody's.
      if (unable_to_sign_ || error.fault == Fault::kInterrupted) throw;
      if (!worth_another_ && answer_.error) {
        answer_.failure = named(call_, error);
        return std::move(answer_);
      }
      throw named(call_, with_last_request_id(error));
    }
    return std::move(answer_);
  }

 private:
  Attempt attempt() {
    answer_.error.reset();
    unable_to_sign_ = true;
    const Credentials credentials = session_.credentials(stop_);
    const TimePoint now = session_.now();
    HttpRequest request = signed_request(request_, call_, region_, credentials.keys, now);
    // Where no answer came the next attempt takes a new connection: another kept one may be dead as
    // well, and would have the call sent once more than the attempts say.
    request.repeatable = !call_.once && !unanswered_;
    unable_to_sign_ = false;
    try {
      answer_.response = session_.http().send(request, stop_);
    } catch (const Error& error) {
      unanswered_ = true;
      worth_another_ = error.retryable && !call_.once;
      return {
          worth_another_ ? Attempt::Kind::kTransient : Attempt::Kind::kFailed, error, {}, false};
    }
    const int status = answer_.response.status;
    if (status >= 200 && status <= 299) return {};
    answer_.error = parse_service_error(answer_.response);
    return refused(credentials, now);
  }

  Attempt refused(const Credentials& credentials, TimePoint now) {
    Attempt outcome;
    outcome.kind = Attempt::Kind::kFailed;
    switch (retry_rule(call_.service, *answer_.error)) {
      case RetryRule::kNever: break;
      case RetryRule::kTransient:
        if (!call_.once) outcome.kind = Attempt::Kind::kTransient;
        break;
      case RetryRule::kThrottling: outcome.kind = Attempt::Kind::kThrottling; break;
      case RetryRule::kClockIsOff: outcome.immediately = correct_clock(now, {}); break;
      case RetryRule::kClockMayBeOff:
        outcome.immediately = correct_clock(now, kSuspiciousSkew);
        break;
      case RetryRule::kTokenExpired: outcome.immediately = renew(credentials); break;
    }
    if (outcome.immediately) outcome.kind = Attempt::Kind::kTransient;
    worth_another_ = outcome.kind != Attempt::Kind::kFailed;
    outcome.retry_after = retry_after(answer_.response);
    // Without the request's id, or no two failures were alike and each would be told in full.
    ServiceError told = *answer_.error;
    if (worth_another_) told.request_id.clear();
    outcome.error = refusal(call_, told, credentials.source);
    return outcome;
  }

  Error with_last_request_id(const Error& error) const {
    if (!answer_.error || answer_.error->request_id.empty()) return error;
    return Error{error.fault,
                 fmt::format("{}, last request id {}", error.what(), answer_.error->request_id),
                 error.hint, error.retryable};
  }

  // Whether there is reason to sign again: once a call, or a server whose own clock is wrong would
  // be believed for ever.
  bool correct_clock(TimePoint signed_at, std::chrono::seconds least) {
    const auto server = server_time(answer_.response);
    if (!server || clock_corrected_) return false;
    if (std::chrono::abs(*server - signed_at) < least) return false;
    clock_corrected_ = true;
    session_.correct_clock(*server);
    return true;
  }

  // Whether there are other credentials than those that have expired.
  bool renew(const Credentials& used) {
    if (renewed_) return false;
    renewed_ = true;
    unable_to_sign_ = true;
    session_.expire(used, stop_);
    const SigningKeys keys = session_.credentials(stop_).keys;
    unable_to_sign_ = false;
    return keys.access_key_id != used.keys.access_key_id ||
           keys.session_token != used.keys.session_token;
  }

  Session& session_;
  const Call& call_;
  const Stop& stop_;
  const std::string region_;
  const HttpRequest request_;
  Answer answer_;
  bool unable_to_sign_ = false;
  bool worth_another_ = false;
  bool unanswered_ = false;
  bool clock_corrected_ = false;
  bool renewed_ = false;
};

}  // namespace

void set_form(Call& call, const Form& form) {
  call.method = "POST";
  call.target = "/";
  call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  for (const auto& [name, value] : form) {
    if (!call.body.empty()) call.body += '&';
    call.body += uri_encoded(name, false) + '=' + uri_encoded(value, false);
  }
}

Answer Client::send(const Call& call, const Stop& stop) {
  require_single_lines(call);
  return Exchange(session_, call, stop).run();
}

HttpResponse Client::call(const Call& call, const Stop& stop) {
  Answer answer = send(call, stop);
  if (answer.failure) throw *answer.failure;
  return std::move(answer.response);
}

}  // namespace drift::aws
