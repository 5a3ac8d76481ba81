// An alert as a mail: headers of RFC 5322 and a body of MIME.
#pragma once

#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift::report {

struct MailEnvelope {
  std::vector<std::string> to;  // addresses of ASCII without blanks
  std::string host;             // of this machine, for Message-ID
  TimePoint now;
};

// Lines end in "\n", as sendmail takes them. From is left to sendmail, which knows the machine's
// mail name. No text of a report can add a header or a line to them, and no line has more than 998
// characters.
std::string mail_message(const Report& report, const std::string& report_location,
                         const MailEnvelope& envelope);

}  // namespace drift::report
