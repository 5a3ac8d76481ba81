#include "migrations/missing_revision.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/migrations/topology.h"

namespace drift::migrations {
namespace {

constexpr const char* kGone =
    "its file may have been deleted, or stand on another branch or in another versions folder";

TEST(MissingRevision, NamesTheFileAndTheIdThatIsGone) {
  expect_one(problems({revision("b", {"9f3c"})}), Fault::kMissingRevision,
             "versions/b_step.py: down_revision '9f3c' is declared by no file", kGone,
             {"versions/b_step.py"});
}

TEST(MissingRevision, OfDependsOnSaysThatALabelWouldDoToo) {
  expect_one(problems({revision("b", {}, {"9f3c"})}), Fault::kMissingRevision,
             "versions/b_step.py: depends_on '9f3c' is neither a revision nor a branch label that "
             "any file declares",
             kGone, {"versions/b_step.py"});
}

TEST(MissingRevision, SuggestsTheNearestId) {
  expect_one(problems({revision("a81c55d09e2f"), revision("ffffffffffff", {"a81c55d09e2f"}),
                       revision("bbbbbbbbbbbb", {"a81c55d0e92f"})}),
             Fault::kMissingRevision,
             "versions/bbbbbbbbbbbb_step.py: down_revision 'a81c55d0e92f' is declared by no file",
             "did you mean 'a81c55d09e2f' (versions/a81c55d09e2f_step.py)?",
             {"versions/bbbbbbbbbbbb_step.py"});
}

TEST(MissingRevision, SuggestsWhatDiffersInCaseOnly) {
  const auto found = problems({in_file("versions/1.py", revision("ABCDEF")),
                               in_file("versions/2.py", revision("b", {"abcdef"}))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "did you mean 'ABCDEF' (versions/1.py)?");
}

TEST(MissingRevision, SuggestsWhatItAbbreviates) {
  const auto found = problems({in_file("versions/1.py", revision("a81c55d09e2f")),
                               in_file("versions/2.py", revision("b", {"a81c"}))});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "did you mean 'a81c55d09e2f' (versions/1.py)?");
}

TEST(MissingRevision, DoesNotGuessAmongShortIds) {
  const auto found = problems({revision("38"), revision("40", {"39"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, kGone);
}

TEST(MissingRevision, PointsToTheFileThatHasTheIdInItsNameOnly) {
  expect_one(problems({in_file("versions/a81c55d09e2f_users.py", revision("7777")),
                       in_file("versions/b.py", revision("8888", {"a81c55d09e2f"}))}),
             Fault::kMissingRevision,
             "versions/b.py: down_revision 'a81c55d09e2f' is declared by no file",
             "versions/a81c55d09e2f_users.py has that id in its name but declares revision '7777'",
             {"versions/b.py"});
  const auto dated = problems({in_file("versions/2024_a81c55d09e2f_x.py", revision("7777")),
                               in_file("versions/b.py", revision("8888", {"a81c55d09e2f"}))});
  ASSERT_EQ(dated.size(), 1u);
  EXPECT_EQ(dated[0].hint,
            "versions/2024_a81c55d09e2f_x.py has that id in its name but declares revision '7777'");
}

TEST(MissingRevision, ALabelIsNoDownRevision) {
  const auto found = problems({revision("a", {}, {}, {"shared"}), revision("b", {"shared"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint,
            "it is a branch label of versions/a_step.py; down_revision takes revision ids, such as "
            "'a'");
}

TEST(MissingRevision, AnEmptyDownRevisionIsNoBase) {
  expect_one(problems({revision("b", {""})}), Fault::kMissingRevision,
             "versions/b_step.py: down_revision '' is declared by no file",
             "a base has down_revision = None", {"versions/b_step.py"});
}

TEST(MissingRevision, AnEmptyDependsOnIsNoDependency) {
  EXPECT_TRUE(problems({revision("b", {}, {""})}).empty());
  const auto found = problems({revision("a"), revision("b", {}, {"", "a"})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].hint, "a revision without dependencies has depends_on = None");
}

TEST(MissingRevision, OverlongIdIsCutInTheMessage) {
  const auto found = problems({revision("b", {std::string(5'000'000, 'x')})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "versions/b_step.py: down_revision '" + std::string(120, 'x') +
                                  "...' is declared by no file");
}

TEST(MissingRevision, ThousandsOfThemAreAllReported) {
  std::vector<Revision> revisions;
  for (int i = 0; i < 20'000; ++i) {
    revisions.push_back(revision(std::to_string(10'000'000 + i), {fmt::format("m{}", i)}));
  }
  // A search of all files for each would take minutes.
  EXPECT_EQ(problems(std::move(revisions)).size(), 20'000u);
}

}  // namespace
}  // namespace drift::migrations
