// The reports of a while, read for a summary or a page.
#pragma once

#include <chrono>
#include <vector>

#include "drift/base/clock.h"
#include "drift/report/target_history.h"
#include "reporters/report_archive.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::cli {

// What a summary is of, unless it is said.
inline constexpr std::chrono::days kSummaryTime{7};

struct Histories {
  std::vector<report::TargetHistory> targets;
  report::Period period;
  bool damaged = false;  // something was; it was logged and passed over
};

// Every target that has a latest report, also where nothing ran in the time asked for, and those
// whose latest is gone. Targets are read several at once. Throws what the archive throws.
Histories read_histories(reporters::ReportArchive& archive, reporters::ReportFilter filter,
                         TimePoint now, const Stop& stop, Log& log);

}  // namespace drift::cli
