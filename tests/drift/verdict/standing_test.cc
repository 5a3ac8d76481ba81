#include "drift/verdict/standing.h"

#include <gtest/gtest.h>

#include "tests/drift/verdict/compared.h"

namespace drift::verdict {
namespace {

using migrations::FoundRevision;
using migrations::Lineage;
using Where = FoundRevision::Where;

FoundRevision found(const std::string& row, std::vector<Lineage> lineages) {
  FoundRevision made;
  made.asked = made.revision = row;
  made.where = Where::kElsewhere;
  made.file = "versions/" + row + "_step.py";
  made.tips = {{migrations::RefTip::Kind::kBranch, "side", {}}};
  made.lineages = std::move(lineages);
  return made;
}

Elsewhere with(std::vector<FoundRevision> found) {
  Elsewhere elsewhere;
  elsewhere.ref = "main";
  elsewhere.search.revisions = std::move(found);
  return elsewhere;
}

const std::string kFirst = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
const std::string kSecond = "2f3e4d5c6b7a2f3e4d5c6b7a2f3e4d5c6b7a2f3e";

// The line up to `base`, and the row on top of it.
Lineage lineage(const std::string& row, const std::string& base,
                const std::string& commit = kFirst) {
  Lineage made{commit, {revision("aaaa1"), revision("aaaa2", {"aaaa1"})}};
  if (base == "bbbb3") made.revisions.push_back(revision("bbbb3", {"aaaa2"}));
  made.revisions.push_back(revision(row, {base}));
  return made;
}

std::string doubt(const std::vector<std::string>& rows, const Elsewhere& elsewhere,
                  const RevisionGraph& graph = line()) {
  const auto stood = stand(graph, rows, elsewhere);
  const auto* doubt = std::get_if<Doubt>(&stood);
  return doubt == nullptr ? "" : doubt->reason;
}

std::string verdict_of(Names rows, const Elsewhere& elsewhere) {
  const RevisionGraph graph = line();
  const Verdict verdict = compare(graph, table_with(std::move(rows)), &elsewhere);
  std::string text(status_name(verdict.status));
  for (const std::string& id : pending_ids(graph, verdict)) text += " " + id;
  text += " |";
  for (const std::string& id : verdict.common_base.value_or(Names{"unknown"})) text += " " + id;
  return text;
}

TEST(Standing, IsAheadWhereEveryHeadIsAnAncestorOfTheRow) {
  EXPECT_EQ(verdict_of({"x"}, with({found("x", {lineage("x", "bbbb3")})})), "ahead | bbbb3");
}

TEST(Standing, IsDivergedWhereTheRefWentOn) {
  EXPECT_EQ(verdict_of({"x"}, with({found("x", {lineage("x", "aaaa2")})})),
            "diverged bbbb3 | aaaa2");
}

TEST(Standing, OfARowThatHasNothingInCommonLeavesAllPending) {
  EXPECT_EQ(verdict_of({"x"}, with({found("x", {{kFirst, {revision("x")}}})})),
            "diverged aaaa1 aaaa2 bbbb3 |");
}

TEST(Standing, CountsTheRowsOfThisRefToo) {
  EXPECT_EQ(verdict_of({"x", "bbbb3"}, with({found("x", {lineage("x", "aaaa2")})})),
            "ahead | bbbb3");
}

TEST(Standing, OfARowBesideItsAncestorIsInconsistent) {
  EXPECT_EQ(verdict_of({"x", "aaaa2"}, with({found("x", {lineage("x", "aaaa2")})})),
            "inconsistent bbbb3 | aaaa2");
}

TEST(Standing, NamesTheLastRevisionsInCommonInOrder) {
  const RevisionGraph graph =
      sound({in_file("versions/1.py", revision("b")), in_file("versions/2.py", revision("a")),
             revision("c", {"a"})});
  const auto elsewhere =
      with({found("x", {{kFirst, {revision("b"), revision("a"), revision("x", {"b", "a"})}}})});
  const auto stood = stand(graph, {"x"}, elsewhere);
  EXPECT_EQ(std::get<Standing>(stood).common_base, (Names{"a", "b"}));
}

TEST(Standing, IsInDoubtWhereTheWholeIsNoGraph) {
  EXPECT_EQ(doubt({"x"}, with({found("x", {{kFirst, {revision("x", {"gone"})}}})})),
            "versions/x_step.py: down_revision 'gone' is declared by no file");
}

TEST(Standing, CountsDependencies) {
  Lineage made{kFirst, {revision("x", {}, {"bbbb3"})}};
  for (const char* id : {"aaaa1", "aaaa2", "bbbb3"}) {
    made.revisions.push_back(line().at(line().find(id).value()));
    made.revisions.back().branch_labels.clear();
  }
  EXPECT_EQ(verdict_of({"x"}, with({found("x", {made})})), "ahead | bbbb3");
}

TEST(Standing, IsInDoubtOfARowThatWasNotFound) {
  FoundRevision nowhere;
  nowhere.asked = nowhere.revision = "x";
  EXPECT_EQ(doubt({"x"}, with({nowhere})), "'x' was found in no commit");
  EXPECT_EQ(doubt({"x"}, with({})), "'x' was not looked for");
  FoundRevision broken = found("x", {});
  broken.lineage_unknown_because = "a problem";
  EXPECT_EQ(doubt({"x"}, with({broken})), "the ancestors of 'x' are not known: a problem");
  // Even where one way is known: another one may be missing.
  FoundRevision many = found("x", {lineage("x", "bbbb3")});
  many.lineage_unknown_because = "too many";
  EXPECT_EQ(doubt({"x"}, with({many})), "the ancestors of 'x' are not known: too many");
  EXPECT_EQ(verdict_of({"x"}, with({many})), "unknown_revision | unknown");
}

TEST(Standing, IsInDoubtWhereTheRefHasOtherParents) {
  Lineage other = lineage("x", "aaaa2");
  other.revisions[1].down_revisions = {};
  EXPECT_EQ(doubt({"x"}, with({found("x", {other})})),
            "'aaaa2' follows 'aaaa1' in main and nothing in commit 1a2b3c4d5e6f");
  other = lineage("x", "aaaa2");
  other.revisions[1].dependencies = {"aaaa1"};
  EXPECT_EQ(doubt({"x"}, with({found("x", {other})})),
            "'aaaa2' depends on other revisions in main than in commit 1a2b3c4d5e6f");
}

TEST(Standing, TakesContentsForTheSameMigrationOnlyWithItsCreateDate) {
  Lineage other = lineage("x", "bbbb3");
  other.revisions[1].blob[0] = 1;
  EXPECT_EQ(doubt({"x"}, with({found("x", {other})})),
            "'aaaa2' is versions/aaaa2_step.py in main and versions/aaaa2_step.py in commit "
            "1a2b3c4d5e6f, and these may be two migrations of one id");
  std::vector<Revision> dated = line().revisions();
  for (Revision& one : dated) one.create_date = "2026-01-01 10:00:00.123456";
  other.revisions[1].create_date = "2026-01-01 10:00:00.123456";
  for (Revision& one : other.revisions) one.create_date = "2026-01-01 10:00:00.123456";
  EXPECT_EQ(doubt({"x"}, with({found("x", {other})}), sound(dated)), "");
  other.revisions[1].create_date = "2026-01-02";
  EXPECT_NE(doubt({"x"}, with({found("x", {other})}), sound(dated)), "");
}

TEST(Standing, IsInDoubtWhereWhatIsAppliedDependsOnTheCommit) {
  EXPECT_EQ(
      doubt({"x"}, with({found("x", {lineage("x", "bbbb3"), lineage("x", "aaaa2", kSecond)})})),
      "the ancestors of 'x' were rewritten: 'bbbb3' is one of them in commit 1a2b3c4d5e6f "
      "and not in commit 2f3e4d5c6b7a");
  EXPECT_EQ(
      doubt({"x"}, with({found("x", {lineage("x", "aaaa2"), lineage("x", "bbbb3", kSecond)})})),
      "the ancestors of 'x' were rewritten: 'bbbb3' is one of them in commit 2f3e4d5c6b7a "
      "and not in commit 1a2b3c4d5e6f");
}

TEST(Standing, IsDecidedWhereEachWayGivesTheSame) {
  Lineage other{kSecond, lineage("x", "bbbb3").revisions};
  other.revisions.push_back(revision("y", {"bbbb3"}));
  other.revisions[3].down_revisions = {"y"};
  EXPECT_EQ(doubt({"x"}, with({found("x", {lineage("x", "bbbb3"), other})})), "");
}

TEST(Standing, LooksAtEachWayToCombineTheRows) {
  const auto both = with({found("x", {lineage("x", "aaaa2"), lineage("x", "aaaa2", kSecond)}),
                          found("y", {lineage("y", "aaaa2"), lineage("y", "bbbb3", kSecond)})});
  EXPECT_EQ(doubt({"x", "y"}, both),
            "the ancestors of 'y' were rewritten: 'bbbb3' is one of them in commit 2f3e4d5c6b7a "
            "and not in commit 1a2b3c4d5e6f");
  const std::vector<Lineage> eight(8, lineage("x", "aaaa2"));
  const auto too_often = with({found("x", eight), found("y", eight), found("z", eight)});
  EXPECT_EQ(doubt({"x", "y", "z"}, too_often),
            "the ancestors of the rows were rewritten too often");
}

}  // namespace
}  // namespace drift::verdict
