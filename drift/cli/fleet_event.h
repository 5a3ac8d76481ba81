// What an invocation of the detector's function asks for besides a check: "action".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "drift/check/batches.h"

namespace drift::cli {

enum class Action { kFleetList, kFleetBatch, kFleetClose, kSummary };

struct ActionEvent {
  Action action = Action::kSummary;
  check::FleetRun run;                                // of the three steps
  std::size_t batch_size = 50, batches_at_once = 10;  // of the list
  check::Batch batch;                                 // of a batch
  std::map<std::size_t, check::Lost> lost;            // of the close
  std::optional<check::Lost> all_lost;
};

// Nothing where `payload` has no "action". What there is:
// - {"action": "fleet-list", "run": EXECUTION, "started": TIME, "fleet": NAME, "batch_size": 50,
//   "batches_at_once": 10}, the last three optional
// - {"action": "fleet-batch", ...}, as the list wrote it
// - {"action": "fleet-close", "run": EXECUTION, "started": TIME, "fleet": NAME, "batches": [what
//   each gave], "failure": {"Error", "Cause"}}; "listed" is passed over
// - {"action": "summary"}
// Throws Error{kUsage} for anything else.
std::optional<ActionEvent> read_action_event(const std::string& payload);

}  // namespace drift::cli
