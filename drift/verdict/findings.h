// What a verdict has to tell a person: one function for each kind of finding.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "drift/verdict/standing.h"
#include "drift/verdict/verdict.h"
#include "migrations/revision_graph.h"

namespace drift::production {
struct VersionTable;
}

namespace drift::verdict {

// 16 hex digits of the SHA-256 over kind and subjects. Each part goes in with its length, so that
// no two different lists run together to the same bytes.
std::string fingerprint(const std::string& kind, const std::vector<std::string>& subjects);

// The functions below append to `findings`. Where thousands of rows are wrong in the same way,
// the first kFoundSingly get a finding each and the rest share one.
inline constexpr std::size_t kFoundSingly = 20;

void find_missing_table(const production::VersionTable& table, std::vector<Finding>& findings);
void find_empty_table(const production::VersionTable& table, std::vector<Finding>& findings);

// `rows` are distinct, sorted, and no ids of `graph`. `elsewhere` is null where only the ref was
// searched; `standing` counts where some row was found, and `ahead` says that nothing is pending.
void find_unknown_rows(const migrations::RevisionGraph& graph,
                       const production::VersionTable& table, const std::vector<std::string>& rows,
                       const Elsewhere* elsewhere, const std::variant<Standing, Doubt>& standing,
                       bool ahead, std::vector<Finding>& findings);

void find_redundant_rows(const production::VersionTable& table,
                         const std::vector<Standing::Redundant>& rows,
                         std::vector<Finding>& findings);

// `rows` are distinct and sorted; each stands in the table more than once.
void find_duplicate_rows(const production::VersionTable& table,
                         const std::vector<std::string>& rows, std::vector<Finding>& findings);

enum class Obstacle { kNone, kRows, kUnknownRow };

// `pending` is not empty. `obstacle` is what keeps Alembic from upgrading.
void find_pending_revisions(const migrations::RevisionGraph& graph,
                            const std::vector<migrations::RevisionGraph::Index>& pending,
                            Obstacle obstacle, std::vector<Finding>& findings);

// `tenants` of `of` have that status, which is not synced.
void find_tenants(Status status, const std::vector<std::string>& tenants, std::size_t of,
                  std::vector<Finding>& findings);

// `tenants` were there in the report before this one.
void find_gone_tenants(const std::vector<std::string>& tenants, std::vector<Finding>& findings);

// One thing of the catalog that is not as it should be.
struct SchemaDifference {
  std::string subject;      // "column app.users.born"
  std::string sentence;     // "missing column app.users.born"
  std::string fingerprint;  // 16 hex digits; becomes that of the finding
};

// `differences` are those that fail, not empty; `expected` is where the expectation lies.
void find_schema_drift(const std::vector<SchemaDifference>& differences,
                       const std::string& expected, std::vector<Finding>& findings);

}  // namespace drift::verdict
