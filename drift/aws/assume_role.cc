#include "drift/aws/assume_role.h"

#include <time.h>

#include <utility>

#include "drift/aws/client.h"
#include "drift/aws/form.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"

namespace drift::aws {
namespace {

// "2026-11-20T04:00:00Z", a fraction of a second allowed.
std::optional<TimePoint> read_time(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr || (*end != 'Z' && *end != '.')) return std::nullopt;
  return TimePoint{std::chrono::seconds{::timegm(&parts)}};
}

}  // namespace

Credentials assume_role(Session& session, const std::string& role_arn,
                        const std::string& external_id, const Stop& stop) {
  Form form{{"Action", "AssumeRole"},
            {"Version", "2011-06-15"},
            {"RoleArn", role_arn},
            // CloudTrail shows it on either side.
            {"RoleSessionName", "schema-drift"}};
  if (!external_id.empty()) form.emplace_back("ExternalId", external_id);
  Call call;
  call.service = Service::kSts;
  call.operation = "sts:AssumeRole";
  call.resource = role_arn;
  set_form(call, form);
  call.max_response_bytes = 1u << 20;
  const HttpResponse response = Client(session).call(call, stop);

  auto texts =
      xml_texts(response.body, {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"});
  Credentials credentials;
  credentials.keys.access_key_id = std::move(texts["AccessKeyId"]);
  credentials.keys.secret_access_key = std::move(texts["SecretAccessKey"]);
  credentials.keys.session_token = std::move(texts["SessionToken"]);
  credentials.expires = read_time(texts["Expiration"]);
  credentials.source = "assumed role " + role_arn;
  if (credentials.keys.access_key_id.empty() || credentials.keys.secret_access_key.empty() ||
      credentials.keys.session_token.empty() || !credentials.expires) {
    throw Error{Fault::kAwsFailed, call.operation + " on " + role_arn + " gave no credentials",
                "what answered may not be AWS STS: check AWS_ENDPOINT_URL_STS and the proxy"};
  }
  return credentials;
}

}  // namespace drift::aws
