#include "drift/aws/credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/retry.h"
#include "drift/base/secrets.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/http/http.h"

namespace drift::aws {
namespace {

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

constexpr std::string_view kEcsAgent = "169.254.170.2";
constexpr std::array<std::string_view, 3> kAgents = {kEcsAgent, "169.254.170.23", "fd00:ec2::23"};
constexpr std::chrono::milliseconds kTimeout{2'000};

std::string authorization(const Environment& environment) {
  std::string token, from;
  if (const auto path = environment.variable(kTokenFile)) {
    token = read_token_file(*path, "the container authorization token file", false);
    from = *path;
  } else if (const auto value = environment.variable(kToken)) {
    token = *value;
    from = kToken;
  }
  // A line end would begin another header.
  if (std::any_of(token.begin(), token.end(),
                  [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; })) {
    throw Error{Fault::kNoCredentials,
                fmt::format("the container authorization token in {} holds a line end or another "
                            "control character",
                            printable(from)),
                "write the token without a line end behind it"};
  }
  return token;
}

// "HTTP 400 (NoIdInRequest)": the agent's code, where it looks like one; its message may repeat
// what it was sent.
std::string refused(int status, const std::string& code) {
  const bool plain = !code.empty() && code.size() <= 64 &&
                     std::all_of(code.begin(), code.end(),
                                 [](char c) { return is_alnum(c) || c == '.' || c == '_'; });
  return plain ? fmt::format("HTTP {} ({})", status, code) : fmt::format("HTTP {}", status);
}

}  // namespace

std::optional<HttpUrl> container_url(const Environment& environment) {
  const auto relative = environment.variable(kRelative);
  const auto full = environment.variable(kFull);
  if (!relative && !full) return std::nullopt;
  if (relative) {
    // Without the slash, "@host/" behind the address would lead to another host.
    std::optional<HttpUrl> url;
    if (relative->front() == '/')
      url = parse_http_url(fmt::format("http://{}{}", kEcsAgent, *relative));
    if (!url) {
      throw Error{Fault::kNoCredentials, fmt::format("invalid {}: not a path", kRelative),
                  "it begins with '/'; the container agent sets it, so leave it as it is"};
    }
    return url;
  }
  const auto url = parse_http_url(*full);
  if (!url) {
    throw Error{Fault::kNoCredentials, fmt::format("invalid {}: not an http or https URL", kFull),
                "the container agent sets it, so leave it as it is"};
  }
  const bool agent = std::find(kAgents.begin(), kAgents.end(), url->host) != kAgents.end();
  if (url->scheme != "https" && !agent && !is_loopback_host(url->host)) {
    throw Error{Fault::kNoCredentials,
                fmt::format("{} leads to {} over plain http", kFull, url->origin),
                "plain http is taken for the loopback, 169.254.170.2, 169.254.170.23 and "
                "fd00:ec2::23 alone: use https"};
  }
  return url;
}

SourceResult container_credentials(const CredentialContext& context, const Stop& stop) {
  const auto url = container_url(context.environment);
  if (!url) return {std::nullopt, fmt::format("neither {} nor {} is set", kRelative, kFull)};
  const std::string source = "container " + url->origin;

  HttpRequest request;
  request.origin = url->origin;
  request.target = url->target;
  request.headers = {{"Accept", "application/json"}};
  if (std::string token = authorization(context.environment); !token.empty()) {
    remember_secret(token);
    request.headers.emplace_back("Authorization", std::move(token));
  }
  request.max_response_bytes = 1u << 20;
  request.connect_timeout = request.timeout = kTimeout;

  CredentialDocument document;
  const auto attempt = [&]() -> Attempt {
    const HttpResponse response = context.http.send(request, stop);
    document = parse_credential_document(response.body);
    std::string why;
    if (response.status != 200) {
      why = refused(response.status, document.code);
    } else if (document.keys.access_key_id.empty() || document.keys.secret_access_key.empty() ||
               document.keys.session_token.empty() || document.expiration.empty()) {
      why = "its answer holds no credentials";
    } else {
      return {};
    }
    // The agent's own doing may pass; a refusal of what was asked will not.
    const bool refusal = response.status >= 400 && response.status < 500 && response.status != 429;
    return {refusal ? Attempt::Kind::kFailed : Attempt::Kind::kTransient,
            Error{Fault::kNoCredentials, why,
                  "look at the agent's log; for EKS, check the pod identity association of the "
                  "service account"},
            {},
            false};
  };
  try {
    Retry(context.quota).run(attempt, stop);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    throw Error{error.fault, fmt::format("no credentials from the {}: {}", source, error.what()),
                error.hint};
  }

  Credentials credentials;
  credentials.keys = document.keys;
  credentials.source = source;
  credentials.expires = parse_rfc3339(document.expiration);
  if (!credentials.expires) {
    throw Error{Fault::kNoCredentials,
                fmt::format("no credentials from the {}: their expiration is not a time", source),
                "what answered may not be a container agent: check " + std::string(kFull)};
  }
  return {credentials, ""};
}

}  // namespace drift::aws
