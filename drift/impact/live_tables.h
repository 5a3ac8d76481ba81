// The tables that operations are about, as a database has them now: sizes, constraints, sessions
// that hold locks on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drift/pending/known_catalog.h"
#include "drift/pending/operation.h"

namespace drift {
class Stop;
}
namespace drift::sql {
class SqlSource;
}

namespace drift::impact {

struct LiveConstraint {
  std::string name;
  char type = ' ';  // pg_constraint.contype
  bool validated = true;
  std::vector<std::string> columns;
  std::string other;  // a foreign key's other table
  bool incoming = false;
};

struct LiveIndex {
  std::string name;
  bool unique = false, valid = true;
  std::vector<std::string> columns;  // expressions are left out
};

// Sessions that hold one mode of lock on the table, or on a part of it; the oldest of them.
struct LockHolder {
  pending::Lock lock = pending::Lock::kNone;
  std::size_t count = 0;
  std::int64_t pid = 0;  // 0 for a prepared transaction
  // How long its transaction has lasted; nothing where the role may not see that.
  std::optional<double> seconds;
  std::string state;    // "idle in transaction", "prepared transaction"; "" where not to be seen
  std::string program;  // application_name; "" where not to be seen
};

struct LiveTable {
  std::string name;       // "schema.table"
  char kind = 'r';        // pg_class.relkind
  std::size_t parts = 0;  // partitions and children, all levels
  // By the last VACUUM or ANALYZE, all parts summed; nothing where one was never analysed.
  std::optional<std::uint64_t> heap_bytes, total_bytes, rows;
  // By how much it may have grown since, 1 for not at all.
  double growth = 1;
  std::string owner;
  // lock_timeout of the owner, in milliseconds, 0 for none; nothing where nobody set it.
  std::optional<std::uint64_t> lock_timeout_ms;
  std::vector<LiveConstraint> constraints;
  std::vector<LiveIndex> indexes;
  std::vector<LockHolder> holders;
};

struct LiveTables {
  bool asked = false;
  bool read = false;
  std::string why_not;  // where not: a sentence
  std::string database;
  int server_version = 0;                   // major; 0 where not read
  bool sees_sessions = false;               // of other roles
  std::map<std::string, LiveTable> tables;  // by the name that migrations use
  std::size_t left_out = 0;                 // tables that were too many to ask for
  pending::KnownCatalog catalog;
};

// Tables and indexes, as migrations name them.
struct Concerned {
  std::set<std::string> tables, indexes;

  void merge(Concerned other) {
    tables.merge(other.tables);
    indexes.merge(other.indexes);
  }
};
Concerned concerned_by(const std::vector<pending::Operation>& operations);

// Two statements that read the catalog alone and wait for no lock. What could not be read is said
// in `why_not`: throws nothing but Error{kInterrupted} of the run.
LiveTables read_live_tables(sql::SqlSource& source, const Concerned& concerned);

}  // namespace drift::impact
