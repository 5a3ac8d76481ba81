// Amazon SNS: what a topic says about itself and whom it tells. Reads only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// sns:GetTopicAttributes: "SubscriptionsConfirmed", "SubscriptionsPending", "KmsMasterKeyId", ...
// https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
// Throws as Client::call, Error{kConfiguration} for what is no topic's ARN, and Error{kAwsFailed}
// for an answer that only looks like success.
std::map<std::string, std::string> topic_attributes(Session& session, const std::string& topic_arn,
                                                    const Stop& stop);

struct Subscription {
  std::string arn;  // "PendingConfirmation" until somebody confirms it, "Deleted" once it is gone
  std::string protocol;
  std::string endpoint;  // an address: mask it before anybody sees it
};

// sns:ListSubscriptionsByTopic, at most `kMaxSubscriptions`.
// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
// Throws as topic_attributes.
std::vector<Subscription> topic_subscriptions(Session& session, const std::string& topic_arn,
                                              const Stop& stop);

// Ten pages: nobody reads further, and a server that pages for ever is not followed.
inline constexpr std::size_t kMaxSubscriptions = 1'000;

}  // namespace drift::aws
