// What an invocation of the detector's function asks for.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace drift::cli {

struct DetectorEvent {
  std::optional<std::string> ref;
  std::vector<std::string> targets;  // empty takes all
  bool dry_run = false;
};

// Reads an invocation's payload:
// - nothing, null, {}, and the events of EventBridge rules and of EventBridge Scheduler ask for the
//   nightly run as it is configured (what an event's "detail" holds is read as below);
// - an object by hand or a schedule's constant input: {"ref": "release", "targets": ["orders"],
//   "dry_run": true}, each of them optional; "targets" may be one name.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
// Throws Error{kUsage} for anything else, naming the nearest key.
DetectorEvent read_detector_event(const std::string& payload);

}  // namespace drift::cli
