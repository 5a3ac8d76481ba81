// What is remembered from run to run, so that alerts tell news: what runs saw of a target at a ref,
// and what each destination has accepted about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "drift/base/clock.h"
#include "drift/verdict/verdict.h"

namespace drift::report {

// A finding as far as later runs compare with it.
struct KnownFinding {
  std::string kind;
  std::string fingerprint;
  std::vector<std::string> subjects;  // sorted; at most kMaxKnownSubjects

  bool operator==(const KnownFinding&) const = default;
};

// Beyond these a change is told without saying which subjects came and went.
inline constexpr std::size_t kMaxKnownSubjects = 200;

// As later runs know them, sorted.
std::vector<KnownFinding> known_findings(const std::vector<verdict::Finding>& findings);

// A report: when it was made, and the how many-th of its target it is (0 where that is not known).
struct Sight {
  TimePoint at;
  std::uint64_t sequence = 0;

  bool operator==(const Sight&) const = default;
};

// By number where both have one: a clock may have been wrong, the count cannot be.
bool earlier(const Sight& one, const Sight& other);

// What the runs so far found of a target at one ref of one repository. No destination's business:
// it is known where nobody was told, too.
struct Seen {
  struct Drift {
    Sight first;                         // since then no run saw it gone
    std::vector<KnownFinding> findings;  // as the last run that could tell found them
    bool acknowledged = false;           // so that run told nobody
    // The run at which an acknowledgement of it was over: who heard nothing since hears of it.
    std::optional<Sight> resumed = {};

    bool operator==(const Drift&) const = default;
  };
  struct Failing {
    Sight first;       // since then no run could tell
    std::string kind;  // Failure::kind of the last

    bool operator==(const Failing&) const = default;
  };
  std::optional<Drift> drift;  // it outlasts runs that could not tell
  std::optional<Failing> failing;

  bool operator==(const Seen&) const = default;
};

// What one destination accepted last of a target at one ref, so what its readers go by.
struct Told {
  struct Drift {
    Sight first;  // Seen::Drift::first
    std::vector<KnownFinding> findings;

    bool operator==(const Drift&) const = default;
  };
  Sight by;          // the report of which it was told
  TimePoint at;      // when it was accepted
  std::string kind;  // alert_kind_name()
  std::optional<Drift> drift;
  std::optional<Seen::Failing> failing;

  bool operator==(const Told&) const = default;
};

// Of which runs and destinations a memory speaks. `ref` as it was asked for ("HEAD" where none
// was), `repository` redacted: a URL that was read may be spelled otherwise, what was configured
// is the same in a run that could not read it.
struct Place {
  std::string target, repository, ref;
};

// The 16 hex digits that name the memory in the store. `destination`: AlertSink::identity().
std::string seen_key(const Place& place);
std::string told_key(const Place& place, const std::string& destination);

// The JSON of both as it is stored; keys in a fixed order. `by` is the run that saw it last,
// `destination` a name without secrets.
std::string to_json(const Place& place, const Seen& seen, const Sight& by);
std::string to_json(const Place& place, const std::string& destination, const Told& told);

// Why a text was refused: "is not JSON", "has no \"status\"". Completes a sentence.
struct StoredReportRefusal {
  std::string reason;
};
struct StoredSeen {
  Seen seen;
  Sight by;
};
std::variant<StoredSeen, StoredReportRefusal> read_seen(std::string_view json);
std::variant<Told, StoredReportRefusal> read_told(std::string_view json);

}  // namespace drift::report
