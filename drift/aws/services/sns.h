// Amazon SNS: telling a topic something, and what it says about itself and whom it tells.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

struct Publication {
  std::string topic_arn;  // decides the region; a name ending in .fifo makes it a FIFO topic
  std::string subject;    // made fit by sns_subject
  std::string message;    // at most 256 KiB with attributes; longer is cut with a note
  std::map<std::string, std::string> attributes;  // String attributes, for filter policies
  // FIFO topics only. What SNS does not take for an id (blanks, more than 128 characters) goes as
  // its SHA-256.
  std::string group_id;
  std::string deduplication_id;
};

// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
// Returns the message id. Attributes without a value are left out (SNS refuses them).
// A second attempt after a lost answer may deliver a message twice, but for a FIFO topic with a
// deduplication id.
// Throws as Client::call, Error{kUsage} for what is not a topic's ARN, and Error{kAwsFailed}
// for an answer that only looks like success.
std::string publish(Session& session, const Publication& publication, const Stop& stop);

// What SNS takes for a subject: at most 100 printable ASCII characters, none of them a blank at the
// start. Others stand as '?', line ends and tabs as blanks; a longer text ends in "...".
std::string sns_subject(std::string_view text);

// `text` in valid UTF-8, at most `most` bytes: cut between characters, with a last line that says
// so. `most` is at least 200.
std::string sns_message(std::string_view text, std::size_t most);

// sns:GetTopicAttributes: "SubscriptionsConfirmed", "SubscriptionsPending", "KmsMasterKeyId", ...
// https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
// Throws as Client::call, Error{kUsage} for what is not a topic's ARN, and Error{kAwsFailed}
// for an answer that only looks like success.
std::map<std::string, std::string> topic_attributes(Session& session, const std::string& topic_arn,
                                                    const Stop& stop);

struct Subscription {
  std::string arn;  // "PendingConfirmation" until somebody confirms it, "Deleted" once it is gone
  std::string protocol;
  std::string endpoint;  // an address: mask it before anybody sees it
};

// sns:ListSubscriptionsByTopic, ten pages (of 100) at most.
// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
// Throws as topic_attributes.
std::vector<Subscription> topic_subscriptions(Session& session, const std::string& topic_arn,
                                              const Stop& stop);

}  // namespace drift::aws
