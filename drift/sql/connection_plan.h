// What libpq is told in the end: the URL's options with schema-drift's own rules applied.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "drift/sql/connection_policy.h"

namespace drift::sql {

// libpq's options by keyword; an empty value is left out.
using ConnectionOptions = std::map<std::string, std::string>;

std::string value_of(const ConnectionOptions& options, const std::string& keyword);

struct ConnectionPlan {
  ConnectionOptions options;
  std::vector<Endpoint> where;
  std::string sslmode;
  // A file of root certificates that libpq will check the server's certificate against.
  bool has_root_certificate = false;
  std::string user;
  std::string database;
  std::chrono::seconds connect_timeout{10};
};

// `asked` is what the URL says, `complete` the same with libpq's environment, service file and
// defaults filled in. Reads PGSSLMODE, PGGSSENCMODE and HOME, and looks for root certificates.
// Throws Error{kUsage}.
ConnectionPlan plan_connection(const ConnectionOptions& asked, const ConnectionOptions& complete);

}  // namespace drift::sql
