#include "drift/report/alert_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "drift/aws/digest.h"
#include "drift/aws/sigv4.h"
#include "drift/base/base64.h"
#include "drift/base/printable.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFindings = 5;
constexpr std::size_t kMostCauses = 20;
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

// Where a person opens the object of "s3://bucket/key" in a browser; "" for any other place.
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

std::string place_text(const Report& report, const std::string& location) {
  std::string link = console_link(location);
  if (link.size() > kPartBytes) link.clear();
  const std::string place = shown(location, link.empty() ? kPartBytes : kPartBytes / 2);
  const std::string anchor = evidence(report);
  return fmt::format("report: {} · run {}{}{}",
                     link.empty() ? place : fmt::format("<{}|{}>", link, place), report.run_id,
                     anchor.empty() ? "" : " · evidence: ", anchor);
}

constexpr std::size_t kLongestLine = 76;  // RFC 2045, 6.7
// 60 letters of Base64, so that an encoded word has 72 of the 75 that RFC 2047 allows.
constexpr std::size_t kBytesOfAWord = 45;

// RFC 5322, 3.3: in English, whatever the locale.
std::string mail_date(TimePoint time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
      kDays.at(std::chrono::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
      kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
      clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// Encoded words where it is not plain ASCII, and where a reader would take it for encoded already.
// `text` has no control characters.
std::string header_text(std::string_view text) {
  bool plain = text.find("=?") == std::string_view::npos;
  for (const char c : text) plain = plain && c >= 0x20 && c < 0x7f;
  if (plain) return std::string(text);
  std::string words;
  while (!text.empty()) {
    const std::string_view word = cut_utf8(text, kBytesOfAWord);
    words += fmt::format("{}=?UTF-8?B?{}?=", words.empty() ? "" : "\n ", base64_encoded(word));
    text.remove_prefix(word.size());
  }
  return words;
}

// RFC 2045, 6.7: any text in lines of at most 76 characters.
std::string quoted_printable(std::string_view text) {
  std::string encoded;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      encoded += c;
      column = 0;
      continue;
    }
    const bool last = i + 1 == text.size() || text[i + 1] == '\n';
    bool plain = c > 0x20 && c < 0x7f && c != '=';
    if (c == ' ') plain = !last;
    // Mailboxes put a '>' before a line that begins with "From ".
    if (column == 0 && text.substr(i).starts_with("From ")) plain = false;
    const std::string piece =
        plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
    if (column + piece.size() > kLongestLine - (last ? 0 : 1)) {
      encoded += "=\n";
      column = 0;
    }
    encoded += piece;
    column += piece.size();
  }
  return encoded;
}

}  // namespace

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

namespace {

std::string mail(std::string_view headline, std::string_view id, std::string_view body,
                 const MailEnvelope& envelope) {
  return fmt::format(
             "To: {}\n"
             "Subject: {}\n"
             "Date: {}\n"
             "Message-ID: <{}@{}>\n"
             // RFC 3834: nobody's absence is answered to it.
             "Auto-Submitted: auto-generated\n"
             "MIME-Version: 1.0\n"
             "Content-Type: text/plain; charset=utf-8\n"
             "Content-Transfer-Encoding: quoted-printable\n"
             "\n",
             fmt::join(envelope.to, ",\n "), header_text(headline), mail_date(envelope.now), id,
             envelope.host) +
         quoted_printable(body);
}

}  // namespace

std::string mail_message(const Report& report, const std::string& report_location,
                         const MailEnvelope& envelope) {
  // A run has several targets, and a target's name may hold what an id may not.
  const std::string id =
      fmt::format("{}.{}", report.run_id, aws::sha256_hex(report.target).substr(0, 8));
  return mail(title(report), id, alert_text(report, report_location), envelope);
}

std::string mail_message(const FleetAlert& alert, const MailEnvelope& envelope) {
  return mail(subject(alert), alert.run_id, alert_text(alert), envelope);
}

std::string mail_message(const SummaryMail& summary, const MailEnvelope& envelope) {
  return mail(summary.subject, summary.run_id, summary.text, envelope);
}

std::string slack_message(const FleetAlert& alert) {
  const std::string headline = subject(alert);
  Json message;
  message["text"] = slack_escaped(headline);
  Json header;
  header["type"] = "header";
  header["text"] = {{"type", "plain_text"}, {"text", headline}};
  message["blocks"] = Json::array({std::move(header)});
  const std::size_t count = std::min(alert.causes.size(), kMostCauses);
  for (std::size_t i = 0; i < count; ++i) {
    const FleetCause& cause = alert.causes[i];
    const std::size_t rest = cause.count - cause.targets.size();
    message["blocks"].push_back(section(
        fmt::format("• {} × {}: {}\n   {}{}", cause.count, verdict::status_name(cause.first.status),
                    shown(cause.first.what, kPartBytes),
                    shown(fmt::format("{}", fmt::join(cause.targets, ", ")), kPartBytes),
                    rest == 0 ? "" : fmt::format(" and {} more", rest))));
  }
  if (alert.causes.size() > count) {
    message["blocks"].push_back(
        section(fmt::format("and {} more causes", alert.causes.size() - count)));
  }
  Json context;
  context["type"] = "context";
  context["elements"] = Json::array(
      {Json{{"type", "mrkdwn"},
            {"text", fmt::format("{} · reports: {} · run {}", counted_statuses(alert.statuses),
                                 shown(alert.reports, kPartBytes), alert.run_id)}}});
  message["blocks"].push_back(std::move(context));
  return message.dump();
}

std::string webhook_payload(const FleetAlert& alert) {
  Json payload;
  payload["event"] = "schema_drift.fleet_alert";
  payload["subject"] = subject(alert);
  payload["run_id"] = alert.run_id;
  payload["timestamp"] = rfc3339(alert.timestamp);
  payload["reports"] = valid_utf8(alert.reports);
  payload["targets"] = alert.targets;
  payload["statuses"] = Json::object();
  for (const auto& [status, count] : alert.statuses) {
    payload["statuses"][std::string(verdict::status_name(status))] = count;
  }
  payload["causes"] = Json::array();
  for (const FleetCause& cause : alert.causes) {
    Json one;
    one["status"] = verdict::status_name(cause.first.status);
    one["kind"] = alert_kind_name(cause.first.kind);
    one["message"] = valid_utf8(cause.first.what);
    one["action"] = valid_utf8(cause.first.action);
    one["count"] = cause.count;
    one["targets"] = cause.targets;
    payload["causes"].push_back(std::move(one));
  }
  return payload.dump();
}

}  // namespace drift::report
