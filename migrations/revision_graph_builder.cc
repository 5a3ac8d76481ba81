// RevisionGraph::build: resolves what files name to indices and says what is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "drift/base/text.h"
#include "migrations/git/tree_path.h"
#include "migrations/revision_graph.h"

namespace drift::migrations {
namespace {

using Nodes = std::vector<std::uint32_t>;

// What remains after taking away, again and again, every node all of whose parents are gone: the
// cycles and what hangs on them. Each remaining node has a parent that remains too.
std::vector<bool> unresolvable(const std::vector<Nodes>& parents) {
  // The children of all nodes in one list: those of a node begin at first_child[node] and end where
  // the next node's begin. A list for each would be as many allocations.
  Nodes first_child(parents.size() + 1);
  for (const Nodes& of_one : parents) {
    for (const std::uint32_t parent : of_one) ++first_child[parent];
  }
  std::partial_sum(first_child.begin(), first_child.end(), first_child.begin());
  Nodes children(first_child.back());
  Nodes waiting_for(parents.size());
  Nodes free_nodes;
  for (std::uint32_t node = 0; node < parents.size(); ++node) {
    for (const std::uint32_t parent : parents[node]) children[--first_child[parent]] = node;
    waiting_for[node] = static_cast<std::uint32_t>(parents[node].size());
    if (parents[node].empty()) free_nodes.push_back(node);
  }
  std::vector<bool> remains(parents.size(), true);
  while (!free_nodes.empty()) {
    const std::uint32_t node = free_nodes.back();
    free_nodes.pop_back();
    remains[node] = false;
    for (std::uint32_t i = first_child[node]; i < first_child[node + 1]; ++i) {
      if (--waiting_for[children[i]] == 0) free_nodes.push_back(children[i]);
    }
  }
  return remains;
}

// https://github.com/sqlalchemy/alembic/blob/main/alembic/script/revision.py,
// _revision_illegal_chars; ':' since Alembic 1.17.1.
constexpr std::string_view kIllegalInIds = "@-+:";

// alembic_version.version_num is VARCHAR(32):
// https://alembic.sqlalchemy.org/en/latest/api/ddl.html#alembic.ddl.impl.DefaultImpl.version_table_impl
constexpr std::size_t kVersionNumCharacters = 32;

// PostgreSQL counts characters, not bytes.
std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// `parents[n]` are the nodes that node n points to. Returns cycles that share no node, each from
// its smallest member along the arrows: {a, b, c} says a points to b, b to c and c to a. At least
// one where there is any; cycles that cross a returned one show themselves once that is mended.
// Linear, no recursion.
std::vector<Nodes> find_cycles(const std::vector<Nodes>& parents) {
  const std::vector<bool> remains = unresolvable(parents);
  std::vector<Nodes> cycles;
  // Walk from each node along its first remaining parent. A walk ends where it meets itself, which
  // is a cycle, or an earlier walk, whose cycle is known.
  Nodes walk_of(parents.size(), 0);
  std::uint32_t walk = 0;
  for (std::uint32_t start = 0; start < parents.size(); ++start) {
    if (!remains[start] || walk_of[start] != 0) continue;
    ++walk;
    Nodes path;
    std::uint32_t node = start;
    while (walk_of[node] == 0) {
      walk_of[node] = walk;
      path.push_back(node);
      node = *std::find_if(parents[node].begin(), parents[node].end(),
                           [&remains](std::uint32_t parent) { return remains[parent]; });
    }
    if (walk_of[node] != walk) continue;
    Nodes cycle(std::find(path.begin(), path.end(), node), path.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    cycles.push_back(std::move(cycle));
  }
  std::sort(cycles.begin(), cycles.end());
  return cycles;
}

// Holds references to what it was made from. The search for what was meant looks at every revision
// for each missing id, so it has a budget for all of them together; when that is spent, hints get
// poorer and nothing gets slower.
class MissingRevision {
 public:
  using LabelOwners = std::map<std::string, std::uint32_t, std::less<>>;

  MissingRevision(const std::vector<Revision>& revisions, const LabelOwners& label_owners)
      : revisions_(revisions), label_owners_(label_owners) {}

  // `child` names `id` as down_revision. There even a branch label is missing: Alembic resolves
  // labels in depends_on only.
  Problem as_parent(const Revision& child, const std::string& id);
  // `dependent` names `id` in depends_on, where neither an id nor a label is meant by it.
  Problem as_dependency(const Revision& dependent, const std::string& id);

 private:
  std::string hint(const Revision& referrer, const std::string& id);
  const Revision* named_like(const Revision& referrer, std::string_view id);
  const Revision* nearest(const Revision& referrer, std::string_view id);

  const std::vector<Revision>& revisions_;
  const LabelOwners& label_owners_;
  std::size_t comparisons_left_ = 1'000'000;
};

Problem MissingRevision::as_parent(const Revision& child, const std::string& id) {
  Problem problem{
      Fault::kMissingRevision,
      fmt::format("{}: down_revision {} is declared by no file", child.path, quoted(id)),
      "",
      {child.path}};
  const auto owner = label_owners_.find(id);
  if (id.empty()) {
    problem.hint = "a base has down_revision = None";
  } else if (owner != label_owners_.end()) {
    const Revision& labelled = revisions_[owner->second];
    problem.hint =
        fmt::format("it is a branch label of {}; down_revision takes revision ids, such as {}",
                    labelled.path, quoted(labelled.id));
  } else {
    problem.hint = hint(child, id);
  }
  return problem;
}

Problem MissingRevision::as_dependency(const Revision& dependent, const std::string& id) {
  return {
      Fault::kMissingRevision,
      fmt::format("{}: depends_on {} is neither a revision nor a branch label that any file "
                  "declares",
                  dependent.path, quoted(id)),
      id.empty() ? "a revision without dependencies has depends_on = None" : hint(dependent, id),
      {dependent.path}};
}

std::string MissingRevision::hint(const Revision& referrer, const std::string& id) {
  std::string text;
  if (const Revision* file = named_like(referrer, id)) {
    text = fmt::format("{} has that id in its name but declares revision {}", file->path,
                       quoted(file->id));
  } else if (const Revision* revision = nearest(referrer, id)) {
    text = fmt::format("did you mean {} ({})?", quoted(revision->id), revision->path);
  } else {
    text =
        "its file may have been deleted, or be on another branch or in another versions "
        "folder";
  }
  return text;
}

// A file whose name begins with the id, as `alembic revision` names files, or at least holds it.
const Revision* MissingRevision::named_like(const Revision& referrer, std::string_view id) {
  // "12" stands in too many names by chance.
  const bool long_enough_to_search = id.size() >= 4;
  const Revision* holds_it = nullptr;
  for (const Revision& revision : revisions_) {
    if (comparisons_left_ == 0) break;
    --comparisons_left_;
    // The name of a merge often tells what it merges.
    if (&revision == &referrer) continue;
    const std::string_view name = base_name(revision.path);
    if (name.size() > id.size() && name.starts_with(id) && !is_alnum(name[id.size()])) {
      return &revision;
    }
    if (long_enough_to_search && holds_it == nullptr && name.find(id) != std::string_view::npos) {
      holds_it = &revision;
    }
  }
  return holds_it;
}

// The revision whose id differs by case only, is abbreviated by `id`, or is a few edits away.
const Revision* MissingRevision::nearest(const Revision& referrer, std::string_view id) {
  // One edit for every four characters: of short ids everything is near everything.
  std::size_t limit = std::min<std::size_t>(3, id.size() / 4);
  const Revision* best = nullptr;
  for (const Revision& revision : revisions_) {
    if (comparisons_left_ == 0) break;
    --comparisons_left_;
    if (&revision == &referrer) continue;
    if (id.size() >= 4 && revision.id.starts_with(id)) {
      // As good as a perfect match, but a later one may differ in case only.
      if (best == nullptr || !best->id.starts_with(id)) best = &revision;
      limit = 0;
      continue;
    }
    const std::size_t distance = edit_distance(id, revision.id, limit);
    if (distance > limit) continue;
    if (distance == 0) return &revision;  // but for upper and lower case
    // Ask for a strictly better one from here on, so that ties go to the first file.
    best = &revision;
    limit = distance - 1;
  }
  return best;
}

}  // namespace

class RevisionGraph::Builder {
 public:
  explicit Builder(std::vector<Revision> revisions) {
    graph_.revisions_ = std::move(revisions);
    const auto earlier = [](const Revision& left, const Revision& right) {
      return std::tie(left.path, left.id) < std::tie(right.path, right.id);
    };
    std::vector<Revision>& all = graph_.revisions_;
    // One versions folder comes in order; moving thousands of revisions to find that out is dear.
    if (!std::is_sorted(all.begin(), all.end(), earlier))
      std::sort(all.begin(), all.end(), earlier);
  }

