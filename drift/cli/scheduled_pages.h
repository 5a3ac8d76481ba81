// What the detector's function writes besides reports: the weekly summary, and a fleet's page.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drift/check/check.h"

namespace drift::cli {

struct SummarySent {
  std::size_t targets = 0;
  std::string page;               // where it lies
  std::vector<std::string> told;  // names of the destinations
};

// The last week of every target that has reports: the page into the store, then a mail to each
// destination that is read as mail. Throws Error{kUsage} without --reports,
// Error{kReportNotStored}, and Error{kAlertNotSent} once all were tried.
SummarySent send_summary(const check::Settings& settings, const check::Run& run, Log& log);

// The day of every target that has reports, beside the fleet's report. Returns where. Throws what
// the store throws.
std::string write_fleet_page(const check::Settings& settings, const check::Run& run,
                             TimePoint started, Log& log);

}  // namespace drift::cli
