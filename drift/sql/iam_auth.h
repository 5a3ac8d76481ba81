// RDS IAM authentication: whom the token is for, and how the connection is then protected. Pure.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
#pragma once

#include <string>

#include "drift/sql/connection_plan.h"

namespace drift::sql {

// What is in the environment beside the URL; "" where not set.
struct IamSettings {
  std::string proxy_endpoint, region, database_name;
};

struct IamPlan {
  // For libpq, without the password.
  ConnectionOptions options;
  // What the token is made for.
  std::string host, user;
  int port = 5432;
  std::string region;  // DB_REGION or the host's; "" leaves it to the session
};

// `asked` with the host and the database of `settings` where it has none.
ConnectionOptions with_proxy(const ConnectionOptions& asked, const IamSettings& settings);

// `asked` is what the URL or the secret says, `complete` the same as libpq completes it.
// TLS is forced: verify-full unless `asked` says require or verify-ca (a weaker word is refused:
// the token would be sent to whoever answers), and no GSSAPI instead of it.
// Throws Error{kUsage} for several hosts, a socket, a user that nobody named and a password.
IamPlan plan_iam_auth(const ConnectionOptions& asked, const ConnectionOptions& complete,
                      const IamSettings& settings);

}  // namespace drift::sql
