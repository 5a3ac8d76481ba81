#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "drift/aws/credentials/sts.h"
#include "drift/aws/endpoint.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/doctor/checks.h"

namespace drift::doctor {
namespace {

constexpr const char* kSchedule = "schedule";
constexpr const char* kAlarms = "alarms";

std::string arn_of(const std::string& function, const check::Run& run, const Stop& stop) {
  if (function.starts_with("arn:")) return function;
  aws::Session& session = run.aws->session();
  const std::string region = session.region();
  return fmt::format("arn:{}:lambda:{}:{}:function:{}", aws::partition_of(region), region,
                     aws::caller_identity(session, stop).account, function);
}

}  // namespace

Outcome schedule_outcome(const std::string& function, const std::vector<aws::Rule>& rules) {
  Outcome outcome{kSchedule, function, State::kOk, "", ""};
  if (rules.empty()) {
    outcome.state = State::kWarn;
    outcome.seen = "no rule of EventBridge starts it";
    outcome.action =
        "let a rule start it each night (cron/cloudformation.yaml has one); what EventBridge "
        "Scheduler starts is not seen here";
    return outcome;
  }
  std::vector<std::string> words;
  for (const aws::Rule& rule : rules) {
    words.push_back(fmt::format("{} is {}{}", printable(rule.name),
                                rule.enabled ? "enabled" : "disabled",
                                rule.schedule.empty() ? "" : ", " + printable(rule.schedule)));
  }
  outcome.seen = fmt::format("{}", fmt::join(words, "; "));
  if (std::none_of(rules.begin(), rules.end(), [](const aws::Rule& one) { return one.enabled; })) {
    outcome.state = State::kWarn;
    outcome.action = fmt::format("nothing runs at night: aws events enable-rule --name {}",
                                 printable(rules.front().name));
    outcome.tells_nobody = true;
  }
  return outcome;
}

Outcome alarms_outcome(const std::string& target, const std::vector<aws::Alarm>& alarms) {
  const auto sending =
      std::count_if(alarms.begin(), alarms.end(), [](const aws::Alarm& one) { return one.sends; });
  Outcome outcome{kAlarms, target, State::kWarn,
                  fmt::format("{}, {} of them {} somebody", counted(alarms.size(), "alarm"),
                              sending, sending == 1 ? "tells" : "tell"),
                  ""};
  if (alarms.empty()) outcome.seen = "no alarm looks at its metrics";
  const bool silence = std::any_of(alarms.begin(), alarms.end(), [](const aws::Alarm& one) {
    return one.sends && one.notices_silence;
  });
  if (silence) {
    outcome.state = State::kOk;
  } else {
    outcome.action =
        "none tells that no run comes: cron/cloudformation.yaml has the alarm no-run, on "
        "RunDuration, with missing data taken as breaching";
  }
  return outcome;
}

Outcomes examine_schedule(const std::string& function, const std::vector<std::string>& targets,
                          const check::Run& run, const Stop& stop) {
  Outcomes outcomes;
  try {
    const std::string arn = arn_of(function, run, stop);
    outcomes.push_back(
        schedule_outcome(function, aws::rules_that_start(run.aws->session(), arn, stop)));
  } catch (const Error& error) {
    outcomes.push_back(not_known(kSchedule, function, error));
  }
  for (const std::string& target : targets) {
    try {
      outcomes.push_back(alarms_outcome(
          target, aws::alarms_on(run.aws->session(), "SchemaDrift", "Target", target, stop)));
    } catch (const Error& error) {
      outcomes.push_back(not_known(kAlarms, target, error));
    }
  }
  return outcomes;
}

}  // namespace drift::doctor
