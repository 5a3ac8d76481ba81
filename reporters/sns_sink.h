// Alerts through an Amazon SNS topic.
#pragma once

#include <string>

#include "drift/aws/services/sns.h"
#include "reporters/alert_sink.h"

namespace drift::reporters {

// Message attributes `status`, `target` and `severity` serve filter policies. A FIFO topic gets the
// target as message group, so that alerts of one target keep their order; the message on many
// targets has the target and the group "*".
class SnsSink : public AlertSink {
 public:
  // Throws Error{kUsage} for what is not a topic's ARN.
  SnsSink(std::string topic_arn, aws::SessionSource session);
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  void send(const report::FleetAlert& alert, const Stop& stop) override;
  bool send_summary(const report::SummaryMail& summary, const Stop& stop) override;
  std::string name() const override { return topic_arn_; }

 private:
  void publish(const aws::Publication& alert, const Stop& stop);

  std::string topic_arn_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
