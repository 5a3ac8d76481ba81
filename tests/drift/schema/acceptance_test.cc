#include "drift/schema/acceptance.h"

#include <gtest/gtest.h>

namespace drift::schema {
namespace {

constexpr TimePoint kNow{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

Acceptance given() {
  Acceptance one;
  one.target = "shop";
  one.version_rows = {"a1", "b2"};
  one.at = kNow;
  one.by = "ana@host";
  one.reason = "made by hand";
  one.root = std::string(64, 'a');
  one.snapshot = "a1+b2.0123456789abcdef.schema";
  return one;
}

TEST(Acceptance, CountsUntilItsTimeIsOverOrItIsWithdrawn) {
  Acceptance one = given();
  EXPECT_EQ(state_of(one, kNow + std::chrono::days{9'000}), AcceptanceState::kInForce);
  EXPECT_EQ(state_in_words(one, kNow), "in force until it is withdrawn");
  one.until = kNow + std::chrono::days{1};
  EXPECT_EQ(state_of(one, kNow), AcceptanceState::kInForce);
  EXPECT_EQ(state_in_words(one, kNow), "in force until 2026-11-21T03:00:00Z");
  EXPECT_EQ(state_of(one, *one.until), AcceptanceState::kExpired);
  EXPECT_EQ(state_in_words(one, *one.until), "expired on 2026-11-21");
  one.withdrawn = Acceptance::Withdrawal{kNow, "bea@host", "wrong"};
  EXPECT_EQ(state_of(one, kNow), AcceptanceState::kWithdrawn);
  EXPECT_EQ(state_in_words(one, kNow), "withdrawn at 2026-11-20T03:00:00Z by bea@host");
}

TEST(Acceptance, IsReadAsItWasWritten) {
  Acceptance one = given();
  EXPECT_EQ(to_json(*read_acceptance(to_json(one))), to_json(one));
  one.until = kNow + std::chrono::days{1};
  one.withdrawn = Acceptance::Withdrawal{kNow, "bea@host", ""};
  EXPECT_EQ(to_json(*read_acceptance(to_json(one))), to_json(one));
}

TEST(Acceptance, WhatIsNoneIsNotTakenForOne) {
  const std::string json = to_json(given());
  for (const char* text : {"", "{}", "[]", "null", "7", "{\"format\":1}"}) {
    EXPECT_FALSE(read_acceptance(text)) << text;
  }
  const auto with = [&](std::string before, const std::string& after) {
    std::string text = json;
    text.replace(text.find(before), before.size(), after);
    return text;
  };
  EXPECT_FALSE(read_acceptance(with("\"format\": 1", "\"format\": 2")));
  EXPECT_FALSE(read_acceptance(with("\"until\": null", "\"until\": \"soon\"")));
  EXPECT_FALSE(read_acceptance(with("\"reason\": \"made by hand\"", "\"reason\": 7")));
  EXPECT_FALSE(read_acceptance(with("\"withdrawn\": null", "\"withdrawn\": 7")));
}

}  // namespace
}  // namespace drift::schema
