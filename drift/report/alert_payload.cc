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
// Slack takes 150 characters in a header, 3,000 in the text of a section and 50 blocks, and refuses
// a message that has more; bytes are never fewer than characters.
// https://api.slack.com/reference/block-kit/blocks
constexpr std::size_t kHeaderBytes = 150;
constexpr std::size_t kPartBytes = 1'450;  // two of them, with what stands around them
constexpr std::size_t kMostChanges = 5;
constexpr std::size_t kChangeBytes = 200;

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

// At most `most` bytes after escaping, which is what Slack counts.
std::string shown(std::string_view text, std::size_t most) {
  const std::string whole = shortened(text, most);
  std::string escaped;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::string_view character = rest.substr(0, first_character(rest).size);
    const std::string piece = slack_escaped(character);
    if (escaped.size() + piece.size() + 3 > most) return escaped + "...";
    escaped += piece;
    rest.remove_prefix(character.size());
  }
  return escaped;
}

// Requires at most 3,000 characters.
Json section(std::string text) {
  Json block;
  block["type"] = "section";
  block["text"] = {{"type", "mrkdwn"}, {"text", std::move(text)}};
  return block;
}

std::string what_and_action(std::string_view what, std::string_view action) {
  std::string text = "• " + shown(what, kPartBytes) + "\n";
  if (!action.empty()) text += "   " + shown(action, kPartBytes) + "\n";
  return text;
}

// A section each, so that a long one takes no room from the others.
void add_findings(Json& blocks, const Report& report) {
  if (report.failure) {
    blocks.push_back(section(what_and_action(report.failure->message, report.failure->hint)));
  }
  const std::size_t count = std::min(report.findings.size(), kMostFindings);
  for (std::size_t i = 0; i < count; ++i) {
    const verdict::Finding& finding = report.findings[i];
    blocks.push_back(section(what_and_action(finding.message, finding.action)));
  }
  if (report.findings.size() > count) {
    blocks.push_back(section(fmt::format("and {} more findings", report.findings.size() - count)));
  }
}

std::string why_now(const AlertDecision& alert) {
  std::string text = "why now: " + shown(alert.reason, kPartBytes);
  const std::size_t count = std::min(alert.changes.size(), kMostChanges);
  for (std::size_t i = 0; i < count; ++i) text += "\n• " + shown(alert.changes[i], kChangeBytes);
  if (alert.changes.size() > count) {
    text += fmt::format("\nand {} more changes", alert.changes.size() - count);
  }
  return text;
}

std::string place_text(const Report& report, const std::string& location) {
  std::string link = console_link(location);
  if (link.size() > kPartBytes) link.clear();
  const std::string place = shown(location, link.empty() ? kPartBytes : kPartBytes / 2);
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
  add_findings(message["blocks"], report);
  if (report.alert) message["blocks"].push_back(section(why_now(*report.alert)));
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
