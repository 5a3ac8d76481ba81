#include "drift/aws/services/watch.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

using nlohmann::json;

constexpr std::size_t kMostRules = 20;
constexpr int kMostPages = 50;

[[noreturn]] void refuse(const Call& call, std::string_view by, std::string_view variable) {
  throw Error{Fault::kAwsFailed,
              fmt::format("{} on {} was answered with success, but not by {}", call.operation,
                          printable(call.resource), by),
              fmt::format("a proxy may have answered: check HTTPS_PROXY and {}", variable)};
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// JSON 1.1. https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonParameters.html
json ask_events(Session& session, const std::string& action, const std::string& resource,
                const char* key, const json& body, const Stop& stop) {
  Call call;
  call.service = Service::kEventBridge;
  call.operation = "events:" + action;
  call.resource = resource;
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", "AWSEvents." + action}};
  call.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  call.max_response_bytes = 1u << 20;
  json answer = json::parse(Client(session).call(call, stop).body, nullptr, false);
  if (answer.is_object() && answer.contains(key)) return answer;
  refuse(call, "EventBridge", "AWS_ENDPOINT_URL_EVENTBRIDGE");
}

bool is_about(const pugi::xml_node& metric, std::string_view name_space, std::string_view dimension,
              std::string_view value) {
  if (xml_text(metric.child("Namespace")) != name_space) return false;
  for (const auto& one : metric.child("Dimensions").children("member")) {
    if (xml_text(one.child("Name")) == dimension && xml_text(one.child("Value")) == value) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<Rule> rules_that_start(Session& session, const std::string& function_arn,
                                   const Stop& stop) {
  const json found = ask_events(session, "ListRuleNamesByTarget", "*", "RuleNames",
                                {{"TargetArn", function_arn}, {"Limit", kMostRules}}, stop);
  std::vector<Rule> rules;
  for (const json& name : found["RuleNames"]) {
    if (!name.is_string()) continue;
    const json told = ask_events(session, "DescribeRule", name.get<std::string>(), "State",
                                 {{"Name", name}}, stop);
    rules.push_back({name.get<std::string>(), text_of(told, "State").starts_with("ENABLED"),
                     text_of(told, "ScheduleExpression")});
  }
  return rules;
}

std::vector<Alarm> alarms_on(Session& session, const std::string& name_space,
                             const std::string& dimension, const std::string& value,
                             const Stop& stop) {
  std::vector<Alarm> alarms;
  std::string token;
  for (int page = 0; page < kMostPages && (page == 0 || !token.empty()); ++page) {
    Call call;
    call.service = Service::kCloudWatch;
    call.operation = "cloudwatch:DescribeAlarms";
    call.resource = "*";
    call.max_response_bytes = 4u << 20;
    Form form{{"Action", "DescribeAlarms"},
              {"Version", "2010-08-01"},
              {"AlarmTypes.member.1", "MetricAlarm"},
              {"MaxRecords", "100"}};
    if (!token.empty()) form.emplace_back("NextToken", token);
    set_form(call, form);
    const pugi::xml_document document = parse_xml(Client(session).call(call, stop).body);
    const pugi::xml_node result = first_element(document, "DescribeAlarmsResult");
    if (!result) refuse(call, "CloudWatch", "AWS_ENDPOINT_URL_CLOUDWATCH");
    for (const auto& one : result.child("MetricAlarms").children("member")) {
      bool about = is_about(one, name_space, dimension, value);
      for (const auto& query : one.child("Metrics").children("member")) {
        about |= is_about(query.child("MetricStat").child("Metric"), name_space, dimension, value);
      }
      if (!about) continue;
      const bool switched_on = xml_text(one.child("ActionsEnabled")) == "true";
      alarms.push_back({xml_text(one.child("AlarmName")),
                        switched_on && one.child("AlarmActions").child("member"),
                        xml_text(one.child("TreatMissingData")) == "breaching"});
    }
    token = xml_text(result.child("NextToken"));
  }
  return alarms;
}

}  // namespace drift::aws
