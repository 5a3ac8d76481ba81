#include "drift/doctor/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/report/report.h"

namespace drift::doctor {

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

namespace {

constexpr std::array kStates = {State::kOk, State::kWarn, State::kFail, State::kUnknown,
                                State::kSkipped};

std::string_view colour_of(State state) {
  switch (state) {
    case State::kOk: return "\x1b[32m";
    case State::kWarn: return "\x1b[33m";
    case State::kFail: return "\x1b[1;31m";
    case State::kUnknown: return "\x1b[36m";
    case State::kSkipped: return "\x1b[2m";
  }
  return "";
}

// "database_rights" as people write it.
std::string words_of(std::string check) {
  std::replace(check.begin(), check.end(), '_', ' ');
  return check;
}

// Words of the JSON, never renamed.
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

std::string states_of(const Outcomes& outcomes) {
  std::vector<std::string> counts;
  for (const State state : kStates) {
    const auto count = std::count_if(outcomes.begin(), outcomes.end(),
                                     [&](const Outcome& one) { return one.state == state; });
    if (count > 0) counts.push_back(fmt::format("{} {}", count, state_name(state)));
  }
  return fmt::format("{}\n", fmt::join(counts, ", "));
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return valid_utf8(text);
}

}  // namespace

std::string to_text(const Outcomes& outcomes, bool colour) {
  constexpr std::string_view kHeader = "STATE";
  std::size_t checks = std::string_view("CHECK").size();
  for (const Outcome& outcome : outcomes) checks = std::max(checks, outcome.check.size());
  constexpr std::size_t kStateWidth = 7;  // of "unknown" and "skipped"
  const std::string indent(kStateWidth + checks + 4, ' ');

  std::string text = fmt::format("{:<{}}  {:<{}}  SEEN\n", kHeader, kStateWidth, "CHECK", checks);
  for (const Outcome& outcome : outcomes) {
    const std::string_view name = state_name(outcome.state);
    const std::string padding(kStateWidth - name.size(), ' ');
    text += colour ? fmt::format("{}{}\x1b[0m{}", colour_of(outcome.state), name, padding)
                   : fmt::format("{}{}", name, padding);
    text += fmt::format("  {:<{}}  ", words_of(outcome.check), checks);
    if (!outcome.about.empty()) text += printable(outcome.about) + ": ";
    text += printable(without_secrets(outcome.seen)) + "\n";
    const std::string what_to_do = without_secrets(outcome.action);
    std::string_view action = what_to_do;
    for (bool first = true; !action.empty(); first = false) {
      const std::size_t end = std::min(action.find('\n'), action.size());
      text +=
          fmt::format("{}{} {}\n", indent, first ? "->" : "  ", printable(action.substr(0, end)));
      action.remove_prefix(std::min(end + 1, action.size()));
    }
  }
  return text + states_of(outcomes);
}

std::string to_json(const Outcomes& outcomes, TimePoint at) {
  nlohmann::ordered_json document;
  document["tool_version"] = report::tool_version();
  document["timestamp"] = rfc3339(at);
  document["state"] = state_name(worst(outcomes));
  document["checks"] = nlohmann::ordered_json::array();
  for (const Outcome& outcome : outcomes) {
    nlohmann::ordered_json row;
    row["check"] = outcome.check;
    row["about"] = text_or_null(outcome.about);
    row["state"] = state_name(outcome.state);
    row["seen"] = valid_utf8(without_secrets(outcome.seen));
    row["action"] = text_or_null(without_secrets(outcome.action));
    document["checks"].push_back(std::move(row));
  }
  return document.dump(2) + "\n";
}

}  // namespace drift::doctor