  Built build() {
    for (const Revision& revision : graph_.revisions_) check_alone(revision);
    index_ids();
    index_labels();
    resolve_edges();
    find_cycles_by_kind();
    if (!problems_.empty()) return {RevisionGraph{}, std::move(problems_), std::move(warnings_)};
    classify();
    return {std::move(graph_), {}, std::move(warnings_)};
  }

 private:
  // What Alembic refuses when it makes a Revision of one file, in its order.
  void check_alone(const Revision& revision) {
    const std::string& id = revision.id;
    const auto names_itself = [&id](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), id) != names.end();
    };
    if (names_itself(revision.down_revisions)) {
      add({Fault::kSelfLoop,
           fmt::format("{}: revision {} names itself as down_revision", revision.path, quoted(id)),
           "down_revision is the revision that this one follows, or None for a base",
           {revision.path}});
    } else if (names_itself(revision.dependencies)) {
      add({Fault::kDependencyLoop,
           fmt::format("{}: revision {} names itself in depends_on", revision.path, quoted(id)),
           "take the revision's own id out of depends_on",
           {revision.path}});
    } else {
      check_id(revision);
    }
    if (id.size() <= kVersionNumCharacters) return;
    if (const std::size_t length = characters(id); length > kVersionNumCharacters) {
      warnings_.push_back(
          fmt::format("{}: revision id {} has {} characters, but alembic_version.version_num holds "
                      "{} unless it was widened",
                      revision.path, quoted(id), length, kVersionNumCharacters));
    }
  }

