// The revision graph of a script directory, with the rules of Alembic's RevisionMap.
// Source of the rules: Alembic 1.19, alembic/script/revision.py, read from its behaviour;
// tests/differential compares the two on random graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/alembic/problem.h"
#include "migrations/revision.h"

namespace drift::migrations {

// Immutable once built. Revisions are addressed by `Index`, their position in `revisions()`, which
// is sorted by (path, id) so that the same files always give the same answers. Every list of
// indices that is not said to be in upgrade order is sorted by the bytes of the revision ids.
class RevisionGraph {
 public:
  using Index = std::uint32_t;

  struct Built;
  // Never throws for bad input: what is wrong with the graph comes back as problems, in the order
  // in which Alembic would have met them: per file in the order of paths self_loop,
  // dependency_loop, invalid_revision_id; then duplicate_revision, label_conflict,
  // missing_revision of depends_on, missing_revision of down_revision, cycle, dependency_cycle.
  // With any problem the graph answers no question: `graph` is empty.
  // One sort, otherwise linear in revisions and edges; no recursion, so any depth is fine.
  //
  // Stricter than Alembic in three places, each of which would make Alembic misbehave later:
  // - a repeated id is a warning there (the file loaded last wins) and a problem here;
  // - Alembic finds cycles by what the heads and the bases cannot reach, so it misses one that both
  //   can reach; here every cycle is found;
  // - an id that is empty or holds a NUL byte, which no version row could hold, is invalid here.
  static Built build(std::vector<Revision> revisions);

  // by_id_ looks into the strings of revisions_: moving keeps them where they are, copying would
  // not.
  RevisionGraph() = default;
  RevisionGraph(RevisionGraph&&) noexcept = default;
  RevisionGraph& operator=(RevisionGraph&&) noexcept = default;
  RevisionGraph(const RevisionGraph&) = delete;
  RevisionGraph& operator=(const RevisionGraph&) = delete;

  const std::vector<Revision>& revisions() const { return revisions_; }
  const Revision& at(Index index) const { return revisions_[index]; }

  // Exact id only. Alembic also takes labels, "head" and unique prefixes; a version row never
  // legitimately holds one.
  std::optional<Index> find(std::string_view id) const;
  // The first `at_most` ids, in order, that begin with `prefix` (not empty).
  std::vector<std::string> abbreviated_by(std::string_view prefix,
                                          std::size_t at_most = SIZE_MAX) const;
  // The revision whose file declares the branch label.
  std::optional<Index> declares_label(std::string_view label) const;

  // No other revision names it as down_revision.
  const std::vector<Index>& heads() const { return heads_; }
  // A head that no other reaches through depends_on either: the rows after `upgrade heads`.
  const std::vector<Index>& effective_heads() const { return effective_heads_; }
  const std::vector<Index>& bases() const { return bases_; }
  // More than one child by down_revision.
  const std::vector<Index>& branch_points() const { return branch_points_; }
  // More than one parent by down_revision.
  const std::vector<Index>& merge_points() const { return merge_points_; }

  // Parents by down_revision, and the revisions that depends_on resolves to; both in the order
  // written, without repetitions.
  const std::vector<Index>& parents(Index index) const { return down_[index]; }
  const std::vector<Index>& dependencies(Index index) const { return depends_[index]; }

  // Every label with all the revisions that carry it after propagation: all descendants by
  // down_revision, and the ancestors until a branch or merge point, as
  // https://alembic.sqlalchemy.org/en/latest/branches.html#working-with-branch-labels lets one
  // address them. Time and memory are in proportion to the answer.
  std::map<std::string, std::vector<Index>> branch_labels() const;

  // Every revision, parents and dependencies first; ties by path, so the order is stable.
  std::vector<Index> upgrade_order() const;

  // Inclusive ancestors over down_revision and depends_on: one flag for each revision.
  std::vector<bool> ancestors(const std::vector<Index>& of) const;

  // ancestors(effective heads) minus ancestors(rows), in an order in which Alembic could run them.
  std::vector<Index> pending(const std::vector<Index>& rows) const;

  // A row that says nothing, because `covered_by`, another row and itself not redundant, is its
  // descendant.
  struct Redundant {
    Index row = 0;
    Index covered_by = 0;
  };
  // Those of `rows` (distinct) that are proper ancestors of another of `rows`.
  std::vector<Redundant> redundant(const std::vector<Index>& rows) const;

 private:
  class Builder;

  void sort_by_id(std::vector<Index>& indices) const;

  std::vector<Revision> revisions_;
  std::vector<Index> sorted_;  // every index, by id
  std::unordered_map<std::string_view, Index> by_id_;
  // all_children_: by down_revision and depends_on together, without repetitions.
  std::vector<std::vector<Index>> down_, depends_, children_, all_children_;
  std::vector<Index> heads_, effective_heads_, bases_, branch_points_, merge_points_;
  std::map<std::string, Index, std::less<>> label_owner_;
};

struct RevisionGraph::Built {
  RevisionGraph graph;
  std::vector<Problem> problems;
  // For instance a revision id that does not fit VARCHAR(32).
  std::vector<std::string> warnings;
};

}  // namespace drift::migrations
