#include "drift/check/elsewhere.h"

#include <fmt/format.h>

#include <string>
#include <utility>
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
  RowSearches& searches = *codebase->searches;
  if (const auto known = searches.done.find(rows); known != searches.done.end()) {
    return known->second;
  }
  verdict::Elsewhere elsewhere;
  elsewhere.ended_because = searches.left_behind_because;
  elsewhere.ref = settings.ref.empty() ? "HEAD" : settings.ref;
  if (!elsewhere.ended_because.empty()) return elsewhere;
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
    elsewhere.ended_because = error.what();
    if (error.fault == Fault::kTimedOut) {
      elsewhere.ended_because = "it would have taken more than half of the time left";
      searches.left_behind_because = "a search for other rows took more than half of the time left";
    }
  }
  return searches.done.emplace(rows, std::move(elsewhere)).first->second;
}

}  // namespace drift::check
