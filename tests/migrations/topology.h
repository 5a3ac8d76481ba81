// Revision graphs as the tests write them down: one line a revision.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "migrations/revision_graph.h"

namespace drift::migrations {

using Names = std::vector<std::string>;

// The path is that of a file as `alembic revision` would name it.
inline Revision revision(std::string id, Names down = {}, Names dependencies = {},
                         Names labels = {}) {
  Revision made;
  made.path = "versions/" + id + "_step.py";
  made.id = std::move(id);
  made.down_revisions = std::move(down);
  made.dependencies = std::move(dependencies);
  made.branch_labels = std::move(labels);
  return made;
}

inline Revision in_file(std::string path, Revision made) {
  made.path = std::move(path);
  return made;
}

inline RevisionGraph sound(std::vector<Revision> revisions) {
  RevisionGraph::Built built = RevisionGraph::build(std::move(revisions));
  for (const Problem& problem : built.problems) ADD_FAILURE() << problem.message;
  return std::move(built.graph);
}

inline std::vector<Problem> problems(std::vector<Revision> revisions) {
  return RevisionGraph::build(std::move(revisions)).problems;
}

class Topology : public testing::Test {
 protected:
  explicit Topology(std::vector<Revision> revisions) : graph_(sound(std::move(revisions))) {}

  Names ids(const std::vector<RevisionGraph::Index>& indices) const {
    Names names;
    for (const auto index : indices) names.push_back(graph_.at(index).id);
    return names;
  }
  std::vector<RevisionGraph::Index> indices(const Names& names) const {
    std::vector<RevisionGraph::Index> found;
    for (const std::string& name : names) found.push_back(graph_.find(name).value());
    return found;
  }
  Names heads() const { return ids(graph_.heads()); }
  Names effective_heads() const { return ids(graph_.effective_heads()); }
  Names bases() const { return ids(graph_.bases()); }
  Names branch_points() const { return ids(graph_.branch_points()); }
  Names merge_points() const { return ids(graph_.merge_points()); }
  Names upgrade_order() const { return ids(graph_.upgrade_order()); }
  Names pending(const Names& rows) const { return ids(graph_.pending(indices(rows))); }
  Names carriers(const std::string& label) const { return ids(graph_.branch_labels().at(label)); }
  // "a<c" says that row a is redundant because of row c.
  Names redundant(const Names& rows) const {
    Names found;
    for (const auto& entry : graph_.redundant(indices(rows))) {
      found.push_back(graph_.at(entry.row).id + "<" + graph_.at(entry.covered_by).id);
    }
    return found;
  }

  RevisionGraph graph_;
};

// `length` revisions in a row, from r100000 on.
inline std::vector<Revision> chain(int length) {
  std::vector<Revision> revisions;
  for (int i = 0; i < length; ++i) {
    revisions.push_back(revision(fmt::format("r{}", 100000 + i)));
    if (i > 0) revisions.back().down_revisions = {fmt::format("r{}", 100000 + i - 1)};
  }
  return revisions;
}

// Compares all that a person sees of the only problem.
inline void expect_one(const std::vector<Problem>& found, Fault kind, const std::string& message,
                       const std::string& hint, const Names& files) {
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(fault_name(found[0].kind), fault_name(kind));
  EXPECT_EQ(found[0].message, message);
  EXPECT_EQ(found[0].hint, hint);
  EXPECT_EQ(found[0].files, files);
}

}  // namespace drift::migrations
