#include "drift/report/alert_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/aws/sigv4.h"
#include "drift/base/printable.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFindings = 5;
// Slack takes 150 characters in a header and 3,000 in a section; bytes are never fewer.
constexpr std::size_t kHeaderBytes = 150;
constexpr std::size_t kFindingBytes = 550;

// Slack reads these three in any text, and nothing else of HTML.
// https://api.slack.com/reference/surfaces/formatting#escaping
std::string slack_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string shown(std::string_view text) {
  return slack_escaped(shortened(printable(text), kFindingBytes));
}

Json section(std::string text) {
  Json block;
  block["type"] = "section";
  block["text"] = {{"type", "mrkdwn"}, {"text", std::move(text)}};
  return block;
}

std::string findings_text(const Report& report) {
  std::string text;
  if (report.failure) {
    text += fmt::format("• {}\n", shown(report.failure->message));
    if (!report.failure->hint.empty()) text += fmt::format("   {}\n", shown(report.failure->hint));
  }
  const std::size_t count = std::min(report.findings.size(), kMostFindings);
  for (std::size_t i = 0; i < count; ++i) {
    text += fmt::format("• {}\n", shown(report.findings[i].message));
    text += fmt::format("   {}\n", shown(report.findings[i].action));
  }
  if (report.findings.size() > count) {
    text += fmt::format("and {} more findings\n", report.findings.size() - count);
  }
  return text;
}

std::string place_text(const Report& report, const std::string& location) {
  const std::string link = console_link(location);
  const std::string place = slack_escaped(printable(location));
  const std::string anchor = evidence(report);
  return fmt::format("report: {} · run {}{}{}",
                     link.empty() ? place : fmt::format("<{}|{}>", link, place), report.run_id,
                     anchor.empty() ? "" : " · evidence: ", anchor);
}

}  // namespace

std::string console_link(const std::string& report_location) {
  constexpr std::string_view kScheme = "s3://";
  if (!report_location.starts_with(kScheme)) return {};
  const std::string place = report_location.substr(kScheme.size());
  const std::size_t slash = place.find('/');
  if (slash == std::string::npos) return {};
  return fmt::format("https://s3.console.aws.amazon.com/s3/object/{}?prefix={}",
                     aws::uri_encoded(place.substr(0, slash), false),
                     aws::uri_encoded(place.substr(slash + 1), false));
}

std::string slack_message(const Report& report, const std::string& report_location) {
  const std::string headline = subject(report);
  Json message;
  message["text"] = slack_escaped(headline);  // of notifications
  message["blocks"] = Json::array();
  Json header;
  header["type"] = "header";
  header["text"] = {{"type", "plain_text"}, {"text", shortened(headline, kHeaderBytes - 3)}};
  message["blocks"].push_back(std::move(header));
  if (report.alert) {
    std::string why = shown(report.alert->reason);
    for (const std::string& change : report.alert->changes) why += "\n• " + shown(change);
    message["blocks"].push_back(section("why now: " + why));
  }
  const std::string findings = findings_text(report);
  if (!findings.empty()) message["blocks"].push_back(section(findings));
  Json context;
  context["type"] = "context";
  context["elements"] =
      Json::array({Json{{"type", "mrkdwn"}, {"text", place_text(report, report_location)}}});
  message["blocks"].push_back(std::move(context));
  return message.dump();
}

std::string webhook_payload(const Report& report, const std::string& report_location) {
  Json payload;
  payload["event"] = "schema_drift.alert";
  payload["subject"] = subject(report);
  payload["report_location"] = valid_utf8(report_location);
  payload["evidence"] = nullptr;
  if (!report.stored_sha256.empty()) {
    payload["evidence"] = {
        {"sequence", report.sequence == 0 ? Json(nullptr) : Json(report.sequence)},
        {"sha256", report.stored_sha256}};
  }
  payload["report"] = Json::parse(to_json(report));
  return payload.dump();
}

}  // namespace drift::report
