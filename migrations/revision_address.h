// Revisions as `alembic upgrade` lets one address them: ids, beginnings of ids, head, heads, base,
// branch labels and steps.
// Source of the rules: Alembic 1.19, alembic/script/revision.py, and
// https://alembic.sqlalchemy.org/en/latest/tutorial.html#partial-revision-identifiers,
// https://alembic.sqlalchemy.org/en/latest/branches.html#working-with-branch-labels,
// https://alembic.sqlalchemy.org/en/latest/tutorial.html#relative-migration-identifiers;
// tests/e2e/test_pending_words.py compares with Alembic.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/revision_graph.h"

namespace drift::migrations {

// "A:B" as the two; nothing where there is no colon.
struct AddressRange {
  std::string from, to;
};
std::optional<AddressRange> address_range(std::string_view text);

// The revisions that `address` names: an id, a beginning of one that has more than three
// characters, `head` (the only one), `heads` (the effective ones), `base` (none), a branch label,
// LABEL@head, LABEL@REVISION, and any of these with +N: N steps up from it. "+N" alone goes up from
// `rows`. Sorted by id.
// Throws Error{kUsage} for what names nothing, or more than one where one is meant.
std::vector<RevisionGraph::Index> addressed(const RevisionGraph& graph, std::string_view address,
                                            const std::vector<RevisionGraph::Index>& rows);

// The graph of `targets` and of `rows` with their ancestors alone: its heads are what is asked for,
// and what is pending in it is what an upgrade to `targets` would run.
RevisionGraph up_to(const RevisionGraph& graph, const std::vector<RevisionGraph::Index>& targets,
                    const std::vector<RevisionGraph::Index>& rows);

}  // namespace drift::migrations
