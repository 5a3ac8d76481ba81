#include <fmt/format.h>

#include "drift/base/printable.h"
#include "drift/report/report.h"
#include "drift/report/report_lines.h"

namespace drift::report {
namespace {

using verdict::Status;

// Select Graphic Rendition, ECMA-48 8.3.117.
std::string_view colour_of(Status status) {
  switch (status) {
    case Status::kSynced: return "\x1b[32m";
    case Status::kBehind:
    case Status::kUnversioned: return "\x1b[33m";
    default: return "\x1b[31m";
  }
}

}  // namespace

std::string to_text(const Report& report, bool colour) {
  const std::string status = upper_status(report);
  const std::string shown =
      colour ? fmt::format("{}{}\x1b[0m", colour_of(report.status), status) : status;
  std::string text = fmt::format("{}: {}: {}\n", printable(report.target), shown, headline(report));
  add_sides(text, report);
  add_first_seen(text, report);
  add_oldest_pending(text, report);
  add_pending(text, report);
  add_findings(text, report, kTerminalBounds);
  add_warnings(text, report, kTerminalBounds);
  // Whoever waits for the mail should know that there is none.
  if (report.alert && !report.alert->destinations.empty() && !report.alert->send &&
      report.status != Status::kSynced) {
    add_line(text, "no alert", report.alert->reason);
  }
  // Where nobody would be told anyway, that somebody knows is news all the same.
  if (report.alert && report.alert->destinations.empty() && report.acknowledgement &&
      report.alert->seen.drift && report.alert->seen.drift->acknowledged) {
    add_line(text, "known",
             fmt::format("acknowledged by {} until {}: {}", printable(report.acknowledgement->by),
                         rfc3339(report.acknowledgement->until),
                         printable(report.acknowledgement->reason)));
  }
  return text;
}

}  // namespace drift::report
