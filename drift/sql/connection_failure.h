// What libpq says when a connection fails, turned into an Error.
#pragma once

#include <string>

#include "drift/base/error.h"

namespace drift::sql {

struct ConnectionFailure {
  // PQerrorMessage of a connection whose verbosity is PQERRORS_VERBOSE: the SQLSTATE then stands
  // in the text ("FATAL:  28P01: ..."). libpq has no other way to tell it at this stage, and the
  // words alone may be in the server's language.
  std::string text;
  std::string where;            // "app on db.example.com:5432", or several, comma-separated
  std::string user;             // whom the server was asked to let in
  bool several_hosts = false;   // then each attempt is told with its host
  bool needs_password = false;  // PQconnectionNeedsPassword
  bool in_tls_handshake = false;
};

// `cannot connect to app on db.example.com:5432: connection refused`, with a hint.
// kDatabaseAuthenticationFailed, kTlsFailed, kPermissionDenied (no CONNECT on the database),
// kUsage (an option that libpq refuses), kTimedOut or kConnectionFailed.
Error connection_error(const ConnectionFailure& failure);

}  // namespace drift::sql