  void check_id(const Revision& revision) {
    const std::string& id = revision.id;
    const auto invalid = [&](std::string message, std::string hint) {
      add({Fault::kInvalidRevisionId,
           fmt::format("{}: {}", revision.path, message),
           std::move(hint),
           {revision.path}});
    };
    if (id.empty()) {
      invalid("the revision id is empty", "give the revision an id");
    } else if (id.find('\0') != std::string::npos) {
      invalid("the revision id holds a NUL byte, which PostgreSQL cannot store",
              "give the revision an id of printable characters");
    } else if (const auto at = std::find_first_of(id.begin(), id.end(), kIllegalInIds.begin(),
                                                  kIllegalInIds.end());
               at != id.end()) {
      invalid(
          fmt::format("revision id {} holds '{}', which Alembic does not allow", quoted(id), *at),
          "a revision id may hold none of @ - + :");
    }
  }

  void index_ids() {
    const std::vector<Revision>& revisions = graph_.revisions_;
    graph_.sorted_.reserve(revisions.size());
    graph_.by_id_.reserve(revisions.size());
    std::map<Index, std::vector<Index>> repeated;  // the first file with an id, then all with it
    for (Index index = 0; index < revisions.size(); ++index) {
      graph_.sorted_.push_back(index);
      const auto [entry, is_new] = graph_.by_id_.emplace(revisions[index].id, index);
      if (is_new) continue;
      std::vector<Index>& with_it = repeated[entry->second];
      if (with_it.empty()) with_it.push_back(entry->second);
      with_it.push_back(index);
    }
    graph_.sort_by_id(graph_.sorted_);
    for (const auto& [first, with_it] : repeated) {
      Problem problem{Fault::kDuplicateRevision,
                      "",
                      "give each file an id of its own; Alembic would only warn and use whichever "
                      "file it loads last",
                      {}};
      for (const Index index : with_it) problem.files.push_back(revisions[index].path);
      problem.message =
          fmt::format("revision {} is declared by {} files: {}", quoted(revisions[first].id),
                      with_it.size(), fmt::join(problem.files, ", "));
      add(std::move(problem));
      is_ambiguous_ = true;
    }
  }

