#include "drift/check/elsewhere.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/check/side.h"
#include "drift/verdict/verdict.h"

namespace drift::check {

std::optional<verdict::Elsewhere> look_elsewhere(const std::shared_ptr<const Codebase>& codebase,
                                                 const CodebaseSettings& settings,
                                                 const production::VersionTable& table,
                                                 const Stop& stop) {
  if (!table.exists) return std::nullopt;
  const std::vector<std::string> rows = verdict::rows_to_search(codebase->graph, table);
  if (rows.empty()) return std::nullopt;
  verdict::Elsewhere elsewhere;
  elsewhere.ref = settings.ref.empty() ? "HEAD" : settings.ref;
  const auto part = std::make_shared<const Stop>(stop.remaining() / 2, stop);
  Side<migrations::RevisionSearch> search(
      [codebase, ref = elsewhere.ref, script = settings.script, rows, part] {
        const migrations::GitTree tree = codebase->repository.tree_at(codebase->commit.id);
        return migrations::search_rows(codebase->repository, tree, ref, script, rows, *part);
      });
  try {
    elsewhere.search = search.wait(*part, "looking for a version row in other places");
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    elsewhere.ended_because = error.fault == Fault::kTimedOut
                                  ? "it would have taken more than half of the time left"
                                  : error.what();
  }
  return elsewhere;
}

}  // namespace drift::check
