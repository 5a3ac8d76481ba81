// One message about many targets: whoever is told three hundred times of one broken repository
// reads none of it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "drift/report/report.h"

namespace drift::report {

// What one target has to say to one destination.
struct TargetNews {
  std::string target;
  verdict::Status status = verdict::Status::kError;
  AlertKind kind = AlertKind::kCannotTell;
  verdict::Severity severity = verdict::Severity::kInfo;
  std::string cause;   // the same text where the same thing is to be mended; not for people
  std::string what;    // one sentence
  std::string action;  // what to do about it; may have several lines
};

// `report` as the destination that `decision` is about is told of it. Failures of a repository are
// one cause where their message is the same, those of databases where their kind is; drift is where
// every finding is the same.
TargetNews news_of(const Report& report, const DestinationDecision& decision);

struct FleetCause {
  TargetNews first;                  // of the target whose name sorts first
  std::vector<std::string> targets;  // sorted; at most kNamedTargets
  std::size_t count = 0;             // of all targets
  bool alike = true;                 // whether all say the same sentence
};
inline constexpr std::size_t kNamedTargets = 10;

struct FleetAlert {
  std::string run_id;
  TimePoint timestamp;
  std::map<verdict::Status, std::size_t> statuses;  // of all targets of the run, told or not
  std::size_t targets = 0;                          // of the run
  std::string reports;                              // where they are kept, for people
  std::string why_here;  // of the fallback: what came of the others; "" elsewhere
  // What follows is filled in by `group`.
  std::size_t told = 0;            // targets that have something to say
  std::vector<FleetCause> causes;  // the worst first, of those the most frequent
};

// Sorts `news` into causes.
void group(FleetAlert& alert, std::vector<TargetNews> news);

// "1,000 targets: 990 synced, 7 behind, 3 error": without those that there are none of.
std::string counted_statuses(const std::map<verdict::Status, std::size_t>& statuses);

// As for one report; at most 100 characters of ASCII.
std::string subject(const FleetAlert& alert);
// Less than 64 KiB.
std::string alert_text(const FleetAlert& alert);
verdict::Severity severity(const FleetAlert& alert);
// The worst status that is told.
verdict::Status status(const FleetAlert& alert);

}  // namespace drift::report