  void index_labels() {
    for (Index index = 0; index < graph_.revisions_.size(); ++index) {
      const Revision& revision = graph_.revisions_[index];
      for (const std::string& label : revision.branch_labels) {
        if (const auto of_id = graph_.find(label)) {
          const Revision& other = graph_.at(*of_id);
          add_label_conflict(revision, other,
                             fmt::format("{}: branch label {} is also a revision id, of {}",
                                         revision.path, quoted(label), other.path));
          continue;
        }
        const auto [owner, is_new] = graph_.label_owner_.emplace(label, index);
        if (is_new) continue;
        const Revision& other = graph_.at(owner->second);
        add_label_conflict(
            revision, other,
            owner->second == index
                ? fmt::format("{}: branch label {} is declared twice", revision.path, quoted(label))
                : fmt::format("{}: branch label {} is already declared by {}", revision.path,
                              quoted(label), other.path));
      }
    }
  }

  void add_label_conflict(const Revision& revision, const Revision& other, std::string message) {
    Problem problem{Fault::kLabelConflict,
                    std::move(message),
                    "every branch label is declared once, and differs from every revision id",
                    {revision.path}};
    if (&other != &revision) problem.files.push_back(other.path);
    add(std::move(problem));
    is_ambiguous_ = true;
  }

  // depends_on first, for all, as Alembic does: labels are resolved there and nowhere else.
  void resolve_edges() {
    const std::size_t count = graph_.revisions_.size();
    graph_.down_.resize(count);
    graph_.depends_.resize(count);
    MissingRevision missing(graph_.revisions_, graph_.label_owner_);
    // Which revision last named this one: drops repetitions, however long a list is.
    std::vector<std::optional<Index>> named_by(count);
    for (Index index = 0; index < count; ++index) {
      const Revision& revision = graph_.at(index);
      // depends_on = "" is no dependency to Alembic, which asks whether it is true.
      if (revision.dependencies.size() == 1 && revision.dependencies.front().empty()) continue;
      for (const std::string& name : revision.dependencies) {
        std::optional<Index> on = graph_.find(name);
        if (!on) on = graph_.declares_label(name);
        if (!on) {
          add(missing.as_dependency(revision, name));
        } else if (std::exchange(named_by[*on], index) != index) {
          graph_.depends_[index].push_back(*on);
        }
      }
    }
    named_by.assign(count, std::nullopt);
    for (Index index = 0; index < count; ++index) {
      const Revision& revision = graph_.at(index);
      for (const std::string& id : revision.down_revisions) {
        const std::optional<Index> parent = graph_.find(id);
        if (!parent) {
          add(missing.as_parent(revision, id));
        } else if (std::exchange(named_by[*parent], index) != index) {
          graph_.down_[index].push_back(*parent);
        }
      }
    }
  }

