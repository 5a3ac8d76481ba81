#include "drift/doctor/outcome.h"

#include <algorithm>
#include <utility>

namespace drift::doctor {

std::string_view state_name(State state) {
  switch (state) {
    case State::kOk: return "ok";
    case State::kWarn: return "warn";
    case State::kFail: return "fail";
    case State::kUnknown: return "unknown";
    case State::kSkipped: return "skipped";
  }
  return "fail";
}

Outcome failed(std::string check, std::string about, const Error& error, State state) {
  Outcome outcome{std::move(check), std::move(about), state, error.what(), error.hint};
  // The hint of Stop::check is about the stages of a report, of which there are none here.
  if (error.fault == Fault::kTimedOut && error.hint.starts_with("raise --timeout")) {
    outcome.action = kOutOfTime;
  }
  return outcome;
}

Outcome not_known(std::string check, std::string about, const Error& error) {
  return failed(std::move(check), std::move(about), error, State::kUnknown);
}

Outcome skipped(std::string check, std::string about, std::string because) {
  return {std::move(check), std::move(about), State::kSkipped, std::move(because), ""};
}

State worst(const Outcomes& outcomes) {
  for (const State state : {State::kFail, State::kWarn, State::kUnknown}) {
    if (std::any_of(outcomes.begin(), outcomes.end(),
                    [state](const Outcome& outcome) { return outcome.state == state; })) {
      return state;
    }
  }
  return State::kOk;
}

}  // namespace drift::doctor
