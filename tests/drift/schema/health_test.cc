#include "drift/schema/health.h"

#include <gtest/gtest.h>

#include <set>

namespace drift::schema {
namespace {

TEST(Health, PercentOfTheWayAlsoOfNumbersOf64Bits) {
  EXPECT_EQ(percent_of_way("1", "1717986919", "2147483647"), 80);
  EXPECT_EQ(percent_of_way("1", "1717986700", "2147483647"), 79);
  EXPECT_EQ(percent_of_way("-1", "-990", "-1000"), 98);
  EXPECT_EQ(percent_of_way("1", "1", "1"), 100);
  EXPECT_EQ(percent_of_way("-9223372036854775808", "9223372036854775807", "9223372036854775807"),
            100);
  EXPECT_EQ(percent_of_way("-9223372036854775808", "0", "9223372036854775807"), 50);
}

TEST(Health, ASequenceIsCriticalFromTheSecondThresholdOn) {
  const HealthFact fact{kSequenceNearEnd, "", "public.s", "", "100", "94", false};
  EXPECT_EQ(health_finding(fact, 94).severity, "warning");
  EXPECT_EQ(health_finding(fact, 95).severity, "critical");
  EXPECT_EQ(health_finding(fact, 94).message,
            "sequence public.s is at 94 of 100 (94 %): behind that every INSERT fails");
}

TEST(Health, TheFingerprintIsOfWhatItIsAboutAndNotOfItsState) {
  const HealthFact calm{kInvalidIndex, "public.t", "public.i", "", "", "", false};
  HealthFact busy = calm;
  busy.busy = true;
  EXPECT_EQ(health_finding(calm).fingerprint, health_finding(busy).fingerprint);
  EXPECT_EQ(health_finding(calm).severity, "warning");
  EXPECT_EQ(health_finding(busy).severity, "info");
  HealthFact other = calm;
  other.name = "public.j";
  EXPECT_NE(health_finding(calm).fingerprint, health_finding(other).fingerprint);
}

TEST(Health, EveryKindHasWordsAndAFingerprintOfItsOwn) {
  std::set<std::string> fingerprints;
  for (const std::string_view kind : health_kinds()) {
    HealthFact fact;
    fact.kind = kind;
    fact.table = "public.t";
    fact.name = "x";
    const HealthFinding finding = health_finding(fact);
    EXPECT_EQ(finding.kind, kind);
    EXPECT_FALSE(finding.message.empty());
    EXPECT_FALSE(finding.action.empty());
    EXPECT_EQ(finding.subjects, std::vector<std::string>{"public.t x"});
    EXPECT_EQ(finding.fingerprint.size(), 16U);
    fingerprints.insert(finding.fingerprint);
  }
  EXPECT_EQ(fingerprints.size(), 7U);
}

TEST(Health, WhatWasNotReadIsNotCheckedInEveryKind) {
  const Health health = unchecked_health("a reason");
  EXPECT_EQ(health.coverage.size(), health_kinds().size());
  for (const auto& [kind, state] : health.coverage) EXPECT_EQ(state, "not checked: a reason");
}

}  // namespace
}  // namespace drift::schema
