#include "drift/verdict/verdict.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/drift/verdict/compared.h"

namespace drift::verdict {
namespace {

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
      sound({revision("a1"), revision("b1", {}, {"a1"}), revision("b2", {"b1"})});
  EXPECT_EQ(status_of(graph, {"b2"}), "synced");
  // `current --check-heads` passes on this, and `upgrade` refuses it.
  EXPECT_EQ(status_of(graph, {"a1", "b2"}), "inconsistent");
}

TEST(Synced, SeveralHeadsMatchInAnyOrderAndWarnOfUpgradeHead) {
  const RevisionGraph graph = sound({revision("a1"), revision("b1")});
  const Verdict verdict = compare(graph, table_with({"b1", "a1"}));
  EXPECT_EQ(status_name(verdict.status), "synced");
  EXPECT_EQ(
      verdict.warnings,
      Names({"the script directory has 2 heads ('a1' and 'b1'): `alembic upgrade head` fails, "
             "use `alembic upgrade heads` or join them with `alembic merge heads`"}));
}

TEST(Synced, SeveralHeadsAndOneEffectiveHeadStillWarn) {
  const RevisionGraph graph = sound({revision("a1"), revision("b1", {}, {"a1"})});
  const Verdict verdict = compare(graph, table_with({"b1"}));
  EXPECT_EQ(status_name(verdict.status), "synced");
  EXPECT_EQ(verdict.warnings.size(), 1u);
}

TEST(Synced, IsNeverSaidOfAnEmptyGraph) {
  const RevisionGraph empty = sound({});
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
  const Verdict verdict = compare(sound(std::move(revisions)), table_with({"r100"}));
  EXPECT_EQ(verdict.findings.at(0).message,
            "12 revisions are not applied: 'r101', 'r102', 'r103', 'r104', 'r105', 'r106', "
            "'r107', 'r108', 'r109', 'r110' and 2 more");
  EXPECT_EQ(verdict.findings[0].subjects.size(), 12u);
}

TEST(Behind, OneOfTwoBranchesIsNotEnough) {
  const RevisionGraph graph = sound({revision("a1"), revision("b1")});
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

// ---- words, exit codes ---------------------------------------------------------------------

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
