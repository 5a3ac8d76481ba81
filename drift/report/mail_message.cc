#include "drift/report/mail_message.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/printable.h"

namespace drift::report {
namespace {

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

std::string mail_message(const Report& report, const std::string& report_location,
                         const MailEnvelope& envelope) {
  // A run has several targets, and a target's name may hold what an id may not.
  const std::string id =
      fmt::format("{}.{}", report.run_id, aws::sha256_hex(report.target).substr(0, 8));
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
             fmt::join(envelope.to, ",\n "), header_text(title(report)), mail_date(envelope.now),
             id, envelope.host) +
         quoted_printable(alert_text(report, report_location));
}

}  // namespace drift::report
