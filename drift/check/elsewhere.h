// The search of the whole repository for version rows that the ref does not have.
#pragma once

#include <memory>
#include <optional>

#include "drift/base/stop.h"
#include "drift/check/codebase.h"
#include "drift/production/version_table.h"
#include "drift/verdict/standing.h"

namespace drift::check {

// On a thread of its own: where libgit2 does not return in time, it is left behind there (see
// Side). `stop` must live as long as the process then. Here such a search begins, and nowhere else:
// what a fetch left out (tips of other branches, history) is to be asked for here. Nothing where no
// row is worth it. Never throws an Error but for a signal: a search that fails, or that takes more
// than half of the time that is left, leaves the row unknown and says why.
//
// Targets of one codebase with the same unknown rows share one search; one with others begins where
// what was learnt of the history ends (GitRepository::memory). Requires Codebase::comparing.
std::optional<verdict::Elsewhere> look_elsewhere(const std::shared_ptr<const Codebase>& codebase,
                                                 const CodebaseSettings& settings,
                                                 const production::VersionTable& table,
                                                 const Stop& stop);

}  // namespace drift::check
