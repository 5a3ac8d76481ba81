#include "reporters/terminal_sink.h"

#include <unistd.h>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/report/report.h"

namespace drift::reporters {

void TerminalSink::send(const report::Report& report, const std::string& report_location,
                        const Stop&) {
  try {
    write_fully(fd_, report::alert_text(report, report_location));
  } catch (const Error& error) {
    throw Error{Fault::kAlertNotSent, error.what(), "standard error is closed or full"};
  }
}

std::optional<std::string> TerminalSink::identity() const {
  if (::isatty(fd_) == 1 || ::isatty(STDOUT_FILENO) == 1) return std::nullopt;
  return name();
}

}  // namespace drift::reporters
