#include "drift/aws/credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRolePath = "latest/meta-data/iam/security-credentials/";
constexpr auto kRenewBefore = 15min;

// What keeps this source from having credentials.
struct NoCredentials {
  std::string why;
};

// A whole number from 1 to `most`; nothing where nobody says.
std::optional<int> number(const Environment& environment, const std::string& variable,
                          const std::string& key, int most, std::string_view of = {}) {
  const auto text = environment.setting(variable, key);
  if (!text) return std::nullopt;
  int value = 0;
  const char* end = text->data() + text->size();
  const auto [rest, problem] = std::from_chars(text->data(), end, value);
  if (problem == std::errc{} && rest == end && value >= 1 && value <= most) return value;
  throw Error{
      Fault::kConfiguration,
      fmt::format("invalid {} ({} in the profile) \"{}\": not a whole number{} from 1 to {}",
                  variable, key, printable(*text), of, most),
      "correct it, or leave it away"};
}

HttpUrl endpoint(const Environment& environment) {
  std::string text = "http://169.254.169.254";
  const auto custom =
      environment.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  const auto mode = environment.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                        "ec2_metadata_service_endpoint_mode");
  const std::string lower = ascii_lower(mode.value_or("ipv4"));
  if (lower != "ipv4" && lower != "ipv6") {
    throw Error{
        Fault::kConfiguration,
        fmt::format("invalid AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE \"{}\": neither IPv4 nor IPv6",
                    printable(*mode)),
        "write IPv4 or IPv6, or leave it away"};
  }
  if (lower == "ipv6") text = "http://[fd00:ec2::254]";
  const auto url = parse_http_url(custom.value_or(text));
  if (!url || url->target.find('?') != std::string::npos) {
    throw Error{Fault::kConfiguration,
                "invalid AWS_EC2_METADATA_SERVICE_ENDPOINT (ec2_metadata_service_endpoint in the "
                "profile): not an http or https URL",
                "write it as http://169.254.169.254, or leave it away"};
  }
  return *url;
}

class MetadataService {
 public:
  MetadataService(const CredentialContext& context, const Stop& stop)
      : context_(context), stop_(stop), url_(endpoint(context.environment)) {
    timeout_ = std::chrono::seconds{number(context.environment, "AWS_METADATA_SERVICE_TIMEOUT",
                                           "metadata_service_timeout", 60, " of seconds")
                                        .value_or(1)};
    attempts_ = number(context.environment, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                       "metadata_service_num_attempts", 20);
    if (url_.target.back() != '/') url_.target += '/';
  }

  Credentials credentials() {
    fetch_token();
    std::string role = text_at(kRolePath, "the instance has no role");
    role = role.substr(0, role.find_first_of("\r\n"));
    // It becomes part of a path.
    if (role.empty() || role.size() > 128 || printable(role) != role ||
        role.find_first_of(" /?#%") != std::string::npos) {
      throw NoCredentials{fmt::format("{} gave a role without a name", url_.origin)};
    }
    const CredentialDocument document = parse_credential_document(
        text_at(kRolePath + role, fmt::format("no credentials of role {}", role)));
    Credentials credentials;
    credentials.keys = document.keys;
    credentials.expires = parse_rfc3339(document.expiration);
    credentials.source = "IMDS role " + role;
    if (document.keys.access_key_id.empty() || document.keys.secret_access_key.empty() ||
        document.keys.session_token.empty() || !credentials.expires) {
      // An error comes with status 200 as well.
      const bool told = !document.code.empty() && document.code != "Success";
      throw NoCredentials{
          fmt::format("{} gave no credentials of role {}{}", url_.origin, role,
                      told ? ": " + printable(document.code.substr(0, 64)) : std::string{})};
    }
    // When its own source is down the service goes on giving out the last ones, and services go on
    // taking them: they are used, and asked for again later.
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-stability.html
    const TimePoint now = context_.clock.now();
    if (*credentials.expires < now + kRenewBefore) credentials.expires = now + kRenewBefore;
    return credentials;
  }

 private:
  HttpRequest request(const char* method, const std::string& path) const {
    HttpRequest request;
    request.method = method;
    request.origin = url_.origin;
    request.target = url_.target + path;
    request.max_response_bytes = 1u << 20;
    request.connect_timeout = request.timeout = timeout_;
    return request;
  }

  // Asked again where the service itself stumbled. Where there is silence, only as often as
  // somebody said: most machines have no such service.
  HttpResponse answer_to(const HttpRequest& request) const {
    HttpResponse response;
    const auto attempt = [&]() -> Attempt {
      try {
        response = context_.http.send(request, stop_);
      } catch (const Error& error) {
        if (attempts_ || !error.retryable) throw;
        return {Attempt::Kind::kFailed, error, {}, false};
      }
      if (response.status < 500) return {};
      return {Attempt::Kind::kTransient,
              Error{Fault::kHttpFailed,
                    fmt::format("{} answered HTTP {}", url_.origin, response.status), ""},
              {},
              false};
    };
    Retry(context_.quota).run(attempt, stop_, attempts_.value_or(Retry::kAttempts));
    return response;
  }

  void fetch_token() {
    HttpRequest put = request("PUT", "latest/api/token");
    put.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    std::string why;
    try {
      const HttpResponse response = answer_to(put);
      if (response.status == 200 && is_token(response.body)) {
        token_ = response.body;
        remember_secret(token_);
        return;
      }
      why = fmt::format("{} gave no token (HTTP {})", url_.origin, response.status);
      if (response.status != 403 && response.status != 404 && response.status != 405) {
        throw NoCredentials{why};
      }
    } catch (const Error& error) {
      // In a container the answer to a PUT may not come through: its hop limit is one.
      if (error.fault != Fault::kTimedOut) throw;
      stop_.check("asking the instance metadata service for a token");
      why = error.what();
    }
    if (context_.environment.flag("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")) {
      throw NoCredentials{why + ", and version 1 is disabled"};
    }
  }

  static bool is_token(const std::string& text) {
    return !text.empty() && text.size() <= 4096 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  }

  std::string text_at(const std::string& path, const std::string& where_missing) {
    HttpRequest get = request("GET", path);
    if (!token_.empty()) get.headers = {{"X-aws-ec2-metadata-token", token_}};
    HttpResponse response = answer_to(get);
    if (response.status == 404) throw NoCredentials{where_missing};
    if (response.status != 200 || response.body.empty()) {
      throw NoCredentials{fmt::format("{} answered HTTP {}{}", url_.origin, response.status,
                                      response.body.empty() ? " without a body" : "")};
    }
    return std::move(response.body);
  }

  const CredentialContext& context_;
  const Stop& stop_;
  HttpUrl url_;
  std::chrono::milliseconds timeout_{0};
  std::optional<int> attempts_;
  std::string token_;
};

}  // namespace

SourceResult instance_credentials(const CredentialContext& context, const Stop& stop) {
  if (context.environment.flag("AWS_EC2_METADATA_DISABLED")) {
    return {std::nullopt, "AWS_EC2_METADATA_DISABLED is true"};
  }
  try {
    return {MetadataService(context, stop).credentials(), ""};
  } catch (const NoCredentials& none) {
    return {std::nullopt, none.why};
  } catch (const Error& error) {
    // Its text holds address and reason, a time-out mostly: this is no EC2 instance. The run's own
    // end is another matter.
    stop.check("asking the instance metadata service for credentials");
    if (error.fault != Fault::kHttpFailed && error.fault != Fault::kTimedOut) throw;
    return {std::nullopt, error.what()};
  }
}

}  // namespace drift::aws
