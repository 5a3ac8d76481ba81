#include "reporters/mail_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "drift/aws/digest.h"
#include "drift/base/child_process.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/report/alert_payload.h"

namespace drift::reporters {
namespace {

// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/baselib-sendmail-1.html
constexpr std::array kPrograms = {"/usr/sbin/sendmail", "/usr/lib/sendmail"};
constexpr std::size_t kMostAddresses = 50;
constexpr std::size_t kLongestAddress = 254;  // RFC 5321, 4.5.3.1.3
constexpr std::size_t kMostErrors = 64 * 1024;
constexpr std::size_t kErrorsShown = 500;

bool all_of(std::string_view text, std::string_view besides) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || besides.find(c) != std::string_view::npos;
  });
}

// Fewer than RFC 5321 has, on purpose: '|', '/' and ':' are programs, files and lists to sendmail,
// '!' and '%' are routes, and a '-' at the beginning is an option.
bool is_address(std::string_view text) {
  if (text.size() > kLongestAddress) return false;
  const std::size_t at = text.find('@');
  const std::string_view name = text.substr(0, at);
  if (name.empty() || name.front() == '-' || name.front() == '.' || !all_of(name, "._+-='")) {
    return false;
  }
  if (at == std::string_view::npos) return true;
  const std::string_view host = text.substr(at + 1);
  return !host.empty() && all_of(host, ".-") && host.front() != '.' && host.front() != '-';
}

std::vector<std::string> separated(const std::string& addresses) {
  std::vector<std::string> all;
  for (const std::string_view address : split(addresses, ',')) {
    all.push_back(percent_decoded(address));
  }
  return all;
}

// Of this program's environment what a mail program may need: the rest may hold secrets.
std::vector<std::string> environment() {
  std::vector<std::string> variables = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ"}) {
    if (const auto value = environment_variable(name)) {
      variables.push_back(fmt::format("{}={}", name, *value));
    }
  }
  return variables;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  std::string host = name.data();
  return !host.empty() && all_of(host, ".-") ? host : "localhost";
}

// What it said, on one line, without the addresses that it may repeat.
std::string told(std::string errors, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    for (std::size_t at = 0; (at = errors.find(address, at)) != std::string::npos;) {
      const std::string mask = masked_address(address);
      errors.replace(at, address.size(), mask);
      at += mask.size();
    }
  }
  const std::string_view said = trimmed(errors);
  return said.empty() ? "" : ": " + shortened(said, kErrorsShown);
}

// Of a program that did not take the mail.
std::string what_became_of(const std::string& program, const ChildEnd& end,
                           const std::vector<std::string>& addresses, const Stop& stop) {
  switch (end.how) {
    case ChildEnd::How::kExited:
      return fmt::format("{} ended with exit code {}{}", program, end.number,
                         told(end.kept, addresses));
    case ChildEnd::How::kKilled:
      return fmt::format("{} was killed by signal {}{}", program, end.number,
                         told(end.kept, addresses));
    case ChildEnd::How::kStopped:
      return program + (stop.requested() ? " was interrupted before it had taken the mail"
                                         : " did not take the mail in time");
    case ChildEnd::How::kTalkative:
      return fmt::format("{} printed more than {} KiB of errors", program, kMostErrors / 1024);
    case ChildEnd::How::kNotStarted:
    case ChildEnd::How::kUnreadable: break;
  }
  return fmt::format("cannot run {}: {}", program, std::strerror(end.number));
}

}  // namespace

std::string masked_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (address.empty() || at == 0) return "***";
  return fmt::format("{}***{}", address.substr(0, 1),
                     at == std::string_view::npos ? "" : address.substr(at));
}

std::string shown_addresses(const std::string& addresses) {
  constexpr std::size_t kShown = 3;
  const std::vector<std::string> all = separated(addresses);
  std::string text = "mailto:";
  for (std::size_t i = 0; i < std::min(all.size(), kShown); ++i) {
    text += (i == 0 ? "" : ",") + (is_address(all[i]) ? masked_address(all[i]) : "***");
  }
  if (all.size() > kShown) text += fmt::format(" and {} more", all.size() - kShown);
  return fmt::format("{} ({})", text, aws::sha256_hex(joined(all, ",")).substr(0, 8));
}

std::optional<std::string> sendmail_program() {
  for (const char* program : kPrograms) {
    if (::access(program, X_OK) == 0) return program;
  }
  return std::nullopt;
}

MailSink::MailSink(const std::string& addresses) : addresses_(separated(addresses)) {
  constexpr const char* kHint =
      "write mailto:NAME@HOST, several with commas between them; a NAME has letters, digits and . "
      "_ "
      "+ - = ' alone";
  for (const std::string& address : addresses_) {
    if (is_address(address)) continue;
    throw Error{Fault::kUsage,
                fmt::format("cannot send mail to \"{}\": not an address", shortened(address, 100)),
                kHint};
  }
  if (addresses_.size() > kMostAddresses) {
    throw Error{Fault::kUsage,
                fmt::format("cannot send mail to {} addresses at once: {} are the most",
                            addresses_.size(), kMostAddresses),
                "let a mailing list or an alias of the mail server hold them"};
  }
}

std::string MailSink::name() const { return shown_addresses(joined(addresses_, ",")); }

void MailSink::send(const report::Report& report, const std::string& report_location,
                    const Stop& stop) {
  send_mail(report::mail_message(report, report_location, envelope()), stop);
}

void MailSink::send(const report::FleetAlert& alert, const Stop& stop) {
  send_mail(report::mail_message(alert, envelope()), stop);
}

report::MailEnvelope MailSink::envelope() const {
  return {addresses_, host_name(), SystemClock{}.now()};
}

bool MailSink::send_summary(const report::SummaryMail& summary, const Stop& stop) {
  send_mail(report::mail_message(summary, envelope()), stop);
  return true;
}

void MailSink::send_mail(const std::string& mail, const Stop& stop) {
  const auto fail = [&](const std::string& why, const std::string& hint) {
    throw Error{Fault::kAlertNotSent, fmt::format("cannot send the alert to {}: {}", name(), why),
                hint};
  };
  const auto program = sendmail_program();
  if (!program) fail("/usr/sbin/sendmail is not installed", kNoSendmailHint);
  ChildProcess child;
  child.words = {*program, "-i", "--"};
  child.words.insert(child.words.end(), addresses_.begin(), addresses_.end());
  child.input = mail;
  child.environment = environment();
  child.kept = ChildProcess::Kept::kErrors;
  child.most_kept = kMostErrors;
  const ChildEnd end = run_child(child, stop);
  if (end.how == ChildEnd::How::kExited && end.number == 0) return;
  fail(what_became_of(*program, end, addresses_, stop),
       fmt::format(
           "send one by hand and see what it says: echo test | {} -i -- ADDRESS; the sandbox of a "
           "systemd service may forbid what it needs (docs/operations.md)",
           *program));
}

}  // namespace drift::reporters
