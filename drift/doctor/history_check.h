// What earlier runs left where the reports are.
#pragma once

#include <optional>
#include <string>

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"
#include "drift/report/stored_report.h"
#include "reporters/report_archive.h"

namespace drift::doctor {

// The rows last_report, and acknowledgement where there is drift and one was given for it.
Outcomes examine_history(reporters::ReportArchive& archive, const std::string& target,
                         TimePoint now, const Stop& stop);

Outcome last_report_outcome(const report::StoredReport& last, TimePoint now);
// `last` is the target's last report.
Outcome acknowledgement_outcome(const std::string& target, const report::Acknowledgement& given,
                                const report::StoredReport& last, TimePoint now);

// The row reports_write: puts doctor.TIMESTAMP.RUNID.json beside today's reports, as they are put,
// and leaves it there, because the role that writes evidence cannot remove any.
Outcome try_to_write(const check::Settings& settings, const check::Run& run, const Stop& stop);

}  // namespace drift::doctor
