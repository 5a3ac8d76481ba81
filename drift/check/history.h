// What earlier runs left behind: what they saw of a target, and whom they told what.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

// An alert sink as far as it is known without sending.
struct AlertReader {
  std::string name;                     // AlertSink::name()
  std::optional<std::string> identity;  // AlertSink::identity()
};

struct History {
  report::Place place;
  // What runs before this one saw of `place`; nothing where none is known.
  std::optional<report::Seen> seen;
  // The same as it lies in the store.
  std::optional<report::Seen> kept;
  // One for each sink, in their order, with what it was told of `place`.
  std::vector<report::Destination> destinations;
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

// A history is worth this much waiting.
inline constexpr std::chrono::milliseconds kHistoryTime{8'000};

// A history of which nothing is known, for that reason.
History unknown_history(report::Place place, const std::vector<AlertReader>& readers,
                        const std::string& because);

// Reads what the target's last report (stored, or waiting in `spool`), the store's memories and the
// acknowledgement say. Never throws an Error: a history that cannot be read is one more reason to
// speak up, not to fail.
History read_history(reporters::ReportArchive& archive, const reporters::Spool& spool,
                     report::Place place, const std::vector<AlertReader>& readers,
                     const Stop& stop);

// Numbers `report` and names the report before it.
void join_chain(report::Report& report, const History& history);

report::Sight sight_of(const report::Report& report);

// Fills in `report.alert` and `report.acknowledgement`.
void decide(report::Report& report, const History& history, const report::AlertRules& rules);

}  // namespace drift::check
