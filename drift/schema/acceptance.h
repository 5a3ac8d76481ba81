// Production as it is, accepted by somebody as the baseline of its revision.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"

namespace drift::schema {

struct Acceptance {
  struct Withdrawal {
    TimePoint at;
    std::string by, reason;
  };

  std::string target;
  std::vector<std::string> version_rows;  // sorted; never empty
  TimePoint at;
  std::string by, reason;
  std::optional<TimePoint> until;  // nothing: until it is withdrawn
  std::string root;                // Snapshot::root of what was accepted
  std::string snapshot;            // the name of that snapshot, in the same place
  std::optional<Withdrawal> withdrawn;
};

enum class AcceptanceState { kInForce, kExpired, kWithdrawn };
AcceptanceState state_of(const Acceptance& acceptance, TimePoint now);

// "in force until 2026-12-01T00:00:00Z", "expired on 2026-12-01", "withdrawn at ... by ...".
std::string state_in_words(const Acceptance& acceptance, TimePoint now);

// "accepted by ana@host at 2026-11-22T02:00:00Z: REASON".
std::string acceptance_in_words(const Acceptance& acceptance);

// Keys in a fixed order, two spaces, a final newline.
std::string to_json(const Acceptance& acceptance);
// Nothing where it is no acceptance.
std::optional<Acceptance> read_acceptance(std::string_view json);

}  // namespace drift::schema
