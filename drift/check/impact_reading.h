// The operations of revisions, judged by the tables of a database.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/base/log.h"
#include "drift/check/aws_access.h"
#include "drift/check/version_rows.h"
#include "drift/impact/live_tables.h"
#include "drift/pending/pending_operations.h"
#include "drift/pending/upgrades.h"
#include "drift/production/version_table.h"
#include "drift/sql/database.h"
#include "drift/sql/sql_source.h"

namespace drift {
class Stop;
}

namespace drift::check {

// Which revisions; see pending::read_operations.
struct OperationsQuestion {
  migrations::ScriptSettings script;
  std::vector<std::string> asked;
  bool all = false;
  std::optional<int> server_version;  // nothing: the database's own, else the newest
};

struct JudgedOperations {
  pending::UpgradeOperations operations;
  impact::LiveTables live;
  int server_version = pending::kNewestServer;
};

using TablesReader = std::function<impact::LiveTables(const impact::Concerned&)>;

// Reads the operations, then the tables that they are about, then judges them. Throws what
// read_operations throws; tables that could not be read cost the sizes alone.
JudgedOperations judge_operations(const migrations::GitTree& tree,
                                  const OperationsQuestion& question, const TablesReader& tables,
                                  const Stop& stop);
// Of what was read of the repository before; reads the tables alone.
JudgedOperations judge_operations(const pending::Upgrades& upgrades,
                                  std::optional<int> server_version, const TablesReader& tables);

// Where a database is, for reading over a connection of its own.
struct Whereabouts {
  sql::DatabaseSettings database;
  Role role;
};

// Reads on a thread that may be left behind, for a third of what is left of `stop` and at most ten
// seconds. `source` is asked there; what it throws becomes `why_not`.
TablesReader tables_reader(std::function<std::unique_ptr<sql::SqlSource>(const Stop&)> source,
                           std::shared_ptr<const Stop> stop);
// Reads nothing, for that reason.
TablesReader unread_tables(std::string why);
TablesReader tables_reader(const Whereabouts& where, std::shared_ptr<AwsAccess> aws,
                           std::shared_ptr<const Log> log, std::shared_ptr<const Stop> stop);
// The same, and then reads the version rows over the same connection, into `rows`.
TablesReader tables_reader(const Whereabouts& where, const production::VersionTableName& name,
                           std::shared_ptr<AwsAccess> aws, std::shared_ptr<const Log> log,
                           std::shared_ptr<const Stop> stop, std::shared_ptr<VersionRows> rows);

}  // namespace drift::check
