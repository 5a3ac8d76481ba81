// Finding stored reports by what a command line says.
#pragma once

#include <optional>
#include <string>

#include "drift/cli/commands.h"
#include "drift/report/stored_report.h"
#include "reporters/report_archive.h"

namespace drift::check {
class AwsAccess;
}

namespace drift::cli {

// Of --reports. Throws Error{kUsage} where none is given.
reporters::ReportArchive open_archive(const Context& context, check::AwsAccess& aws);

// Throws Error{kUsage} for a target without a report, naming the nearest that has one, and
// Error{kReportUnreadable} for a report that is none.
report::StoredReport latest_report(reporters::ReportArchive& archive, const std::string& target,
                                   const Stop& stop);

// The same where it is not needed: nothing for a target without a report, or with one that is none.
std::optional<report::StoredReport> readable_latest(reporters::ReportArchive& archive,
                                                    const std::string& target, const Stop& stop);

// `json`, which lies at `place`. Throws Error{kReportUnreadable}.
report::StoredReport read_report(const std::string& json, const std::string& place);

// Prints what the chains of the reports within `filter` come to, and returns the exit code: 0
// whole, 1 something is wrong, 2 it cannot be told. Throws as ReportArchive.
int verify_reports(const Context& context, const reporters::ReportFilter& filter,
                   reporters::ReportArchive& archive);

// Removes what is older than --keep and says what it removed. Throws Error.
int prune_reports(const Context& context, TimePoint now);

}  // namespace drift::cli
