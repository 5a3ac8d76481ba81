// The comparison: a pure function of two values. No I/O, no clock.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/revision_graph.h"

namespace drift::production {
struct VersionTable;
}

namespace drift::verdict {

struct Elsewhere;

enum class Status {
  kSynced,
  kBehind,
  kAhead,
  kDiverged,
  kUnknownRevision,
  kUnversioned,
  kInconsistent,
  kSchemaDrift,  // never by `compare`: of whoever compares the schema where the rows are right
  kError,
};

// "synced", "behind", "ahead", "diverged", "unknown_revision", "unversioned", "inconsistent",
// "schema_drift", "error".
std::string_view status_name(Status status);

enum class Severity { kInfo, kWarning, kCritical };
std::string_view severity_name(Severity severity);

// One thing that differs.
struct Finding {
  // "pending_revisions", "unknown_revision", ...: docs/verdicts.md lists them.
  std::string kind;
  Severity severity = Severity::kWarning;
  // 16 hex digits over kind and subjects (of schema_drift: schema::Finding's): the same difference
  // has the same fingerprint on every run, whatever its wording; another pending revision is
  // another fingerprint.
  std::string fingerprint;
  std::string message;  // one sentence for a person
  std::string action;   // what to do about it
  // Revision ids or rows that the finding is about, sorted.
  std::vector<std::string> subjects;
};

struct Verdict {
  Status status = Status::kError;
  // unversioned: "table_missing" or "table_empty"; else "".
  std::string reason;
  std::vector<std::string> codebase_heads;                // effective heads, sorted
  std::vector<std::string> production_versions;           // distinct rows, sorted
  std::vector<migrations::RevisionGraph::Index> pending;  // upgrade order
  // Where rows that this ref lacks were found: Standing::common_base. Else nothing.
  std::optional<std::vector<std::string>> common_base;
  std::vector<Finding> findings;  // most severe first
  // What the comparison has to say beside the findings. VersionTable::warnings and those of the
  // script directory and the graph are not repeated here.
  std::vector<std::string> warnings;
};

// Status rules, first that holds: no table or no row → unversioned; a row whose id the graph does
// not have, and of which `elsewhere` leaves doubt → unknown_revision; a repeated row, or one that
// is an ancestor of another → inconsistent; a row whose id the graph does not have → diverged where
// revisions are pending, else ahead; rows = effective heads → synced; else behind. All that is
// wrong with the rows is among the findings, whichever of it decides the status; where thousands
// are wrong in one way, the first twenty get a finding each and the rest share one. unversioned
// leaves every revision pending, without a finding of its own for that. unknown_revision leaves
// `pending` empty and warns that it cannot be known: what the unknown revision has among its
// ancestors is written in a file that this ref does not have. Statements in an action are for a
// person to judge and to run. Requires a graph that was built without problems. `elsewhere`: what a
// search for rows_to_search gave; null where none was made.
Verdict compare(const migrations::RevisionGraph& graph, const production::VersionTable& table,
                const Elsewhere* elsewhere = nullptr);

// Rows that `graph` does not have and that may be revisions of another place. Not those that look
// like a slip; of very many the first.
std::vector<std::string> rows_to_search(const migrations::RevisionGraph& graph,
                                        const production::VersionTable& table);

// 0 synced, 2 error, 1 anything else.
int exit_code(Status status);

}  // namespace drift::verdict
