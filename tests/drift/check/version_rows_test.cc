#include "drift/check/version_rows.h"

#include <gtest/gtest.h>

#include "migrations/revision_graph.h"

namespace drift::check {
namespace {

using migrations::Revision;
using migrations::RevisionGraph;

// a1 <- b2 <- c3, and x9 by itself.
RevisionGraph graph() {
  const auto revision = [](const char* id, std::vector<std::string> down) {
    Revision one;
    one.id = id;
    one.down_revisions = std::move(down);
    one.path = std::string("versions/") + id + ".py";
    return one;
  };
  auto built = RevisionGraph::build(
      {revision("a1", {}), revision("b2", {"a1"}), revision("c3", {"b2"}), revision("x9", {})});
  EXPECT_TRUE(built.problems.empty());
  return std::move(built.graph);
}

TEST(AppliedRevisions, AreTheRowsAndWhatCameBeforeThem) {
  const AppliedRevisions applied(graph(), {{{"b2"}}, ""});
  EXPECT_EQ(applied.why_not(), "");
  EXPECT_EQ(applied.has("a1"), true);
  EXPECT_EQ(applied.has("b2"), true);
  EXPECT_EQ(applied.has("c3"), false);
  EXPECT_EQ(applied.has("x9"), false);
}

TEST(AppliedRevisions, AreNotKnownBesideARowOfAnotherPlace) {
  const AppliedRevisions applied(graph(), {{{"a1", "zz"}}, ""});
  EXPECT_EQ(applied.why_not(), "the version row zz is not a revision of this ref");
  EXPECT_EQ(applied.has("a1"), true);
  EXPECT_EQ(applied.has("b2"), std::nullopt);
}

TEST(AppliedRevisions, AreNotKnownWithoutRows) {
  production::VersionTable table;
  table.qualified_name = "public.alembic_version";
  EXPECT_EQ(version_rows_of(table).why_not, "there is no version table public.alembic_version");
  table.exists = true;
  const VersionRows none = version_rows_of(table);
  EXPECT_EQ(none.why_not, "the version table public.alembic_version is empty");
  EXPECT_EQ(none.rows, std::nullopt);
  EXPECT_EQ(AppliedRevisions(graph(), none).has("a1"), std::nullopt);
  EXPECT_EQ(AppliedRevisions().why_not(), "no database was asked");
  table.rows = {"a1"};
  EXPECT_EQ(version_rows_of(table).rows, std::vector<std::string>{"a1"});
}

}  // namespace
}  // namespace drift::check
