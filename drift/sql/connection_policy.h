// How schema-drift may reach a database: which URLs it takes and how strictly TLS is checked.
// Pure rules; drift/sql/postgres.cc applies them to libpq.
#pragma once

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

// Whether `sslmode` needs a root certificate.
bool verifies_certificate(std::string_view sslmode);

// What is known of a connection once it stands.
struct Protection {
  bool encrypted = false;
  std::string sslmode;
  bool has_root_certificate = false;  // libpq then checks the chain even for sslmode=require
};

// The sentence for the report where the connection is weaker than verify-full; "" where there is
// nothing to say.
std::string protection_warning(const Endpoint& endpoint, const Protection& protection);

}  // namespace drift::sql
