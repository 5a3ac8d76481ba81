// Amazon SNS: Publish. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
#pragma once

#include <map>
#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

struct Publication {
  std::string topic_arn;  // decides the region; a name ending in .fifo makes it a FIFO topic
  std::string subject;    // at most 100 printable ASCII characters
  std::string message;    // at most 256 KiB with attributes; longer is cut with a note
  std::map<std::string, std::string> attributes;  // String attributes, for filter policies
  // FIFO topics only.
  std::string group_id;
  std::string deduplication_id;
};

// Returns the message id. Throws as Client::call.
std::string publish(Session& session, const Publication& publication, const Stop& stop);

}  // namespace drift::aws
