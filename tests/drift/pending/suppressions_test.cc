#include "drift/pending/suppressions.h"

#include <gtest/gtest.h>

namespace drift::pending {
namespace {

std::vector<std::string> warnings_of(const std::string& source) {
  std::vector<std::string> warnings;
  read_suppressions(source, "x.py", warnings);
  return warnings;
}

Operation index_at(int line) {
  Operation operation;
  operation.line = line;
  operation.at_least(Severity::kLow);
  operation.hazard("create-index", Severity::kHigh, Work::kIndex);
  return operation;
}

TEST(Suppressions, ACommentCountsForItsLineOrTheCodeBelowIt) {
  std::vector<std::string> warnings;
  const auto all = read_suppressions(
      "op.x()  # schema-drift: ignore rename -- one\n"
      "# schema-drift: ignore drop-table, drop-column -- two\n"
      "# more\n\n"
      "op.y()\n",
      "x.py", warnings);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].applies_to, 1);
  EXPECT_EQ(all[0].reason, "one");
  EXPECT_EQ(all[1].line, 2);
  EXPECT_EQ(all[1].applies_to, 5);
  EXPECT_EQ(all[1].rules, (std::vector<std::string>{"drop-table", "drop-column"}));
  EXPECT_TRUE(warnings.empty());
}

TEST(Suppressions, WithoutAReasonNothingIsIgnored) {
  const std::string wanted =
      "x.py:1: nothing is ignored without a reason: write # schema-drift: ignore RULE -- reason";
  EXPECT_EQ(warnings_of("# schema-drift: ignore rename"), std::vector<std::string>{wanted});
  EXPECT_EQ(warnings_of("# schema-drift: ignore rename -- "), std::vector<std::string>{wanted});
}

TEST(Suppressions, AnUnknownRuleIsWarnedOf) {
  EXPECT_EQ(
      warnings_of("# schema-drift: ignore create-indx -- why"),
      std::vector<std::string>{"x.py:1: unknown rule \"create-indx\": did you mean create-index?"});
  EXPECT_EQ(warnings_of("# schema-drift: ignore everything-else -- why"),
            std::vector<std::string>{"x.py:1: unknown rule \"everything-else\""});
}

TEST(Suppressions, AnUnknownCommentIsWarnedOf) {
  EXPECT_EQ(warnings_of("x = 1  # schema-drift: disable"),
            std::vector<std::string>{"x.py:1: unknown comment \"disable\": write # schema-drift: "
                                     "ignore RULE -- reason"});
}

TEST(Suppressions, WhatIsIgnoredDoesNotCount) {
  std::vector<Operation> operations = {index_at(5), index_at(6)};
  operations[0].hazard("data-change", Severity::kMedium);
  std::vector<std::string> warnings;
  apply_suppressions({{{"create-index"}, "why", 4, 5}}, "x.py", operations, warnings);
  EXPECT_EQ(operations[0].severity, Severity::kMedium);
  EXPECT_EQ(operations[0].hazards[0].suppressed, "why");
  EXPECT_EQ(operations[1].severity, Severity::kHigh);
  EXPECT_TRUE(warnings.empty());
}

TEST(Suppressions, OneThatIgnoresNothingIsWarnedOf) {
  std::vector<Operation> operations = {index_at(5)};
  std::vector<std::string> warnings;
  apply_suppressions({{{"rename"}, "why", 4, 5}}, "x.py", operations, warnings);
  EXPECT_EQ(warnings, std::vector<std::string>{
                          "x.py:4: nothing to ignore: no operation of line 5 breaks rename"});
  EXPECT_EQ(operations[0].severity, Severity::kHigh);
}

}  // namespace
}  // namespace drift::pending
