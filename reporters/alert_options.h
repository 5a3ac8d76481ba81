// What sinks of alerts need besides their URL.
#pragma once

#include <string>

namespace drift::reporters {

// Each secret may be the ARN of a secret in Secrets Manager instead of itself.
struct AlertOptions {
  std::string slack_url;       // SCHEMA_DRIFT_SLACK_URL
  std::string webhook_secret;  // SCHEMA_DRIFT_WEBHOOK_SECRET
  bool allow_private = false;  // --allow-private-webhooks
};

}  // namespace drift::reporters
