#include "drift/sql/connection_plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "drift/http/authorities.h"

namespace drift::sql {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool readable(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

std::string home_root_certificate() {
  const std::string path = environment("HOME") + "/.postgresql/root.crt";
  return readable(path) ? path : std::string();
}

}  // namespace

std::string value_of(const ConnectionOptions& options, const std::string& keyword) {
  const auto found = options.find(keyword);
  return found == options.end() ? std::string() : found->second;
}

ConnectionPlan plan_connection(const ConnectionOptions& asked, const ConnectionOptions& complete) {
  ConnectionPlan plan;
  plan.options = asked;
  plan.where = endpoints(value_of(complete, "host"), value_of(complete, "hostaddr"),
                         value_of(complete, "port"));
  plan.user = value_of(complete, "user");
  plan.database = value_of(complete, "dbname");

  // "prefer" is also what libpq fills in where nobody asked, so it counts only when written down.
  std::string sslmode = value_of(complete, "sslmode");
  if (sslmode == "prefer" && value_of(asked, "sslmode").empty() &&
      environment("PGSSLMODE") != "prefer") {
    sslmode.clear();
  }
  plan.sslmode = sslmode_for(sslmode, plan.where);
  plan.options["sslmode"] = plan.sslmode;

  std::string root = value_of(complete, "sslrootcert");
  if (root.empty()) root = home_root_certificate();
  // Only where it is needed: with a root certificate libpq's "require" would verify as well.
  if (root.empty() && verifies_certificate(plan.sslmode)) {
    // libpq 15 knows only the file in the home directory: without this, verify-full would fail
    // against every public certificate.
    root = system_ca_bundle();
    if (!root.empty()) plan.options["sslrootcert"] = root;
  }
  plan.has_root_certificate = !root.empty() && readable(root);

  // A Kerberos ticket that happens to lie around would otherwise be tried before TLS.
  if (value_of(asked, "gssencmode").empty() && environment("PGGSSENCMODE").empty()) {
    plan.options["gssencmode"] = "disable";
  }
  plan.options["application_name"] = "schema-drift";
  plan.options["client_encoding"] = "UTF8";

  const int seconds = std::atoi(value_of(complete, "connect_timeout").c_str());
  if (seconds > 0) plan.connect_timeout = std::chrono::seconds(std::min(seconds, 3600));
  // Without its blocking connect libpq leaves connect_timeout to the caller, who cannot make it
  // go on to the next address. The kernel can: it gives up on an address that does not answer.
  // https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PQCONNECTSTARTPARAMS
  if (value_of(asked, "tcp_user_timeout").empty()) {
    plan.options["tcp_user_timeout"] = std::to_string(plan.connect_timeout.count() * 1000);
  }
  return plan;
}

}  // namespace drift::sql
