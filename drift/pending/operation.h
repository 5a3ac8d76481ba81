// What one operation of an upgrade does to a database that is in use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drift::pending {

// Weakest first, as PostgreSQL numbers them:
// https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
enum class Lock : std::uint8_t {
  kNone,
  kAccessShare,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};

// As PostgreSQL's documentation spells it: "ACCESS EXCLUSIVE".
const char* word_of(Lock lock);

// kHigh: keeps readers or writers out for as long as the size of a table demands, by its own lock
// or one that its transaction already holds; loses data; breaks running code; or cannot succeed.
enum class Severity : std::uint8_t { kNone, kLow, kMedium, kHigh };

const char* word_of(Severity severity);

// What takes as long as a table is large.
enum class Work : std::uint8_t { kNone, kScan, kIndex, kRewrite };

// One reason why an operation is more than low.
struct Hazard {
  std::string rule;  // of drift/pending/rule_book.h
  Severity severity = Severity::kHigh;
  Work work = Work::kNone;  // where only that makes it what it is
  std::string table;        // that is worked on; "" is the operation's own
  std::string suppressed;   // why its author does not mind; "" where it counts
};

using Locks = std::map<std::string, Lock>;  // by table

struct Operation {
  std::string operation;  // Alembic's name; "execute" for SQL; "" where it could not be read
  std::string command;    // execute only: PostgreSQL's command tag; "" where that is not known
  std::string table;      // "schema.table" where a schema is given; "" for none
  std::vector<std::string> columns;
  std::string index, constraint;
  std::string to;  // the new name, or the table that a foreign key refers to
  Locks locks;     // of tables that existed before
  // Nothing where only the catalog knows.
  std::optional<bool> rewrites = false;
  std::optional<bool> scans = false;
  Severity severity = Severity::kNone;
  int line = 0;
  // A test that only a run can decide stands before it, or a `try` around it goes on where it
  // fails.
  bool conditional = false;
  bool autocommit = false;  // its locks end with it
  bool opaque = false;      // something in it could not be read:
  std::string reason;       // what
  std::vector<std::string> notes;

  // The reasons for what is more than low, in the order in which they were found.
  std::vector<Hazard> hazards;

  void at_least(Severity other) {
    if (other > severity) severity = other;
  }
  void hazard(const char* rule, Severity other = Severity::kHigh, Work work = Work::kNone,
              std::string of_table = "") {
    at_least(other);
    for (const Hazard& known : hazards) {
      if (known.rule == rule && known.work == work && known.table == of_table) return;
    }
    hazards.push_back({rule, other, work, std::move(of_table), {}});
  }
  // The severity again, of the hazards as they are now.
  void weigh();
};

}  // namespace drift::pending
