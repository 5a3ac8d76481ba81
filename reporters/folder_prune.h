// Removing old reports from a folder.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "drift/base/clock.h"

namespace drift {
class Stop;
}

namespace drift::reporters {

struct PruneRules {
  TimePoint before;  // what is older goes
  TimePoint now;
  std::string by;  // who asked for it, for the record
  std::string run_id;
  bool dry_run = false;  // removes nothing, and leaves no record
};

struct Pruned {
  std::uint64_t reports = 0, records = 0;
  std::optional<TimePoint> newest_removed, oldest_kept;  // of the reports
};

// The folder that `url` names. Throws Error{kUsage} for an s3:// URL, whose bucket has a lifecycle
// rule for that, and for any other that is none.
std::string prunable_folder(const std::string& url);

// Removes the dated reports and records of `folder` that are older, but never a target's newest
// report, and nothing below latest/ and acks/. Follows no symbolic link. Before the reports of a
// target are removed a record of it is stored among the reports of today. Of each target that has
// dated reports. Throws Error.
std::map<std::string, Pruned> prune_folder(const std::string& folder, const PruneRules& rules,
                                           const Stop& stop);

}  // namespace drift::reporters
