#include "drift/verdict/findings.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/drift/verdict/compared.h"

namespace drift::verdict {
namespace {

// ---- schema_drift ----------------------------------------------------------------------------

TEST(SchemaDrift, EachDifferenceKeepsItsFingerprintAndTheRestShareOne) {
  std::vector<SchemaDifference> differences;
  for (int i = 0; i < 22; ++i) {
    differences.push_back({fmt::format("table public.t{}", i),
                           fmt::format("missing table public.t{}", i), fmt::format("{:016x}", i)});
  }
  std::vector<Finding> findings;
  find_schema_drift(differences, "s3://schemas/recorded/a1.json", findings);
  ASSERT_EQ(findings.size(), 21U);
  EXPECT_EQ(findings[3].kind, "schema_drift");
  EXPECT_EQ(findings[3].severity, Severity::kCritical);
  EXPECT_EQ(findings[3].fingerprint, "0000000000000003");
  EXPECT_EQ(findings[3].message, "missing table public.t3");
  EXPECT_EQ(findings[3].subjects, Names({"table public.t3"}));
  EXPECT_NE(findings[3].action.find("schema diff s3://schemas/recorded/a1.json DATABASE"),
            std::string::npos);
  EXPECT_EQ(findings[20].message,
            "2 more differences in the schema, in the report: missing table public.t20 and so on");
  EXPECT_EQ(findings[20].subjects, Names({"0000000000000014", "0000000000000015"}));
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
  EXPECT_EQ(
      verdict.findings[0].action,
      "an upgrade stops where it would change one row and meets several; keep one of each "
      "and give the table a primary key on version_num: "
      "DELETE FROM \"public\".\"alembic_version\" AS extra USING "
      "\"public\".\"alembic_version\" AS kept WHERE extra.version_num = kept.version_num AND "
      "(extra.tableoid, extra.ctid) > (kept.tableoid, kept.ctid) AND extra.version_num = 'bbbb3';");
}

TEST(Inconsistent, NamesAndValuesInStatementsAreQuoted) {
  const RevisionGraph graph = sound({revision("it's"), revision("back\\slash", {"it's"})});
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
  const Verdict verdict = compare(sound(std::move(revisions)), table_with(rows));
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
  const Verdict verdict = compare(sound(std::move(revisions)), table_with(rows));
  ASSERT_EQ(verdict.findings.size(), 21u);
  EXPECT_EQ(verdict.findings[20].message,
            "2 more version rows stand several times in public.alembic_version: 'r1020' and "
            "'r1021'");
  EXPECT_NE(verdict.findings[20].action.find("extra.version_num IN ('r1020', 'r1021');"),
            std::string::npos);
}

TEST(Inconsistent, StatementsNameAThousandRowsAtMost) {
  std::vector<Revision> revisions{revision("r1000")};
  Names rows{"r1000"};
  for (int i = 1001; i < 2022; ++i) {
    revisions.push_back(revision(fmt::format("r{}", i), {rows.back()}));
    rows.push_back(revisions.back().id);
  }
  const RevisionGraph graph = sound(std::move(revisions));
  const Finding redundant = compare(graph, table_with(rows)).findings.at(20);
  EXPECT_EQ(redundant.subjects.size(), 1001u);
  EXPECT_TRUE(redundant.action.ends_with(", 'r2018', 'r2019');")) << redundant.action;

  Names twice;
  for (const std::string& row : rows) twice.insert(twice.end(), 2, row);
  const Verdict verdict = compare(graph, table_with(twice));
  const Finding& repeated = verdict.findings.back();
  EXPECT_EQ(repeated.kind, "duplicate_row");
  EXPECT_EQ(repeated.subjects.size(), 1002u);
  EXPECT_TRUE(repeated.action.ends_with(", 'r2018', 'r2019');")) << repeated.action;
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

// ---- fingerprints ----------------------------------------------------------------------------

TEST(Fingerprint, SameDifferenceHasTheSameOneOnEveryRun) {
  const Verdict first = compare(line(), table_with({"aaaa1"}));
  EXPECT_EQ(first.findings.at(0).fingerprint.size(), 16u);
  EXPECT_EQ(first.findings[0].fingerprint,
            compare(line(), table_with({"aaaa1"})).findings.at(0).fingerprint);
  // Written down, because acknowledgements outlive a version of this program.
  EXPECT_EQ(first.findings[0].fingerprint, "da3e4164b29766f3");
}

TEST(Fingerprint, DoesNotDependOnTheOrderOfTheSubjects) {
  // Pending revisions are told in upgrade order, which a rebase may change and the alphabet not.
  const RevisionGraph graph =
      sound({revision("mm"), revision("zz", {"mm"}), revision("aa", {"zz"})});
  const Finding finding = compare(graph, table_with({"mm"})).findings.at(0);
  EXPECT_EQ(finding.message, "2 revisions are not applied: 'zz' and 'aa'");
  EXPECT_EQ(finding.subjects, Names({"aa", "zz"}));
  EXPECT_EQ(finding.fingerprint, fingerprint("pending_revisions", {"aa", "zz"}));
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

}  // namespace
}  // namespace drift::verdict
