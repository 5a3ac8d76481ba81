// What to do about each verdict, in a few steps: the page has no other place to send its reader to.
// docs/verdicts.md says the same at length.
#pragma once

#include <string_view>
#include <vector>

namespace drift::report {

struct RunbookEntry {
  std::string_view status;  // status_name(), or kSilent
  std::string_view meaning;
  std::vector<std::string_view> steps;  // what to type stands between backticks
};

// Stands for no verdict: nothing has run for longer than kSilence.
inline constexpr std::string_view kSilent = "silent";

// One for every status that asks for something, the gravest first.
const std::vector<RunbookEntry>& runbook();

}  // namespace drift::report
