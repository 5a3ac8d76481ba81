// The password of RDS IAM authentication.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
#pragma once

#include <string>

#include "drift/aws/sigv4.h"

namespace drift::aws {

// A token for exactly this host, port and user, good for 15 minutes from `now`.
std::string rds_auth_token(const std::string& host, int port, const std::string& user,
                           const std::string& region, const SigningKeys& keys, TimePoint now);

}  // namespace drift::aws
