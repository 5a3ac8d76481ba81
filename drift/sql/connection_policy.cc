#include "drift/sql/connection_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "drift/base/error.h"

namespace drift::sql {
namespace {

constexpr std::string_view kDefaultPort = "5432";
constexpr std::string_view kUrlHint =
    "write postgresql://USER@HOST:PORT/DATABASE, and give the password by PGPASSWORD or ~/.pgpass";

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  if (list.empty()) return parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

// libpq: an absolute path, or '@' for the abstract namespace.
bool is_socket(std::string_view host) {
  return host.empty() || host.front() == '/' || host.front() == '@';
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // 127.0.0.0/8 written out; a name such as 127.example.com is not one.
  return host.substr(0, 4) == "127." && std::count(host.begin(), host.end(), '.') == 3 &&
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

}  // namespace

std::vector<Endpoint> endpoints(std::string_view hosts, std::string_view hostaddrs,
                                std::string_view ports) {
  const std::vector<std::string> names = split(hosts);
  const std::vector<std::string> addresses = split(hostaddrs);
  const std::vector<std::string> numbers = split(ports);
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
    const bool sqlalchemy = scheme.substr(0, 8) == "postgres" &&
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

bool verifies_certificate(std::string_view sslmode) {
  return sslmode == "verify-ca" || sslmode == "verify-full";
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

}  // namespace drift::sql
