// Alerts by mail, through the sendmail of this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/alert_payload.h"
#include "reporters/alert_sink.h"

namespace drift::reporters {

// Runs "sendmail -i -- ADDRESS..." without a shell and gives it the whole mail. What sendmail has
// taken is told; what becomes of it afterwards is the mail server's to say.
class MailSink : public AlertSink {
 public:
  // `addresses`: those of RFC 6068 after "mailto:", with commas between them; a name without '@'
  // is one of this machine. Throws Error{kUsage} for anything that a mail server could take for
  // something else than an address.
  explicit MailSink(const std::string& addresses);
  void send(const report::Report& report, const std::string& report_location,
            const Stop& stop) override;
  void send(const report::FleetAlert& alert, const Stop& stop) override;
  bool send_summary(const report::SummaryMail& summary, const Stop& stop) override;
  // Stands in reports that are kept for years, so no address is in it; see shown_addresses.
  std::string name() const override;

 private:
  report::MailEnvelope envelope() const;
  void send_mail(const std::string& mail, const Stop& stop);

  std::vector<std::string> addresses_;
};

// "mailto:o***@example.com,r*** (1f2e3d4c)": whose they are is known to whoever knows them. The
// digits are of a digest of all of them, so that two lists are never shown alike.
std::string shown_addresses(const std::string& addresses);

// "o***@example.com", "r***"; "***" for what is no address.
std::string masked_address(std::string_view address);

// The program, where this machine has one that this user may run.
std::optional<std::string> sendmail_program();

// What to do where there is none.
inline constexpr const char* kNoSendmailHint =
    "install a package that brings one, such as msmtp-mta (it hands mails to your mail server), or "
    "give another --alerts";

}  // namespace drift::reporters
