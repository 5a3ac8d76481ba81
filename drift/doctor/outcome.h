// What one check of the doctor came to: a row of its table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"

namespace drift::doctor {

enum class State {
  kOk,
  kWarn,     // the nightly run works, but not as somebody would want it
  kFail,     // the nightly run cannot do its work
  kUnknown,  // could not be looked at; the nightly run does not need it
  kSkipped,  // made no sense, or another check has failed
};

struct Outcome {
  std::string check;  // "database_rights": a word of the JSON, never renamed
  std::string about;  // which target, bucket, topic or folder; "" for the whole
  State state = State::kOk;
  std::string seen;    // what was found; no secret, no whole address
  std::string action;  // what to do about it; "" where nothing is to be done
  // Nobody gets what goes this way: a topic without subscribers, a schedule that is switched off.
  bool tells_nobody = false;

  bool operator==(const Outcome&) const = default;
};

using Outcomes = std::vector<Outcome>;

// What to do about whatever used up its time.
inline constexpr std::string_view kOutOfTime =
    "raise --timeout, or find out what keeps it: name look-up, firewall, proxy";

// A check that an error ended. A right that is missing is named by the error's hint.
Outcome failed(std::string check, std::string about, const Error& error,
               State state = State::kFail);

// For a look that the nightly run does not take: whatever keeps us from it is kUnknown.
Outcome not_known(std::string check, std::string about, const Error& error);

Outcome skipped(std::string check, std::string about, std::string because);

// The gravest of all: fail, warn, unknown, ok. Skipped counts as ok.
State worst(const Outcomes& outcomes);

// ---------------------------------------------- the doctor's table, for a person and for a program

// A line for each check (state, check, about what, what was seen), below it what to do, and at the
// end how many there are of each state. A final newline. Control characters are escaped; `colour`
// adds SGR sequences to the states.
std::string to_text(const Outcomes& outcomes, bool colour);

// {"tool_version", "timestamp", "state", "checks": [{"check", "about", "state", "seen", "action"}]}
// with null where there is nothing to say. A final newline.
std::string to_json(const Outcomes& outcomes, TimePoint at);

}  // namespace drift::doctor
