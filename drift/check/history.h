// What the last run of a target left behind.
#pragma once

#include <optional>
#include <string>

#include "drift/report/alert_decision.h"

namespace drift {
class Stop;
}
namespace drift::report {
struct Report;
}
namespace drift::reporters {
class ReportArchive;
}

namespace drift::check {

struct History {
  // Nothing where the next alert has nothing to compare with, and then why.
  std::optional<report::AlertState> state;
  std::string unknown_because;
  // Of which repository and ref the last report speaks.
  std::string repository_url, ref;
  std::optional<report::Acknowledgement> acknowledgement;
};

// Reads the target's latest report and acknowledgement. Never throws an Error: a history that
// cannot be read is one more reason to speak up, not to fail.
History read_history(reporters::ReportArchive& archive, const std::string& target,
                     const Stop& stop);

// Fills in `report.alert` and `report.acknowledgement`. A history of another repository or ref says
// nothing about this one.
void decide(report::Report& report, const History& history, const report::AlertRules& rules);

}  // namespace drift::check
