#include "drift/aws/services/sns_topic.h"

#include <fmt/format.h>

#include <utility>

#include "drift/aws/form.h"
#include "drift/aws/services/sns.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

std::string ask(Session& session, const std::string& topic_arn, const std::string& action,
                const std::string& token, const Stop& stop) {
  Call call;
  call.service = Service::kSns;
  call.region = region_of_topic(topic_arn);
  call.operation = "sns:" + action;
  call.resource = topic_arn;
  call.max_response_bytes = 1u << 20;
  Form form{{"Action", action}, {"Version", "2010-03-31"}, {"TopicArn", topic_arn}};
  if (!token.empty()) form.emplace_back("NextToken", token);
  set_form(call, form);
  HttpResponse response = Client(session).call(call, stop);
  if (response.body.find("<" + action + "Result") != std::string::npos) return response.body;
  throw Error{Fault::kAwsFailed,
              fmt::format("{} on {} was answered with success, but not by SNS (no {}Result)",
                          call.operation, printable(call.resource), action),
              "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_SNS"};
}

}  // namespace

std::map<std::string, std::string> topic_attributes(Session& session, const std::string& topic_arn,
                                                    const Stop& stop) {
  const std::string body = ask(session, topic_arn, "GetTopicAttributes", "", stop);
  std::map<std::string, std::string> attributes;
  std::string key;
  for (const auto& [path, text] : xml_paths(body)) {
    if (path.ends_with("/entry/key")) key = text;
    if (path.ends_with("/entry/value") && !key.empty()) attributes[std::exchange(key, "")] = text;
  }
  return attributes;
}

std::vector<Subscription> topic_subscriptions(Session& session, const std::string& topic_arn,
                                              const Stop& stop) {
  std::vector<Subscription> all;
  std::string token;
  do {
    const std::string body = ask(session, topic_arn, "ListSubscriptionsByTopic", token, stop);
    token.clear();
    Subscription current;
    const auto finish = [&] {
      if (!current.arn.empty() || !current.protocol.empty()) all.push_back(std::move(current));
      current = {};
    };
    // Elements of one member come in any order; a field that is there already begins the next.
    const auto take = [&](std::string& field, const std::string& text) {
      std::string* into = &field;
      if (!into->empty()) finish();
      *into = text;
    };
    for (const auto& [path, text] : xml_paths(body)) {
      if (path.ends_with("/member/SubscriptionArn")) take(current.arn, text);
      if (path.ends_with("/member/Protocol")) take(current.protocol, text);
      if (path.ends_with("/member/Endpoint")) take(current.endpoint, text);
      if (path.ends_with("/NextToken")) token = text;
    }
    finish();
  } while (!token.empty() && all.size() < kMaxSubscriptions);
  return all;
}

}  // namespace drift::aws
