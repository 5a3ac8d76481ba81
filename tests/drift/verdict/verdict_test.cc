#include "drift/verdict/verdict.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "drift/production/version_table.h"
#include "migrations/revision_graph.h"

namespace drift::verdict {
namespace {

using migrations::Revision;
using migrations::RevisionGraph;
using Names = std::vector<std::string>;

Revision revision(std::string id, Names down = {}, Names dependencies = {}, Names labels = {}) {
  Revision made;
  made.path = "versions/" + id + ".py";
  made.id = std::move(id);
  made.down_revisions = std::move(down);
  made.dependencies = std::move(dependencies);
  made.branch_labels = std::move(labels);
  return made;
}

RevisionGraph graph_of(std::vector<Revision> revisions) {
  RevisionGraph::Built built = RevisionGraph::build(std::move(revisions));
  for (const auto& problem : built.problems) ADD_FAILURE() << problem.message;
  return std::move(built.graph);
}

production::VersionTable table_with(Names rows) {
  production::VersionTable table;
  table.exists = true;
  table.schema = "public";
  table.table = "alembic_version";
  table.qualified_name = "public.alembic_version";
  table.rows = std::move(rows);
  return table;
}

production::VersionTable no_table() {
  production::VersionTable table = table_with({});
  table.exists = false;
  return table;
}

// aaaa1 -> aaaa2 -> bbbb3
RevisionGraph line() {
  return graph_of({revision("aaaa1"), revision("aaaa2", {"aaaa1"}, {}, {"core"}),
                   revision("bbbb3", {"aaaa2"})});
}

Names pending_ids(const RevisionGraph& graph, const Verdict& verdict) {
  Names ids;
  for (const auto index : verdict.pending) ids.push_back(graph.at(index).id);
  return ids;
}

Names kinds(const Verdict& verdict) {
  Names found;
  for (const Finding& finding : verdict.findings) found.push_back(finding.kind);
  return found;
}

std::string status_of(const RevisionGraph& graph, Names rows) {
  return std::string(status_name(compare(graph, table_with(std::move(rows))).status));
}

// ---- the status ------------------------------------------------------------------------------

TEST(Synced, IsSaidWhenTheRowsAreTheEffectiveHeads) {
  const Verdict verdict = compare(line(), table_with({"bbbb3"}));
  EXPECT_EQ(status_name(verdict.status), "synced");
  EXPECT_EQ(verdict.reason, "");
  EXPECT_EQ(verdict.codebase_heads, Names({"bbbb3"}));
  EXPECT_EQ(verdict.production_versions, Names({"bbbb3"}));
  EXPECT_TRUE(verdict.pending.empty());
  EXPECT_TRUE(verdict.findings.empty());
  EXPECT_TRUE(verdict.warnings.empty());
}

TEST(Synced, AHeadThatIsDependedOnHasNoRow) {
  const RevisionGraph graph =
      graph_of({revision("a1"), revision("b1", {}, {"a1"}), revision("b2", {"b1"})});
  EXPECT_EQ(status_of(graph, {"b2"}), "synced");
  // `current --check-heads` passes on this, and `upgrade` refuses it.
  EXPECT_EQ(status_of(graph, {"a1", "b2"}), "inconsistent");
}

TEST(Synced, SeveralHeadsMatchInAnyOrderAndWarnOfUpgradeHead) {
  const RevisionGraph graph = graph_of({revision("a1"), revision("b1")});
  const Verdict verdict = compare(graph, table_with({"b1", "a1"}));
  EXPECT_EQ(status_name(verdict.status), "synced");
  EXPECT_EQ(
      verdict.warnings,
      Names({"the script directory has 2 heads ('a1' and 'b1'): `alembic upgrade head` fails, "
             "use `alembic upgrade heads` or join them with `alembic merge heads`"}));
}

TEST(Synced, SeveralHeadsAndOneEffectiveHeadStillWarn) {
  const RevisionGraph graph = graph_of({revision("a1"), revision("b1", {}, {"a1"})});
  const Verdict verdict = compare(graph, table_with({"b1"}));
  EXPECT_EQ(status_name(verdict.status), "synced");
  EXPECT_EQ(verdict.warnings.size(), 1u);
}

TEST(Synced, IsNeverSaidOfAnEmptyGraph) {
  const RevisionGraph empty = graph_of({});
  EXPECT_EQ(status_name(compare(empty, no_table()).status), "unversioned");
  EXPECT_EQ(status_of(empty, {}), "unversioned");
  EXPECT_EQ(status_of(empty, {"aaaa1"}), "unknown_revision");
  EXPECT_EQ(status_of(empty, {""}), "unknown_revision");
}

TEST(Behind, ListsWhatIsPendingInUpgradeOrder) {
  const RevisionGraph graph = line();
  const Verdict verdict = compare(graph, table_with({"aaaa1"}));
  EXPECT_EQ(status_name(verdict.status), "behind");
  EXPECT_EQ(pending_ids(graph, verdict), Names({"aaaa2", "bbbb3"}));
  ASSERT_EQ(kinds(verdict), Names({"pending_revisions"}));
  EXPECT_EQ(verdict.findings[0].severity, Severity::kWarning);
  EXPECT_EQ(verdict.findings[0].message, "2 revisions are not applied: 'aaaa2' and 'bbbb3'");
  EXPECT_EQ(verdict.findings[0].action, "apply with `alembic upgrade heads`");
  EXPECT_EQ(verdict.findings[0].subjects, Names({"aaaa2", "bbbb3"}));
}

TEST(Behind, OneRevisionIsSpokenOfInTheSingular) {
  EXPECT_EQ(compare(line(), table_with({"aaaa2"})).findings.at(0).message,
            "1 revision is not applied: 'bbbb3'");
}

TEST(Behind, NamesTenRevisionsAndCountsTheRest) {
  std::vector<Revision> revisions{revision("r100")};
  for (int i = 101; i < 113; ++i) {
    revisions.push_back(revision(fmt::format("r{}", i), {fmt::format("r{}", i - 1)}));
  }
  const Verdict verdict = compare(graph_of(std::move(revisions)), table_with({"r100"}));
  EXPECT_EQ(verdict.findings.at(0).message,
            "12 revisions are not applied: 'r101', 'r102', 'r103', 'r104', 'r105', 'r106', "
            "'r107', 'r108', 'r109', 'r110' and 2 more");
  EXPECT_EQ(verdict.findings[0].subjects.size(), 12u);
}

TEST(Behind, OneOfTwoBranchesIsNotEnough) {
  const RevisionGraph graph = graph_of({revision("a1"), revision("b1")});
  EXPECT_EQ(status_of(graph, {"a1"}), "behind");
}

// ---- unversioned -----------------------------------------------------------------------------

TEST(Unversioned, MissingTableSaysWhatToCheck) {
  const RevisionGraph graph = line();
  const Verdict verdict = compare(graph, no_table());
  EXPECT_EQ(status_name(verdict.status), "unversioned");
  EXPECT_EQ(verdict.reason, "table_missing");
  EXPECT_EQ(pending_ids(graph, verdict), Names({"aaaa1", "aaaa2", "bbbb3"}));
  EXPECT_EQ(verdict.codebase_heads, Names({"bbbb3"}));
  EXPECT_TRUE(verdict.production_versions.empty());
  ASSERT_EQ(kinds(verdict), Names({"version_table_missing"}));
  EXPECT_EQ(verdict.findings[0].severity, Severity::kCritical);
  EXPECT_EQ(verdict.findings[0].message, "there is no version table public.alembic_version");
  EXPECT_EQ(verdict.findings[0].action,
            "check that this is the right database and that --version-table and "
            "--version-table-schema say what env.py says; a database that was never migrated is "
            "filled with `alembic upgrade heads`, one that was built without Alembic is adopted "
            "with `alembic stamp REVISION`");
}

TEST(Unversioned, TableInAnotherSchemaIsNamedWithItsOption) {
  production::VersionTable table = no_table();
  table.elsewhere = {"billing.alembic_version", "public.alembic_version_old"};
  const Verdict verdict = compare(line(), table);
  EXPECT_EQ(verdict.findings.at(0).action,
            "billing.alembic_version has the same name: if that is the one, run again with "
            "--version-table-schema billing");
  // Reading the table has warned of the others already.
  EXPECT_TRUE(verdict.warnings.empty());
}

TEST(Unversioned, SchemaWithAnOddNameIsQuotedForTheShell) {
  production::VersionTable table = no_table();
  table.elsewhere = {"\"it's \"\"$HOME\".alembic_version"};
  EXPECT_EQ(
      compare(line(), table).findings.at(0).action,
      "\"it's \"\"$HOME\".alembic_version has the same name: if that is the one, run again with "
      "--version-table-schema 'it'\\''s \"$HOME'");
}

TEST(Unversioned, TableOfAnotherNameElsewhereIsNotSuggested) {
  production::VersionTable table = no_table();
  table.elsewhere = {"public.alembic_version_plugin"};
  const Verdict verdict = compare(line(), table);
  EXPECT_NE(verdict.findings.at(0).action.find("check that this is the right database"),
            std::string::npos);
}

TEST(Unversioned, EmptyTableIsNotAMissingOne) {
  const Verdict verdict = compare(line(), table_with({}));
  EXPECT_EQ(status_name(verdict.status), "unversioned");
  EXPECT_EQ(verdict.reason, "table_empty");
  EXPECT_EQ(verdict.pending.size(), 3u);
  ASSERT_EQ(kinds(verdict), Names({"version_table_empty"}));
  EXPECT_EQ(verdict.findings[0].message, "the version table public.alembic_version has no rows");
  EXPECT_EQ(verdict.findings[0].action,
            "a database that was never migrated is filled with `alembic upgrade heads`; where its "
            "tables are there already, find out which revision they match and record it with "
            "`alembic stamp REVISION`");
}

// ---- unknown_revision ------------------------------------------------------------------------

Finding only_finding(const RevisionGraph& graph, Names rows) {
  const Verdict verdict = compare(graph, table_with(std::move(rows)));
  EXPECT_EQ(status_name(verdict.status), "unknown_revision");
  EXPECT_EQ(kinds(verdict), Names({"unknown_revision"}));
  return verdict.findings.at(0);
}

TEST(UnknownRevision, RowMissingFromRepositoryIsUnknownNotBehind) {
  const Verdict verdict = compare(line(), table_with({"9f3c"}));
  EXPECT_EQ(status_name(verdict.status), "unknown_revision");
  ASSERT_EQ(kinds(verdict), Names({"unknown_revision"}));
  EXPECT_EQ(verdict.findings[0].severity, Severity::kCritical);
  EXPECT_EQ(verdict.findings[0].message,
            "version row '9f3c' is no revision of this ref; only this ref was searched");
  EXPECT_EQ(verdict.findings[0].action,
            "it may come from another branch or from a file that was deleted: `git log --all "
            "--oneline -S 9f3c` lists the commits that speak of it; check also that this is the "
            "right database");
}

TEST(UnknownRevision, LeavesPendingEmptyAndSaysWhy) {
  const Verdict verdict = compare(line(), table_with({"9f3c", "aaaa1"}));
  EXPECT_EQ(status_name(verdict.status), "unknown_revision");
  EXPECT_TRUE(verdict.pending.empty());
  EXPECT_EQ(verdict.warnings,
            Names({"which revisions are pending cannot be known while a version row is unknown"}));
  EXPECT_EQ(verdict.production_versions, Names({"9f3c", "aaaa1"}));
}

TEST(UnknownRevision, AnUnknownRowBesideEveryHeadIsNotSynced) {
  EXPECT_EQ(status_of(line(), {"bbbb3", "9f3c"}), "unknown_revision");
}

TEST(UnknownRevision, UniquePrefixIsUnknownAndSaysWhatItAbbreviates) {
  const Finding finding = only_finding(line(), {"bbb"});
  EXPECT_EQ(finding.message,
            "version row 'bbb' is no revision of this ref; it abbreviates 'bbbb3'; only this ref "
            "was searched");
  EXPECT_EQ(finding.action,
            "if 'bbbb3' is what was applied, run: UPDATE \"public\".\"alembic_version\" SET "
            "version_num = 'bbbb3' WHERE version_num = 'bbb';");
}

TEST(UnknownRevision, AbbreviationBesideTheFullIdIsDeletedNotRewritten) {
  EXPECT_EQ(only_finding(line(), {"bbb", "bbbb3"}).action,
            "if 'bbbb3' is what was applied, run: DELETE FROM \"public\".\"alembic_version\" WHERE "
            "version_num = 'bbb';");
}

TEST(UnknownRevision, PrefixOfSeveralNamesThem) {
  EXPECT_EQ(only_finding(line(), {"aaaa"}).message,
            "version row 'aaaa' is no revision of this ref; it could abbreviate 'aaaa1' and "
            "'aaaa2'; only this ref was searched");
  const RevisionGraph many =
      graph_of({revision("x1"), revision("x2"), revision("x3"), revision("x4")});
  EXPECT_EQ(only_finding(many, {"x"}).message,
            "version row 'x' is no revision of this ref; it could abbreviate 'x1', 'x2' and 'x3' "
            "and others; only this ref was searched");
}

TEST(UnknownRevision, BranchLabelIsUnknown) {
  const Finding finding = only_finding(line(), {"core"});
  EXPECT_EQ(finding.message,
            "version row 'core' is no revision of this ref; it is a branch label, declared by "
            "revision 'aaaa2'; only this ref was searched");
  EXPECT_EQ(finding.action, "find out which revision is applied and write its id into the row");
}

TEST(UnknownRevision, WordsOfTheCommandLineAreUnknown) {
  for (const char* word : {"head", "heads", "base"}) {
    EXPECT_EQ(only_finding(line(), {word}).message,
              fmt::format("version row '{}' is no revision of this ref; it is a word for Alembic's "
                          "commands; only this ref was searched",
                          word));
  }
}

TEST(UnknownRevision, RowThatDiffersInCaseIsUnknown) {
  EXPECT_EQ(only_finding(line(), {"BBBB3"}).message,
            "version row 'BBBB3' is no revision of this ref; it differs from 'bbbb3' in upper and "
            "lower case; only this ref was searched");
}

TEST(UnknownRevision, RowWithWhiteSpaceAroundItIsUnknown) {
  EXPECT_EQ(only_finding(line(), {"bbbb3 "}).message,
            "version row 'bbbb3 ' is no revision of this ref; it is 'bbbb3' with white space "
            "around it; only this ref was searched");
  EXPECT_EQ(only_finding(line(), {"\tBBBB3"}).message,
            "version row '\tBBBB3' is no revision of this ref; it differs from 'bbbb3' in upper "
            "and lower case and in the white space around it; only this ref was searched");
}

TEST(UnknownRevision, EmptyRowIsUnknown) {
  EXPECT_EQ(only_finding(line(), {""}).message,
            "version row '' is no revision of this ref; it is empty; only this ref was searched");
}

TEST(UnknownRevision, RowThatIsAShellCommandIsQuoted) {
  EXPECT_NE(only_finding(line(), {"x; rm -rf ~"}).action.find("-S 'x; rm -rf ~'`"),
            std::string::npos);
}

TEST(UnknownRevision, OverlongRowIsNotRepeatedInTheCommand) {
  EXPECT_NE(only_finding(line(), {std::string(1'000'000, 'x')}).action.find("-S REVISION`"),
            std::string::npos);
}

TEST(UnknownRevision, ThousandsOfRowsShareOneFindingAfterTheFirstTwenty) {
  Names rows;
  for (int i = 0; i < 5000; ++i) rows.push_back(fmt::format("x{:04}", i));
  const Verdict verdict = compare(line(), table_with(rows));
  ASSERT_EQ(verdict.findings.size(), 21u);
  EXPECT_EQ(verdict.findings.back().subjects.size(), 4980u);
  EXPECT_EQ(verdict.findings.back().message,
            "4980 more version rows are no revisions of this ref: 'x0020', 'x0021', 'x0022', "
            "'x0023', 'x0024', 'x0025', 'x0026', 'x0027', 'x0028', 'x0029' and 4970 more; only "
            "this ref was searched");
  EXPECT_EQ(verdict.findings.back().action,
            "check that this is the right database and the right script directory");
}

// ---- inconsistent ----------------------------------------------------------------------------

TEST(Inconsistent, RedundantRowIsNamedWithTheDeleteThatMendsIt) {
  const RevisionGraph graph = line();
  const Verdict verdict = compare(graph, table_with({"aaaa1", "bbbb3"}));
  EXPECT_EQ(status_name(verdict.status), "inconsistent");
  EXPECT_TRUE(verdict.pending.empty());
  ASSERT_EQ(kinds(verdict), Names({"redundant_row"}));
  EXPECT_EQ(verdict.findings[0].severity, Severity::kCritical);
  EXPECT_EQ(verdict.findings[0].message,
            "version row 'aaaa1' is redundant: it is an ancestor of version row 'bbbb3'");
  EXPECT_EQ(verdict.findings[0].action,
            "Alembic refuses to upgrade from both; once you are sure that 'bbbb3' was applied, "
            "run: DELETE FROM \"public\".\"alembic_version\" WHERE version_num = 'aaaa1';");
  EXPECT_EQ(verdict.findings[0].subjects, Names({"aaaa1"}));
}

TEST(Inconsistent, PendingIsWhatTheRowsLeaveAndWaitsForTheMending) {
  const RevisionGraph graph = line();
  const Verdict verdict = compare(graph, table_with({"aaaa1", "aaaa2"}));
  EXPECT_EQ(status_name(verdict.status), "inconsistent");
  EXPECT_EQ(pending_ids(graph, verdict), Names({"bbbb3"}));
  ASSERT_EQ(kinds(verdict), Names({"redundant_row", "pending_revisions"}));
  EXPECT_EQ(verdict.findings[1].action,
            "mend the version rows first, for Alembic cannot upgrade from them as they are; then "
            "apply with `alembic upgrade heads`");
}

TEST(Inconsistent, RepeatedRowIsNamedWithTheDeleteThatKeepsOne) {
  const Verdict verdict = compare(line(), table_with({"bbbb3", "bbbb3", "bbbb3"}));
  EXPECT_EQ(status_name(verdict.status), "inconsistent");
  EXPECT_EQ(verdict.production_versions, Names({"bbbb3"}));
  ASSERT_EQ(kinds(verdict), Names({"duplicate_row"}));
  EXPECT_EQ(verdict.findings[0].message,
            "version row 'bbbb3' stands 3 times in public.alembic_version");
  EXPECT_EQ(verdict.findings[0].action,
            "an upgrade stops where it would change one row and meets several; keep one of each "
            "and give the table a primary key on version_num: "
            "DELETE FROM \"public\".\"alembic_version\" AS extra USING "
            "\"public\".\"alembic_version\" AS kept WHERE extra.version_num = kept.version_num AND "
            "extra.ctid > kept.ctid AND extra.version_num = 'bbbb3';");
}

TEST(Inconsistent, NamesAndValuesInStatementsAreQuoted) {
  const RevisionGraph graph = graph_of({revision("it's"), revision("back\\slash", {"it's"})});
  production::VersionTable table = table_with({"it's", "back\\slash"});
  table.schema = "my\"schema";
  table.table = "x\"; DROP TABLE users; --";
  EXPECT_NE(compare(graph, table)
                .findings.at(0)
                .action.find("DELETE FROM \"my\"\"schema\".\"x\"\"; DROP TABLE users; --\" WHERE "
                             "version_num = 'it''s';"),
            std::string::npos);
  table.rows = {"back\\slash", "back\\slash"};
  EXPECT_NE(
      compare(graph, table).findings.at(0).action.find("AND extra.version_num = E'back\\\\slash';"),
      std::string::npos);
}

TEST(Inconsistent, TableWhoseNameIsNotKnownIsTheDefaultOne) {
  production::VersionTable table = table_with({"aaaa1", "bbbb3"});
  table.schema.clear();
  table.table.clear();
  table.qualified_name.clear();
  EXPECT_NE(compare(line(), table)
                .findings.at(0)
                .action.find("DELETE FROM \"alembic_version\" WHERE version_num = 'aaaa1';"),
            std::string::npos);
}

TEST(Inconsistent, ManyRedundantRowsShareOneStatementAfterTheFirstTwenty) {
  std::vector<Revision> revisions{revision("r1000")};
  Names rows{"r1000"};
  for (int i = 1001; i < 1023; ++i) {
    revisions.push_back(revision(fmt::format("r{}", i), {rows.back()}));
    rows.push_back(revisions.back().id);
  }
  const Verdict verdict = compare(graph_of(std::move(revisions)), table_with(rows));
  ASSERT_EQ(verdict.findings.size(), 21u);
  EXPECT_EQ(verdict.findings[20].message,
            "2 more version rows are redundant, being ancestors of others: 'r1020' and 'r1021'");
  EXPECT_EQ(verdict.findings[20].action,
            "once you are sure that the others were applied, run: DELETE FROM "
            "\"public\".\"alembic_version\" WHERE version_num IN ('r1020', 'r1021');");
}

TEST(Inconsistent, ManyRepeatedRowsShareOneStatementAfterTheFirstTwenty) {
  std::vector<Revision> revisions;
  Names rows;
  for (int i = 1000; i < 1022; ++i) {
    revisions.push_back(revision(fmt::format("r{}", i)));
    rows.push_back(revisions.back().id);
    rows.push_back(revisions.back().id);
  }
  const Verdict verdict = compare(graph_of(std::move(revisions)), table_with(rows));
  ASSERT_EQ(verdict.findings.size(), 21u);
  EXPECT_EQ(verdict.findings[20].message,
            "2 more version rows stand several times in public.alembic_version: 'r1020' and "
            "'r1021'");
  EXPECT_NE(verdict.findings[20].action.find("extra.version_num IN ('r1020', 'r1021');"),
            std::string::npos);
}

TEST(Inconsistent, RowThatNoStatementCanHoldIsStillReported) {
  const std::string row("a\0b", 3);
  const Verdict verdict = compare(line(), table_with({row, row}));
  EXPECT_EQ(kinds(verdict), Names({"unknown_revision", "duplicate_row"}));
  EXPECT_EQ(verdict.findings[1].action,
            "an upgrade stops where it would change one row and meets several; keep one of each "
            "and give the table a primary key on version_num");
}

TEST(Inconsistent, UnknownRowsDecideTheStatusAndHideNothingElse) {
  const Verdict verdict = compare(line(), table_with({"aaaa1", "bbbb3", "bbbb3", "9f3c"}));
  EXPECT_EQ(status_name(verdict.status), "unknown_revision");
  EXPECT_EQ(kinds(verdict), Names({"unknown_revision", "redundant_row", "duplicate_row"}));
}

// ---- fingerprints, words, exit codes ---------------------------------------------------------

TEST(Fingerprint, SameDifferenceHasTheSameOneOnEveryRun) {
  const Verdict first = compare(line(), table_with({"aaaa1"}));
  EXPECT_EQ(first.findings.at(0).fingerprint.size(), 16u);
  EXPECT_EQ(first.findings[0].fingerprint,
            compare(line(), table_with({"aaaa1"})).findings.at(0).fingerprint);
  // Written down, because acknowledgements outlive a version of this program.
  EXPECT_EQ(first.findings[0].fingerprint, "da3e4164b29766f3");
}

TEST(Fingerprint, AnotherPendingRevisionIsAnother) {
  EXPECT_NE(compare(line(), table_with({"aaaa1"})).findings.at(0).fingerprint,
            compare(line(), table_with({"aaaa2"})).findings.at(0).fingerprint);
}

TEST(Fingerprint, AnotherKindIsAnother) {
  EXPECT_NE(compare(line(), no_table()).findings.at(0).fingerprint,
            compare(line(), table_with({})).findings.at(0).fingerprint);
}

TEST(Fingerprint, DoesNotDependOnTheOrderOfTheRows) {
  EXPECT_EQ(compare(line(), table_with({"x", "y"})).findings.at(0).fingerprint,
            compare(line(), table_with({"y", "x"})).findings.at(0).fingerprint);
}

TEST(Words, OfStatusAndSeverityAreTheContract) {
  EXPECT_EQ(status_name(Status::kSynced), "synced");
  EXPECT_EQ(status_name(Status::kBehind), "behind");
  EXPECT_EQ(status_name(Status::kUnknownRevision), "unknown_revision");
  EXPECT_EQ(status_name(Status::kUnversioned), "unversioned");
  EXPECT_EQ(status_name(Status::kInconsistent), "inconsistent");
  EXPECT_EQ(status_name(Status::kError), "error");
  EXPECT_EQ(severity_name(Severity::kInfo), "info");
  EXPECT_EQ(severity_name(Severity::kWarning), "warning");
  EXPECT_EQ(severity_name(Severity::kCritical), "critical");
}

TEST(ExitCode, IsZeroForSyncedAloneAndTwoForErrorAlone) {
  EXPECT_EQ(exit_code(Status::kSynced), 0);
  EXPECT_EQ(exit_code(Status::kBehind), 1);
  EXPECT_EQ(exit_code(Status::kUnknownRevision), 1);
  EXPECT_EQ(exit_code(Status::kUnversioned), 1);
  EXPECT_EQ(exit_code(Status::kInconsistent), 1);
  EXPECT_EQ(exit_code(Status::kError), 2);
}

}  // namespace
}  // namespace drift::verdict
