#include "reporters/sns_sink.h"

#include <fmt/format.h>

#include <utility>

#include "drift/aws/arn.h"
#include "drift/aws/services/sns.h"
#include "drift/base/error.h"
#include "drift/report/fleet_alert.h"
#include "drift/report/report.h"
#include "drift/report/summary_mail.h"

namespace drift::reporters {

SnsSink::SnsSink(std::string topic_arn, aws::SessionSource session)
    : topic_arn_(std::move(topic_arn)), session_(std::move(session)) {
  aws::read_arn(aws::ArnOf::kTopic, topic_arn_);
}

void SnsSink::send(const report::Report& report, const std::string& report_location,
                   const Stop& stop) {
  aws::Publication alert;
  alert.topic_arn = topic_arn_;
  alert.subject = report::subject(report);
  alert.message = report::alert_text(report, report_location);
  alert.attributes = {{"status", std::string(verdict::status_name(report.status))},
                      {"target", report.target},
                      {"severity", std::string(verdict::severity_name(report::severity(report)))}};
  if (topic_arn_.ends_with(".fifo")) {
    alert.group_id = report.target;
    alert.deduplication_id = fmt::format("{}-{}", report.target, report.run_id);
  }
  publish(alert, stop);
}

void SnsSink::send(const report::FleetAlert& fleet, const Stop& stop) {
  aws::Publication alert;
  alert.topic_arn = topic_arn_;
  alert.subject = report::subject(fleet);
  alert.message = report::alert_text(fleet);
  alert.attributes = {{"status", std::string(verdict::status_name(report::status(fleet)))},
                      {"target", "*"},
                      {"severity", std::string(verdict::severity_name(report::severity(fleet)))}};
  if (topic_arn_.ends_with(".fifo")) {
    alert.group_id = "*";
    alert.deduplication_id = fleet.run_id;
  }
  publish(alert, stop);
}

bool SnsSink::send_summary(const report::SummaryMail& summary, const Stop& stop) {
  aws::Publication mail;
  mail.topic_arn = topic_arn_;
  mail.subject = summary.subject;
  mail.message = summary.text;
  mail.attributes = {{"event", "summary"}};
  if (topic_arn_.ends_with(".fifo")) {
    mail.group_id = "*";
    mail.deduplication_id = summary.run_id;
  }
  publish(mail, stop);
  return true;
}

void SnsSink::publish(const aws::Publication& alert, const Stop& stop) {
  try {
    aws::publish(session_(), alert, stop);
  } catch (const Error& error) {
    throw Error{Fault::kAlertNotSent,
                fmt::format("cannot send the alert to {}: {}", topic_arn_, error.what()),
                error.hint, error.retryable};
  }
}

}  // namespace drift::reporters
