// Alerts through an Amazon SNS topic.
#pragma once

#include <string>

#include "reporters/alert_sink.h"

namespace drift::reporters {

// "arn:PARTITION:sns:REGION:ACCOUNT:NAME".
bool is_topic_arn(const std::string& text);

// Message attributes `status`, `target` and `severity` serve filter policies. A FIFO topic gets the
// target as message group, so that alerts of one target keep their order.
class SnsSink : public AlertSink {
 public:
  SnsSink(std::string topic_arn, aws::SessionSource session)
      : topic_arn_(std::move(topic_arn)), session_(std::move(session)) {}
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  std::string name() const override { return topic_arn_; }

 private:
  std::string topic_arn_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
