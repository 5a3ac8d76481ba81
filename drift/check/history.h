// What the last run of a target left behind.
#pragma once

#include <cstdint>
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
class Spool;
}  // namespace drift::reporters

namespace drift::check {

struct History {
  // Nothing where the next alert has nothing to compare with, and then why.
  std::optional<report::AlertState> state;
  std::string unknown_because;
  // Of which repository and ref the last report speaks.
  std::string repository_url, ref;
  std::optional<report::Acknowledgement> acknowledgement;

  // The target's newest report, whether it was stored or still waits in the spool.
  struct Newest {
    std::uint64_t sequence = 0;  // of a report that has no number too
    std::string json;
  };
  std::optional<Newest> newest;
  // Why `newest` is nothing; "" where the target has no report yet.
  std::string newest_unknown_because;
};

// Reads the target's latest report and acknowledgement, and what of it waits in `spool`. Never
// throws an Error: a history that cannot be read is one more reason to speak up, not to fail.
History read_history(reporters::ReportArchive& archive, const reporters::Spool& spool,
                     const std::string& target, const Stop& stop);

// Numbers `report` and names the report before it.
void join_chain(report::Report& report, const History& history);

// Fills in `report.alert` and `report.acknowledgement`. A history of another repository or ref says
// nothing about this one.
void decide(report::Report& report, const History& history, const report::AlertRules& rules);

}  // namespace drift::check
