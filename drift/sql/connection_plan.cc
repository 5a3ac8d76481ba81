#include "drift/sql/connection_plan.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/http/authorities.h"
#include "drift/sql/database_location.h"

namespace drift::sql {
namespace {

constexpr std::string_view kDefaultPort = "5432";
constexpr std::string_view kUrlHint =
    "write postgresql://USER@HOST:PORT/DATABASE, and give the password by PGPASSWORD or ~/.pgpass";

// Of no list, no parts.
std::vector<std::string_view> parts(std::string_view list) {
  return list.empty() ? std::vector<std::string_view>{} : split(list, ',');
}

// libpq: an absolute path, or '@' for the abstract namespace.
bool is_socket(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@';
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // 127.0.0.0/8 written out; a name such as 127.example.com is not one.
  return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string checked_port(std::string_view port) {
  if (port.empty()) return std::string(kDefaultPort);
  int number = 0;
  const char* end = port.data() + port.size();
  const auto [rest, failure] = std::from_chars(port.data(), end, number);
  if (failure != std::errc{} || rest != end || number < 1 || number > 65535) {
    throw Error{Fault::kUsage, "a port in the database URL is not a number from 1 to 65535",
                "where the password holds '/', ':' or '@', percent-encode them: %2F, %3A, %40"};
  }
  return std::string(port);
}

// Whether `sslmode` needs a root certificate.
bool verifies_certificate(std::string_view sslmode) {
  return sslmode == "verify-ca" || sslmode == "verify-full";
}

bool readable(const std::string& path) { return ::access(path.c_str(), R_OK) == 0; }

std::string home_root_certificate() {
  const std::string path = environment_or_empty("HOME") + "/.postgresql/root.crt";
  return readable(path) ? path : std::string();
}

// libpq falls back to the name of the operating system's user, whom no database grants rds_iam.
bool names_a_user(const ConnectionOptions& asked) {
  return !value_of(asked, "user").empty() || !value_of(asked, "service").empty() ||
         !environment_or_empty("PGUSER").empty() || !environment_or_empty("PGSERVICE").empty();
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

std::vector<Endpoint> endpoints(std::string_view hosts, std::string_view hostaddrs,
                                std::string_view ports) {
  const std::vector<std::string_view> names = parts(hosts);
  const std::vector<std::string_view> addresses = parts(hostaddrs);
  const std::vector<std::string_view> numbers = parts(ports);
  const std::size_t count = std::max<std::size_t>({names.size(), addresses.size(), 1});
  std::vector<Endpoint> found(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i < names.size()) found[i].host = names[i];
    if (i < addresses.size()) found[i].hostaddr = addresses[i];
    // Lists of unequal length are libpq's to refuse; until then any port will do.
    const std::size_t port = numbers.size() == 1 ? 0 : i;
    found[i].port = checked_port(port < numbers.size() ? numbers[port] : "");
  }
  return found;
}

std::string endpoint_name(const Endpoint& endpoint) {
  const std::string& host = endpoint.host.empty() ? endpoint.hostaddr : endpoint.host;
  if (is_socket(host)) {
    const std::string name = host.empty() ? "the local socket" : host;
    return endpoint.port == kDefaultPort ? name : fmt::format("{}:{}", name, endpoint.port);
  }
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, endpoint.port);
  return fmt::format("{}:{}", host, endpoint.port);
}

bool is_local(const Endpoint& endpoint) {
  // hostaddr is where the connection goes; host is then only the name to check.
  if (!endpoint.hostaddr.empty()) return is_loopback(endpoint.hostaddr);
  return is_socket(endpoint.host) || is_loopback(endpoint.host);
}

void check_database_url(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos ||
      url.substr(0, scheme_end).find_first_of("= '") != std::string_view::npos) {
    if (url.find('=') == std::string_view::npos) {
      throw Error{Fault::kUsage, "the database URL is malformed: it has no scheme",
                  std::string(kUrlHint)};
    }
    return;  // a keyword string, "host=... dbname=..."
  }
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme != "postgresql" && scheme != "postgres") {
    // Only a word that looks like a scheme is repeated: anything else may be part of a secret.
    const bool sqlalchemy = scheme.starts_with("postgres") &&
                            scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+_") ==
                                std::string_view::npos;
    if (sqlalchemy) {
      throw Error{Fault::kUsage,
                  fmt::format("the database URL begins with {}://, which only SQLAlchemy "
                              "understands",
                              scheme),
                  "write postgresql:// instead"};
    }
    throw Error{Fault::kUsage, "the database URL is not a PostgreSQL one", std::string(kUrlHint)};
  }
  // libpq ends the user information at the first '@' if it comes before the first '/'. Every
  // later '@' would make the rest of a password a host or database name.
  std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t mark = rest.find_first_of("@/");
  if (mark != std::string_view::npos && rest[mark] == '@') rest.remove_prefix(mark + 1);
  if (rest.substr(0, rest.find('?')).find('@') != std::string_view::npos) {
    throw Error{Fault::kUsage,
                "the database URL is ambiguous: an '@' or '/' in its user name or password is not "
                "percent-encoded",
                "write '@' as %40, '/' as %2F and ':' as %3A, or give the password by PGPASSWORD "
                "or ~/.pgpass"};
  }
}

std::string parse_failure_reason(std::string_view libpq_message) {
  // libpq puts what it quotes last or between double quotes, and what it quotes may be a
  // password: `invalid percent-encoded token: "hunter%2"`, `missing "=" after "hunter2" in ...`.
  std::string_view reason = libpq_message.substr(0, libpq_message.find_first_of("\":\n("));
  while (!reason.empty() && reason.back() == ' ') reason.remove_suffix(1);
  if (reason == "missing") return "missing '=' after a keyword";
  return reason.empty() ? "libpq cannot parse it" : std::string(reason);
}

std::string sslmode_for(std::string_view asked, const std::vector<Endpoint>& where) {
  constexpr std::array<std::string_view, 6> kModes = {"disable", "allow",     "prefer",
                                                      "require", "verify-ca", "verify-full"};
  if (asked.empty()) {
    return std::all_of(where.begin(), where.end(), is_local) ? "prefer" : "verify-full";
  }
  if (std::find(kModes.begin(), kModes.end(), asked) == kModes.end()) {
    throw Error{Fault::kUsage, "the database URL asks for an sslmode that does not exist",
                fmt::format("the modes are {}", fmt::join(kModes, ", "))};
  }
  return std::string(asked);
}

std::string protection_warning(const Endpoint& endpoint, const Protection& protection) {
  // A socket's folder says who may serve it; on loopback whatever took the port may answer, and a
  // tunnel or a pooler there leads on to a server that nobody verified.
  if (endpoint.hostaddr.empty() && is_socket(endpoint.host)) return {};
  const std::string name = endpoint_name(endpoint);
  const std::string& mode = protection.sslmode;
  if (!protection.encrypted) {
    return fmt::format("the connection to {} is not encrypted (sslmode={})", name, mode);
  }
  if (mode == "verify-full") return {};
  if (mode == "verify-ca" || (mode == "require" && protection.has_root_certificate)) {
    return fmt::format("the certificate of {} is not checked against its host name (sslmode={})",
                       name, mode);
  }
  return fmt::format("the certificate of {} is not verified (sslmode={})", name, mode);
}

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
      environment_or_empty("PGSSLMODE") != "prefer") {
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
  if (value_of(asked, "gssencmode").empty() && environment_or_empty("PGGSSENCMODE").empty()) {
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
