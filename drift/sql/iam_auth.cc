#include "drift/sql/iam_auth.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/connection_policy.h"
#include "drift/sql/database_location.h"

namespace drift::sql {
namespace {

bool environment_has(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// libpq falls back to the name of the operating system's user, whom no database grants rds_iam.
bool names_a_user(const ConnectionOptions& asked) {
  return !value_of(asked, "user").empty() || !value_of(asked, "service").empty() ||
         environment_has("PGUSER") || environment_has("PGSERVICE");
}

std::string sslmode_of(const ConnectionOptions& asked) {
  const std::string mode = value_of(asked, "sslmode");
  if (mode.empty()) return "verify-full";
  if (mode == "require" || verifies_certificate(mode)) return mode;
  throw Error{Fault::kUsage,
              fmt::format("--auth iam needs TLS, and the database URL asks for sslmode={}",
                          mode == "disable" || mode == "allow" || mode == "prefer"
                              ? mode
                              : "something that does not exist"),
              "leave sslmode out (verify-full then), or write sslmode=require at the least"};
}

}  // namespace

ConnectionOptions with_proxy(const ConnectionOptions& asked, const IamSettings& settings) {
  ConnectionOptions options = asked;
  if (value_of(options, "host").empty() && !settings.proxy_endpoint.empty()) {
    const HostAndPort place = host_and_port(settings.proxy_endpoint);
    options["host"] = place.host;
    if (!place.port.empty()) options["port"] = place.port;
  }
  if (value_of(options, "dbname").empty() && !settings.database_name.empty()) {
    options["dbname"] = settings.database_name;
  }
  return options;
}

IamPlan plan_iam_auth(const ConnectionOptions& asked, const ConnectionOptions& complete,
                      const IamSettings& settings) {
  if (!value_of(asked, "password").empty()) {
    throw Error{Fault::kUsage, "--auth iam makes the password itself, and the database URL has one",
                "take the password out of the URL, or leave --auth iam out"};
  }
  if (!names_a_user(asked)) {
    throw Error{Fault::kUsage, "--auth iam needs the name of the database user",
                "write it in the URL, postgresql://USER@HOST/DATABASE, or set PGUSER"};
  }
  const std::vector<Endpoint> where =
      endpoints(value_of(complete, "host"), "", value_of(complete, "port"));
  if (where.size() != 1) {
    throw Error{Fault::kUsage, "--auth iam needs one host, because a token is good for one alone",
                "name the cluster's or the proxy's endpoint"};
  }
  const std::string& host = where.front().host;
  if (host.empty() || host.front() == '/' || host.front() == '@') {
    throw Error{Fault::kUsage, "--auth iam needs the name of a host",
                "write postgresql://USER@HOST/DATABASE, or set PROXY_ENDPOINT"};
  }
  IamPlan plan;
  plan.options = asked;
  plan.options["sslmode"] = sslmode_of(asked);
  plan.options["gssencmode"] = "disable";
  // The password goes with exactly these, whatever else is in the environment.
  plan.host = plan.options["host"] = host;
  plan.user = plan.options["user"] = value_of(complete, "user");
  const std::string& port = where.front().port;  // checked by endpoints()
  std::from_chars(port.data(), port.data() + port.size(), plan.port);
  plan.options["port"] = port;
  plan.region = settings.region.empty() ? region_of_host(host) : settings.region;
  return plan;
}

}  // namespace drift::sql
