// Statements that change something, in one transaction, with a record of it.
#pragma once

#include <string>
#include <vector>

#include "drift/sql_api/answer.h"
#include "drift/sql_api/audit_trail.h"
#include "drift/sql_api/kept_answers.h"
#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/parameters.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/statement.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::sql_api {

struct Mutation {
  std::vector<BoundStatement> runs;  // all of them or none
  bool many = false;                 // of execute_many, however many they are
  // What each run is; one for all where they are of one statement.
  std::vector<StatementFacts> facts;
  bool script = false;   // the runs are statements of their own
  std::string sql;       // as it was sent
  bool dry_run = false;  // everything but COMMIT
  // With them, a change that was committed under the key is not made again.
  std::string idempotency_key;  // "" where none was sent
  std::string asked;            // all that the answer depends on
  const KeptAnswers* answers = nullptr;
  AuditRecord record;  // who, which request; the rest is filled in
  RowLimits limits;
  RowShape shape = RowShape::kLists;
  ReadOptions options;
};

// BEGIN, the runs, the record "executed", COMMIT, a record of what became of it. The answer:
// {"affected_rows": 2}, with columns and rows where a single run has RETURNING, of a script with
// what each statement did, or an error.
// Whatever fails before COMMIT rolls back; where the record cannot be written nothing is changed.
// A connection that is lost during COMMIT leaves the outcome unknown, and the answer says so.
// Of a dry run the answer is {"affected_rows": 2, "dry_run": true} without rows: constraints that
// wait for the end of the transaction are checked, the record is "tried", and ROLLBACK takes back
// what a transaction can; values of sequences are not among that.
// What was committed under the same idempotency key is answered again, and not recorded again.
// Throws as KeptConnection::get, Connection::run, AuditTrail::write, earlier_answer, and
// Error{kTooManyRows} for RETURNING that does not fit; nothing was changed then.
std::string mutate(KeptConnection& kept, const Mutation& mutation, const AuditTrail& audit,
                   const Log& log, const Stop& stop);

}  // namespace drift::sql_api
