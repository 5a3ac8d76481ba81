// A connection as a secret or as parameters describe it. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "drift/base/secrets.h"
#include "drift/sql/connection_plan.h"

namespace drift::sql {

// What is not told is "".
struct ConnectionRecord {
  std::string host, port, user, password, dbname;
  // Name or ARN of the secret that holds what is missing.
  std::string secret;
  // The host is a reader endpoint, because no other was told.
  bool reader = false;
  // Where it comes from and what is there, for messages: "the secret arn:..., which has the keys
  // username, password".
  std::string origin;

  ~ConnectionRecord() { wipe(password); }
};

// The JSON object of a secret: username, password, host, port and dbname, as RDS and Secrets
// Manager write them, and the usual other spellings (user, hostname, database, ...; case, '-' and
// '_' make no difference).
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
// Throws Error{kConfiguration} for what is no JSON object, for values of another kind, for an
// engine that is not PostgreSQL and for one thing told twice and differently; names keys, never
// values.
ConnectionRecord record_of_secret(const std::string& text, const std::string& secret_id);

// Parameters by the last component of their names: the same spellings, and endpoint,
// writer-endpoint, reader-endpoint, proxy-endpoint, db-name, secret-arn, ... An endpoint may carry
// its port. The writer is preferred: a replica may lag behind, and what it says of the schema's
// version is then of yesterday. After it come the proxy, then the reader.
// Throws Error{kConfiguration} as record_of_secret, and where there is no parameter at all.
ConnectionRecord record_of_parameters(const std::map<std::string, std::string>& parameters,
                                      const std::string& path);

// `first` where it tells something, else `second`.
ConnectionRecord merged(const ConnectionRecord& first, const ConnectionRecord& second);

// Throws Error{kConfiguration} naming what is missing: host, username, dbname, and the password
// unless `needs_password` is false. The port is 5432 where none is told.
ConnectionOptions connection_options(const ConnectionRecord& record, bool needs_password);

}  // namespace drift::sql
