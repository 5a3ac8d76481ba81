// Who starts a function, and who is told where it does not run: rules of EventBridge and alarms of
// CloudWatch. Reads only.
#pragma once

#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// Both throw as Client::call, and Error{kAwsFailed} for an answer that only looks like success.

struct Rule {
  std::string name;
  bool enabled = false;
  std::string schedule;  // "cron(0 3 * * ? *)"; "" of one that waits for events
};
// events:ListRuleNamesByTarget, and events:DescribeRule for each; of the default bus, at most 20.
// What EventBridge Scheduler starts is no rule, and not among them.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html
std::vector<Rule> rules_that_start(Session& session, const std::string& function_arn,
                                   const Stop& stop);

struct Alarm {
  std::string name;
  bool sends = false;            // it has actions, and they are not switched off
  bool notices_silence = false;  // missing data turns it on
};
// cloudwatch:DescribeAlarms. Those that look at a metric of `name_space` whose dimension
// `dimension` is `value`, by itself or in an expression; of the account's first 5,000.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
std::vector<Alarm> alarms_on(Session& session, const std::string& name_space,
                             const std::string& dimension, const std::string& value,
                             const Stop& stop);

}  // namespace drift::aws
