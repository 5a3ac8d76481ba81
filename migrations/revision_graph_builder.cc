// RevisionGraph::build: resolves what files name to indices and says what is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "drift/base/text.h"
#include "migrations/graph_cycles.h"
#include "migrations/missing_revision.h"
#include "migrations/revision_graph.h"

namespace drift::migrations {
namespace {

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
    } else if (const std::size_t at = id.find_first_of(kIllegalInIds); at != std::string::npos) {
      invalid(fmt::format("revision id {} holds '{}', which Alembic does not allow", quoted(id),
                          id[at]),
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
    // A revision that names itself has been reported already.
    std::vector<std::vector<Index>> edges = graph_.down_;
    without_reported_loops(edges);
    if (add_cycles(Fault::kCycle, edges)) return;
    const auto depends_on_nothing = [](const std::vector<Index>& on) { return on.empty(); };
    if (std::all_of(graph_.depends_.begin(), graph_.depends_.end(), depends_on_nothing)) return;
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
