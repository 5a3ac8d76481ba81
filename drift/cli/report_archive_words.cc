#include "drift/cli/report_archive_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/config/settings.h"

namespace drift::cli {
namespace {

// A target's name is part of a path; what is no name has no report.
bool is_target_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

reporters::ReportArchive open_archive(const Context& context, check::AwsAccess& aws) {
  const config::Options& run = context.resolved.run;
  if (!run.reports || run.reports->empty()) {
    throw Error{Fault::kUsage, "no --reports was given",
                "give --reports DIR or s3://bucket/prefix, or set SCHEMA_DRIFT_REPORTS"};
  }
  return reporters::ReportArchive(
      reporters::make_store(*run.reports, config::report_options(run), aws.source()));
}

report::StoredReport read_report(const std::string& json, const std::string& place) {
  auto read = report::read_stored_report(json);
  if (auto* report = std::get_if<report::StoredReport>(&read)) return std::move(*report);
  throw Error{Fault::kReportUnreadable,
              fmt::format("{} is not a report: it {}", printable(place),
                          std::get<report::StoredReportRefusal>(read).reason),
              "it was written by something else, or damaged"};
}

report::StoredReport latest_report(reporters::ReportArchive& archive, const std::string& target,
                                   const Stop& stop) {
  if (is_target_name(target)) {
    if (const auto json = archive.latest(target, stop)) {
      return read_report(*json, fmt::format("the latest report of {}", target));
    }
  }
  const std::vector<std::string> targets = archive.targets(stop);
  const std::string near = nearest(target, targets);
  throw Error{Fault::kUsage, fmt::format("no reports of target \"{}\"", printable(target)),
              near.empty()
                  ? (targets.empty() ? std::string("no reports here")
                                     : fmt::format("there are reports of {}", joined(targets)))
                  : fmt::format("did you mean \"{}\"?", near)};
}

std::optional<report::StoredReport> readable_latest(reporters::ReportArchive& archive,
                                                    const std::string& target, const Stop& stop) {
  try {
    if (const auto json = archive.latest(target, stop)) return read_report(*json, target);
  } catch (const Error& error) {
    if (error.fault != Fault::kReportUnreadable) throw;
  }
  return std::nullopt;
}

}  // namespace drift::cli
