// Reports that could not be stored, kept on this machine until they can.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/trusted_folder.h"
#include "drift/report/report_path.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::reporters {

class ReportArchive;

// A folder for each place that reports were meant for, readable by its owner alone. Files appear
// whole or not at all, and two runs may use it at once. Nothing is read from a folder that is not
// trusted (drift/base/trusted_folder.h).
class Spool {
 public:
  // `url` is where the reports were meant to go; `folder` holds the spools of all places, and
  // is "" where there is none. Reports of `targets` alone are uploaded.
  Spool(const std::string& folder, const std::string& url, std::vector<std::string> targets = {});

  // Keeps a report for a later run. Returns its path. Throws Error{kReportNotStored}.
  std::string keep(const report::ReportName& name, const std::string& json) const;

  // Stores what earlier runs left, under its own time and name, oldest first, and removes what got
  // through. Stops at the first that does not. Returns how many are left.
  // What is no report of one of the targets, or another one than its name says, is left alone and
  // told in one warning.
  std::size_t upload(ReportArchive& archive, const Stop& stop, const Log& log) const;

  // The texts of the reports of one of the targets that wait there, oldest first; what would not be
  // uploaded is left out.
  std::vector<std::string> reports_of(const std::string& target) const;

  // What still waits there.
  struct Waiting {
    std::size_t reports = 0;
    std::optional<TimePoint> oldest;
    std::string problem;  // why the folder is not trusted, with its path; else ""
  };
  Waiting waiting() const;

  // Where the reports of this place wait; "" where there is no place.
  const std::string& folder() const { return folder_; }

 private:
  struct Spooled {
    std::string file;
    report::ReportName name;
  };
  struct Found {
    std::vector<Spooled> reports;     // oldest first
    std::vector<std::string> others;  // names of what is none
  };

  std::variant<TrustedFolder, Untrusted> open() const;
  static Found look_into(const TrustedFolder& folder);
  bool is_of_target(const report::ReportName& name) const;
  // The report of that name; else why it is none.
  std::variant<std::string, Untrusted> read(const TrustedFolder& folder,
                                            const Spooled& spooled) const;

  std::string top_, folder_;
  std::vector<std::string> targets_;
};

}  // namespace drift::reporters
