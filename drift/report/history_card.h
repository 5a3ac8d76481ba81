// One target on the page: what it is, what to do, its line of time, and what is known besides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/target_history.h"

namespace drift::report {

// Whether an acknowledgement that is in force covers everything that the last report found.
bool is_acknowledged(const TargetHistory& history, TimePoint now);

// A <section> with the target's name as its id. Links go to the runbook on the same page
// ("#do:STATUS": no target's name holds a colon) and to the commit's page where one is known.
std::string target_card(const TargetHistory& history, const Period& period);

// What to do about each verdict, in a few steps: the page has no other place to send its reader to.
// docs/verdicts.md says the same at length.
struct RunbookEntry {
  std::string_view status;  // status_name(), or kSilent
  std::string_view meaning;
  std::vector<std::string_view> steps;  // what to type stands between backticks
};

// Stands for no verdict: nothing has run for longer than kSilence.
inline constexpr std::string_view kSilent = "silent";

// One for every status that asks for something, the gravest first.
const std::vector<RunbookEntry>& runbook();

// The page of a commit on the web, where the address of a repository says that there is one:
// for https://HOST/OWNER/NAME of a forge whose pages are known by their host (github.com,
// gitlab.com, bitbucket.org, codeberg.org). Nothing for any other host: a guess would be a dead
// link. Nothing for an address with a user, a port, a query or a fragment, for ssh, or where
// `commit` is no full object id, so a link holds only what was checked character by character.
std::optional<std::string> commit_page(std::string_view repository_url, std::string_view commit);

}  // namespace drift::report
