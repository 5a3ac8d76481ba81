// What the server says of our session and of what its role may do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/production/version_table.h"
#include "drift/sql/sql_source.h"

namespace drift::doctor {

struct SessionFacts {
  std::string role;
  std::string server_version;      // "15.8 (Debian 15.8-0+deb12u1)"
  std::optional<std::string> tls;  // "TLSv1.3"; "" without TLS; nothing where it is not told
  bool standby = false;

  // A superuser is all of what follows.
  bool superuser = false;
  bool bypasses_row_security = false;
  bool makes_roles = false;
  bool makes_databases = false;
  bool replicates = false;
  bool makes_schemas = false;              // in this database
  std::vector<std::string> makes_objects;  // schemas, quoted where they must be; at most 10
  std::vector<std::string> member_of;      // roles that may much
  bool owns_version_table = false;
  std::vector<std::string> version_table;  // "INSERT", "UPDATE", "DELETE", "TRUNCATE"
  int other_tables = 0;                    // that the role may write; counted up to 1,000
};

// The one statement: catalog alone, no search_path trusted, one row. No word that changes anything
// stands in it: functions that let only reading through are known to search the text for such
// words.
std::string session_facts_statement(const production::VersionTable& table);

// The answer to it. Throws Error{kSqlFailed} for an answer of another shape.
SessionFacts parse_session_facts(const sql::ResultSet& answer);

// What the role may do beyond reading, each a phrase that completes "the role may ...". `table` is
// the version table's name for people.
std::vector<std::string> rights_too_wide(const SessionFacts& facts, const std::string& table);

}  // namespace drift::doctor
