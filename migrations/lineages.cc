#include "migrations/lineages.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "drift/base/text.h"
#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"

namespace drift::migrations {
namespace {

using Index = History::Index;
using Held = HeldRevisions::Held;

// What a file says of its ancestors, as written there.
struct Edges {
  std::vector<std::string> down, dependencies;
  bool operator==(const Edges&) const = default;
};

// What a commit says of the ancestors: nothing that anybody can have run, or nothing that is known.
enum class Tried { kRead, kNobody, kUnknown };

// Of files, each read once; nothing where they cannot be told from the file alone.
class EdgesOfFiles {
 public:
  explicit EdgesOfFiles(const GitRepository& repository) : repository_(repository) {}

  const std::optional<Edges>& of(const Held& held) {
    const auto [place, is_new] = known_.try_emplace(held.blob);
    if (!is_new) return place->second;
    const auto source = repository_.blob(held.blob);
    if (!source) return place->second;
    const auto no_module = [](std::string_view) -> std::optional<std::string> { return {}; };
    const RevisionFile file = revision_from(read_module_variables(*source, no_module), held.path);
    if (file.revision) {
      place->second = Edges{file.revision->down_revisions, file.revision->dependencies};
    }
    return place->second;
  }

 private:
  const GitRepository& repository_;
  std::map<ObjectId, std::optional<Edges>> known_;
};

const Held* find(const std::vector<Held>& held, const std::string& id) {
  const auto found =
      std::find_if(held.begin(), held.end(), [&](const Held& one) { return one.id == id; });
  return found == held.end() ? nullptr : &*found;
}

bool same_ancestors(const Lineage& one, const Lineage& other) {
  const auto edges = [](const Lineage& lineage) {
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> all;
    for (const Revision& revision : lineage.revisions) {
      all[revision.id] = {{revision.down_revisions.begin(), revision.down_revisions.end()},
                          {revision.dependencies.begin(), revision.dependencies.end()}};
    }
    return all;
  };
  return edges(one) == edges(other);
}

}  // namespace

void Lineages::add_to(FoundRevision& found, Index place,
                      const std::set<std::string>& ids_at_ref) const {
  if (!read_first(found, place)) return;
  std::vector<std::string> ids;
  AskedRevisions asked;
  for (const Revision& revision : found.lineages.front().revisions) {
    if (ids_at_ref.contains(revision.id)) continue;
    ids.push_back(revision.id);
    asked.add_exact(revision.id);
  }
  if (ids.size() == 1) {
    add_others(found, held_, ids);
  } else {
    add_others(found, HeldRevisions(repository_, history_, folders_, recursive_, asked, stop_),
               ids);
  }
}

// A tip may be broken while somebody works on it: then an older commit tells.
bool Lineages::read_first(FoundRevision& found, Index place) const {
  std::set<std::uint32_t> tried;
  const auto lineage_at = [&](Index commit) {
    tried.insert(history_.commits[commit].state);
    auto lineage = read_lineage(repository_, hex_of(history_.commits[commit].id), settings_,
                                found.revision, stop_);
    if (const auto* none = std::get_if<NoLineage>(&lineage)) {
      if (tried.size() == 1 || !none->for_alembic_too) found.lineage_unknown_because = none->reason;
      return none->for_alembic_too ? Tried::kNobody : Tried::kUnknown;
    }
    found.lineage_unknown_because.clear();
    found.lineages.push_back(std::get<Lineage>(std::move(lineage)));
    return Tried::kRead;
  };
  Tried last = lineage_at(place);
  for (Index i = 0; i < history_.commits.size() && last == Tried::kNobody; ++i) {
    if (tried.size() > kMost) break;
    if (held_.find(i, found.revision) == nullptr) continue;
    if (!tried.contains(history_.commits[i].state)) last = lineage_at(i);
  }
  return last == Tried::kRead;
}

void Lineages::add_others(FoundRevision& found, const HeldRevisions& held,
                          const std::vector<std::string>& ids) const {
  EdgesOfFiles edges(repository_);
  const std::vector<Held>& first =
      held.at(history_.index_of.at(object_id_of(found.lineages[0].commit)));
  const auto same_as_first = [&](const std::vector<Held>& those) {
    return std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
      const Held* one = find(first, id);
      const Held* other = find(those, id);
      if (one == nullptr || other == nullptr) return false;
      if (one->blob == other->blob) return true;
      return edges.of(*one) && edges.of(*one) == edges.of(*other);
    });
  };
  std::set<const std::vector<Held>*> seen = {&first};
  for (Index i = 0; i < history_.commits.size(); ++i) {
    const std::vector<Held>& those = held.at(i);
    if (find(those, found.revision) == nullptr || !seen.insert(&those).second) continue;
    stop_.check("comparing the ancestors of a revision");
    if (same_as_first(those)) continue;
    auto read =
        read_lineage(repository_, hex_of(history_.commits[i].id), settings_, found.revision, stop_);
    if (const auto* none = std::get_if<NoLineage>(&read)) {
      if (none->for_alembic_too) continue;
      found.lineage_unknown_because = none->reason;
      return;
    }
    Lineage& lineage = std::get<Lineage>(read);
    const bool known =
        std::any_of(found.lineages.begin(), found.lineages.end(),
                    [&](const Lineage& one) { return same_ancestors(one, lineage); });
    if (known) continue;
    if (found.lineages.size() == kMost) {
      found.lineage_unknown_because =
          fmt::format("it and its ancestors were rewritten more than {} times", kMost);
      return;
    }
    found.lineages.push_back(std::move(lineage));
  }
}

}  // namespace drift::migrations