  void find_cycles_by_kind() {
    // Where one id or label means two things, a cycle may be there for one of them only.
    if (is_ambiguous_) return;
    // A revision that names itself has been reported already, and its graph is refused.
    without_reported_loops(graph_.down_);
    if (add_cycles(Fault::kCycle, graph_.down_)) return;
    const auto depends_on_nothing = [](const std::vector<Index>& on) { return on.empty(); };
    if (std::all_of(graph_.depends_.begin(), graph_.depends_.end(), depends_on_nothing)) return;
    std::vector<std::vector<Index>> edges = graph_.down_;
    for (Index index = 0; index < edges.size(); ++index) {
      const std::vector<Index>& depends = graph_.depends_[index];
      edges[index].insert(edges[index].end(), depends.begin(), depends.end());
    }
    without_reported_loops(edges);
    add_cycles(Fault::kDependencyCycle, edges);
  }

  void without_reported_loops(std::vector<std::vector<Index>>& edges) const {
    for (Index index = 0; index < edges.size(); ++index) {
      const Revision& revision = graph_.at(index);
      const auto names_itself = [&revision](const std::vector<std::string>& names) {
        return std::find(names.begin(), names.end(), revision.id) != names.end();
      };
      // What depends on itself by its own branch label has not: Alembic calls that a cycle.
      if (!names_itself(revision.down_revisions) && !names_itself(revision.dependencies)) continue;
      std::vector<Index>& targets = edges[index];
      targets.erase(std::remove(targets.begin(), targets.end(), index), targets.end());
    }
  }

  bool add_cycles(Fault kind, const std::vector<std::vector<Index>>& edges) {
    constexpr std::size_t kShown = 10;
    const std::vector<std::vector<Index>> cycles = find_cycles(edges);
    for (const std::vector<Index>& cycle : cycles) {
      Problem problem{kind, "", "", {}};
      std::string members;
      for (std::size_t i = 0; i < cycle.size(); ++i) {
        const Revision& revision = graph_.at(cycle[i]);
        problem.files.push_back(revision.path);
        if (i < kShown) members += quoted(revision.id) + " -> ";
      }
      if (cycle.size() > kShown) members += fmt::format("{} more -> ", cycle.size() - kShown);
      members += quoted(graph_.at(cycle.front()).id);
      const std::string& file = problem.files.front();
      if (kind == Fault::kCycle) {
        problem.message = fmt::format("{}: its down_revision leads back to it: {}", file, members);
        problem.hint = "one of these revisions must name another down_revision, or None";
      } else {
        problem.message =
            fmt::format("{}: its down_revision and depends_on lead back to it: {}", file, members);
        problem.hint = "one of these revisions must lose the depends_on that closes the circle";
      }
      add(std::move(problem));
    }
    return !cycles.empty();
  }

  void classify() {
    const std::size_t count = graph_.revisions_.size();
    graph_.children_.resize(count);
    graph_.all_children_.resize(count);
    for (Index index = 0; index < count; ++index) {
      for (const Index parent : graph_.down_[index]) {
        graph_.children_[parent].push_back(index);
        graph_.all_children_[parent].push_back(index);
      }
      for (const Index on : graph_.depends_[index]) {
        std::vector<Index>& children = graph_.all_children_[on];
        // A parent that is a dependency too has just got this child.
        if (children.empty() || children.back() != index) children.push_back(index);
      }
    }
    // sorted_ is in the order of ids, so each of these lists is too.
    for (const Index index : graph_.sorted_) {
      if (graph_.children_[index].empty()) graph_.heads_.push_back(index);
      if (graph_.all_children_[index].empty()) graph_.effective_heads_.push_back(index);
      if (graph_.down_[index].empty()) graph_.bases_.push_back(index);
      if (graph_.children_[index].size() > 1) graph_.branch_points_.push_back(index);
      if (graph_.down_[index].size() > 1) graph_.merge_points_.push_back(index);
    }
  }

  void add(Problem problem) { problems_.push_back(std::move(problem)); }

  RevisionGraph graph_;
  std::vector<Problem> problems_;
  std::vector<std::string> warnings_;
  bool is_ambiguous_ = false;
};

RevisionGraph::Built RevisionGraph::build(std::vector<Revision> revisions) {
  return Builder(std::move(revisions)).build();
}

}  // namespace drift::migrations
