#include "drift/config/everyday.h"

#include <gtest/gtest.h>

#include <set>

namespace drift::config {
namespace {

TEST(Everyday, ALineIsALine) {
  std::set<std::string_view> told;
  for (const OptionSpec& spec : option_specs()) {
    EXPECT_LE(brief(spec).size(), kLongestBrief) << spec.name;
    EXPECT_FALSE(brief(spec).ends_with('.')) << spec.name;
    if (!brief(spec).empty()) told.insert(brief(spec));
  }
  EXPECT_GE(told.size(), 45u);
}

TEST(Everyday, OptionsOfOneNameHaveALineEach) {
  std::set<std::string_view> reasons;
  for (const OptionSpec& spec : option_specs()) {
    if (spec.name == "reason") reasons.insert(brief(spec));
  }
  EXPECT_EQ(reasons, (std::set<std::string_view>{"Why it may wait",
                                                 "accept: why production may stay as it is"}));
}

TEST(Everyday, WhatOnlyFewNeedHasNone) {
  for (const OptionSpec& spec : option_specs()) {
    if (spec.name == "max-fetch-bytes" || spec.name == "external-id") {
      EXPECT_EQ(brief(spec), "");
    }
  }
}

}  // namespace
}  // namespace drift::config
