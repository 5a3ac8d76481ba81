// How a database may be reached and what libpq is told in the end: which URLs are taken, how
// strictly TLS is checked, and what IAM authentication changes. drift/sql/postgres.cc applies it to
// libpq.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drift::sql {

// One place to connect to, as libpq's options host, hostaddr and port name it.
struct Endpoint {
  std::string host;  // a name, an address, or the directory of a socket
  std::string hostaddr;
  std::string port;

  bool operator==(const Endpoint&) const = default;
};

// libpq's comma-separated lists taken apart; one port serves all hosts, an empty one is 5432.
// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
// Throws Error{kUsage} for a port that is none, without repeating it: in a URL with an unescaped
// '/' in its password, part of the password stands where the port should.
std::vector<Endpoint> endpoints(std::string_view hosts, std::string_view hostaddrs,
                                std::string_view ports);

// "db.example.com:5432", "[::1]:5432"; a socket is its directory, with the port where it is not
// 5432.
std::string endpoint_name(const Endpoint& endpoint);

// True for a socket and for the loopback: nobody on a network can listen in or answer instead.
bool is_local(const Endpoint& endpoint);

// Refuses what libpq would misread or repeat in an error: another scheme (SQLAlchemy's
// "postgresql+psycopg2://"), and an unescaped '@' or '/' in a password, of which a part would
// become a host name. Throws Error{kUsage}; its text holds nothing of the URL but the scheme.
void check_database_url(std::string_view url);

// Why libpq could not parse a URL, without anything that it quotes from it.
std::string parse_failure_reason(std::string_view libpq_message);

// The sslmode to use. `asked` is what the URL, PGSSLMODE or the service file says, "" where none
// does: then verify-full, or libpq's own default ("prefer") where every endpoint is local.
// https://www.postgresql.org/docs/15/libpq-ssl.html#LIBPQ-SSL-PROTECTION
// Throws Error{kUsage} for a mode that libpq does not have.
std::string sslmode_for(std::string_view asked, const std::vector<Endpoint>& where);

// What is known of a connection once it stands.
struct Protection {
  bool encrypted = false;
  std::string sslmode;
  bool has_root_certificate = false;  // libpq then checks the chain even for sslmode=require
};

// The sentence for the report where the connection is weaker than verify-full; "" where there is
// nothing to say.
std::string protection_warning(const Endpoint& endpoint, const Protection& protection);

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

// RDS IAM authentication: whom the token is for, and how the connection is then protected.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html

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
