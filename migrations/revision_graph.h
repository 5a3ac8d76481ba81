// The revision graph of a script directory, with the rules of Alembic's RevisionMap.
// Source of the rules: Alembic 1.19, alembic/script/revision.py, read from its behaviour;
// tests/differential compares the two on random graphs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrations/problem.h"
#include "migrations/revision.h"

namespace drift::migrations {

// Immutable once built. Revisions are addressed by `Index`, their position in `revisions()`, which
// is sorted by (path, id) so that the same files always give the same answers. Every list of
// indices that is not said to be in upgrade order is sorted by revision id.
class RevisionGraph {
 public:
  using Index = std::uint32_t;

  struct Built;
  // Never throws for bad input: what is wrong with the graph comes back as problems, in the order
  // in which Alembic would have met them (ids, duplicates, labels, dependencies, parents, loops,
  // cycles). With any problem the graph answers no question: `graph` is empty.
  // Linear in revisions and edges; no recursion, so any depth is fine.
  static Built build(std::vector<Revision> revisions);

  const std::vector<Revision>& revisions() const { return revisions_; }
  const Revision& at(Index index) const { return revisions_[index]; }

  // Exact id only. Alembic also takes labels, "head" and unique prefixes; a version row never
  // legitimately holds one.
  std::optional<Index> find(std::string_view id) const;
  // Ids that begin with `prefix` (not empty), sorted.
  std::vector<std::string> abbreviated_by(std::string_view prefix) const;

  // No other revision names it as down_revision.
  const std::vector<Index>& heads() const { return heads_; }
  // A head that no other reaches through depends_on either: the rows after `upgrade heads`.
  const std::vector<Index>& effective_heads() const { return effective_heads_; }
  const std::vector<Index>& bases() const { return bases_; }
  // More than one child by down_revision.
  const std::vector<Index>& branch_points() const { return branch_points_; }
  // More than one parent by down_revision.
  const std::vector<Index>& merge_points() const { return merge_points_; }

  // Parents by down_revision, then the revisions that depends_on resolves to.
  const std::vector<Index>& parents(Index index) const { return down_[index]; }
  const std::vector<Index>& dependencies(Index index) const { return depends_[index]; }

  // Every label with all the revisions that carry it after propagation.
  std::map<std::string, std::vector<Index>> branch_labels() const;

  // Every revision, parents and dependencies first; ties by path, so the order is stable.
  std::vector<Index> upgrade_order() const;

  // Inclusive ancestors over down_revision and depends_on: one flag for each revision.
  std::vector<bool> ancestors(const std::vector<Index>& of) const;

  // ancestors(effective heads) minus ancestors(rows), in an order in which Alembic could run them.
  std::vector<Index> pending(const std::vector<Index>& rows) const;

  // Those of `rows` (distinct) that are proper ancestors of another of `rows`.
  std::vector<Index> redundant(const std::vector<Index>& rows) const;

 private:
  std::vector<Revision> revisions_;
  std::unordered_map<std::string_view, Index> by_id_;
  std::vector<std::vector<Index>> down_, depends_, children_;
  std::vector<Index> heads_, effective_heads_, bases_, branch_points_, merge_points_;
  std::map<std::string, Index> label_owner_;
};

struct RevisionGraph::Built {
  RevisionGraph graph;
  std::vector<Problem> problems;
  // For instance a revision id that does not fit VARCHAR(32).
  std::vector<std::string> warnings;
};

}  // namespace drift::migrations
