// Reports that could not be stored, kept on this machine until they can.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/base/clock.h"
#include "reporters/report_sink.h"

namespace drift {
class Log;
}

namespace drift::reporters {

// A folder for each place that reports were meant for, readable by its owner alone. Files appear
// whole or not at all, and two runs may use it at once.
class Spool {
 public:
  // `sink_url` is where the reports were meant to go; `folder` holds the spools of all places.
  Spool(std::string folder, const std::string& sink_url);

  // Keeps a report for a later run. Returns its path. Throws Error{kReportNotStored}.
  std::string keep(const report::ReportName& name, const std::string& json) const;

  // Stores what earlier runs left, under its own time and name, oldest first, and removes what got
  // through. Stops at the first that does not. Returns how many are left.
  std::size_t upload(ReportSink& sink, const Stop& stop, const Log& log) const;

  // The texts of a target's reports that wait there; what cannot be read is left out.
  std::vector<std::string> reports_of(const std::string& target) const;

  // What still waits there.
  struct Waiting {
    std::size_t reports = 0;
    std::optional<TimePoint> oldest;
  };
  Waiting waiting() const;

  // Where the reports of this place wait.
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace drift::reporters
