#include "drift/verdict/unknown_row.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/drift/verdict/compared.h"

namespace drift::verdict {
namespace {

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
            "version row '9f3c' is not a revision of this ref; only this ref was searched");
  EXPECT_EQ(verdict.findings[0].action,
            "`schema-drift explain 9f3c` looks for it in other branches and in history; check also "
            "that this is the right database");
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
  EXPECT_EQ(
      finding.message,
      "version row 'bbb' is not a revision of this ref; it abbreviates 'bbbb3'; only this ref "
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
            "version row 'aaaa' is not a revision of this ref; it could abbreviate 'aaaa1' and "
            "'aaaa2'; only this ref was searched");
  const RevisionGraph many =
      sound({revision("x1"), revision("x2"), revision("x3"), revision("x4")});
  EXPECT_EQ(
      only_finding(many, {"x"}).message,
      "version row 'x' is not a revision of this ref; it could abbreviate 'x1', 'x2' and 'x3' "
      "and others; only this ref was searched");
}

TEST(UnknownRevision, BranchLabelIsUnknown) {
  const Finding finding = only_finding(line(), {"core"});
  EXPECT_EQ(finding.message,
            "version row 'core' is not a revision of this ref; it is a branch label, declared by "
            "revision 'aaaa2'; only this ref was searched");
  EXPECT_EQ(finding.action, "find out which revision is applied and write its id into the row");
}

TEST(UnknownRevision, WordsOfTheCommandLineAreUnknown) {
  for (const char* word : {"head", "heads", "base"}) {
    EXPECT_EQ(
        only_finding(line(), {word}).message,
        fmt::format("version row '{}' is not a revision of this ref; it is a word for Alembic's "
                    "commands; only this ref was searched",
                    word));
  }
}

TEST(UnknownRevision, RowThatDiffersInCaseIsUnknown) {
  EXPECT_EQ(
      only_finding(line(), {"BBBB3"}).message,
      "version row 'BBBB3' is not a revision of this ref; it differs from 'bbbb3' in upper and "
      "lower case; only this ref was searched");
}

TEST(UnknownRevision, OfTwoIdsAlikeButForCaseTheFirstByAlphabetIsNamed) {
  // Whichever file comes first.
  for (const auto& [upper, lower] : {std::pair{"a.py", "b.py"}, {"b.py", "a.py"}}) {
    const RevisionGraph graph =
        sound({in_file(upper, revision("AB1")), in_file(lower, revision("ab1"))});
    EXPECT_EQ(only_finding(graph, {"Ab1"}).message,
              "version row 'Ab1' is not a revision of this ref; it differs from 'AB1' in upper and "
              "lower case; only this ref was searched");
  }
}

TEST(UnknownRevision, RowWithWhiteSpaceAroundItIsUnknown) {
  EXPECT_EQ(only_finding(line(), {"bbbb3 "}).message,
            "version row 'bbbb3 ' is not a revision of this ref; it is 'bbbb3' with white space "
            "around it; only this ref was searched");
  EXPECT_EQ(
      only_finding(line(), {"\tBBBB3"}).message,
      "version row '\\tBBBB3' is not a revision of this ref; it differs from 'bbbb3' in upper "
      "and lower case and in the white space around it; only this ref was searched");
}

TEST(UnknownRevision, EmptyRowIsUnknown) {
  EXPECT_EQ(
      only_finding(line(), {""}).message,
      "version row '' is not a revision of this ref; it is empty; only this ref was searched");
}

TEST(UnknownRevision, RowThatIsAShellCommandIsQuoted) {
  EXPECT_NE(only_finding(line(), {"x; rm -rf ~"}).action.find("explain 'x; rm -rf ~'`"),
            std::string::npos);
}

TEST(UnknownRevision, OverlongRowIsNotRepeatedInTheCommand) {
  EXPECT_NE(only_finding(line(), {std::string(1'000'000, 'x')}).action.find("explain REVISION`"),
            std::string::npos);
  EXPECT_NE(only_finding(line(), {std::string(101, 'x')}).action.find("explain REVISION`"),
            std::string::npos);
  EXPECT_NE(only_finding(line(), {std::string(100, 'x')}).action.find("explain x"),
            std::string::npos);
}

TEST(UnknownRevision, ThousandsOfRowsShareOneFindingAfterTheFirstTwenty) {
  Names rows;
  for (int i = 0; i < 5000; ++i) rows.push_back(fmt::format("x{:04}", i));
  const Verdict verdict = compare(line(), table_with(rows));
  ASSERT_EQ(verdict.findings.size(), 21u);
  EXPECT_EQ(verdict.findings.back().subjects.size(), 4980u);
  EXPECT_EQ(verdict.findings.back().message,
            "4980 more version rows are not revisions of this ref: 'x0020', 'x0021', 'x0022', "
            "'x0023', 'x0024', 'x0025', 'x0026', 'x0027', 'x0028', 'x0029' and 4970 more; only "
            "this ref was searched");
  EXPECT_EQ(verdict.findings.back().action,
            "check that this is the right database and the right script directory");
}

}  // namespace
}  // namespace drift::verdict
