#include "drift/aws/rds_token.h"

#include "drift/base/text.h"

namespace drift::aws {

std::string rds_auth_token(const std::string& host, int port, const std::string& user,
                           const std::string& region, const SigningKeys& keys, TimePoint now) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  const std::string address = (bare_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);

  SigningRequest request;
  request.target = "/?Action=connect&DBUser=" + uri_encoded(user, false);
  // Host names are signed in lower case; the token keeps the name as it was given.
  request.headers = {{"Host", ascii_lower(address)}};

  SigningScope scope;
  scope.service = "rds-db";
  scope.region = region;
  scope.time = now;
  // The database takes a token for 15 minutes, whatever a longer time would say.
  const SignedQuery query = presign_query(request, scope, keys, std::chrono::minutes{15});
  return address + "/?" + query.query;
}

}  // namespace drift::aws
