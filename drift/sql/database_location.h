// What --database may say. Pure.
#pragma once

#include <string>
#include <string_view>

namespace drift::sql {

enum class LocationKind {
  kPostgres,    // postgresql://... or a libpq keyword string
  kFunction,    // lambda:NAME[:QUALIFIER], or a Lambda function's ARN
  kSecret,      // a Secrets Manager ARN
  kParameters,  // ssm:/path/prefix
};

struct DatabaseLocation {
  LocationKind kind = LocationKind::kPostgres;
  // The URL, the function (name or ARN), the secret's ARN, or the path ("/app/prod/database").
  std::string name;
};

// Throws Error{kUsage} for a text that is none of these, naming the forms, and for a malformed one.
// What is not certain to be free of a secret is not repeated.
DatabaseLocation database_location(std::string_view text);

// `text` fit for a report or a log: a URL without its secrets; of a libpq keyword string, which may
// hold a password anywhere, only that it is one. Never throws.
std::string shown_location(std::string_view text);

// The region that the name of an RDS or Aurora endpoint, or of an RDS Proxy, tells:
// "db.abc123.eu-central-1.rds.amazonaws.com"; "" where it tells none.
std::string region_of_host(std::string_view host);

// "db.example.com:5433" as host and port; the port is "" where there is none. Also "[::1]:5433".
struct HostAndPort {
  std::string host, port;
};
HostAndPort host_and_port(std::string_view text);

}  // namespace drift::sql
