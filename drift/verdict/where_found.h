// Sentences on where a revision was found in git, for `explain` and for findings.
#pragma once

#include <string>
#include <vector>

#include "migrations/revision_search.h"

namespace drift::verdict {

// The end of a text that begins with the revision: "is not in main, but in feature/x, as FILE. It
// came with commit ...". Text of the repository is made printable, and so must `ref` be.
std::string where_found(const migrations::FoundRevision& found, const std::string& ref,
                        bool shallow);

// "a, tag b and c", or the first of very many.
std::string shown(const std::vector<migrations::RefTip>& tips);

// "commit 0123456789ab of 2026-01-31 (author: subject)".
std::string shown(const migrations::Commit& commit);

// " (message)": the first line of what the docstring says, or "".
std::string shown_message(const migrations::FoundRevision& found);

// Names of refs as git takes them: with "heads/", "remotes/" or "tags/" where two share a name.
std::vector<std::string> names_of(const std::vector<migrations::RefTip>& tips);

}  // namespace drift::verdict
