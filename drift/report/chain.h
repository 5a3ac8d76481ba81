// The chain of a target's stored reports: each names the one before it by number and SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/report/report.h"

namespace drift::report {

using Sha256 = std::array<unsigned char, 32>;
// 64 hex digits of either case; nothing for any other text.
std::optional<Sha256> parse_sha256(std::string_view hex);
std::string hex_text(const Sha256& sha256);
Sha256 sha256_of(std::string_view bytes);

// What a chain needs of one dated file: a hundred bytes, so that those of years can be held.
struct ChainEntry {
  enum class Kind : std::uint8_t {
    kNumbered,
    kFollowsUnknown,  // the report before it could not be read; its note says why
    kOlderRelease,    // without a number
    kDamaged,         // no report; its note says why
    kUnread,          // the note says why
    kMisplaced,       // the report of another name; the note is that name
    kForeign,         // the report of another target; the note is that name
  };
  // In the order in which one run stores them.
  enum class Suffix : std::uint8_t { kNone, kSpooled, kUndelivered };

  TimePoint timestamp;    // this and the run as the name has them
  std::uint64_t run = 0;  // the run id's 16 hex digits
  std::uint64_t sequence = 0;
  Sha256 sha256{}, previous{};
  std::uint32_t note = 0;  // in TargetChain::notes
  Kind kind = Kind::kNumbered;
  Suffix suffix = Suffix::kNone;
  bool names_previous = false;
};

// The 16 hex digits of a run id as a number.
std::uint64_t run_number(const std::string& run_id);
std::string_view suffix_text(ChainEntry::Suffix suffix);
// A report under its own name, of its own target.
bool in_place(const ChainEntry& entry);

// A record of `reports prune`.
struct PruneRecord {
  std::string target;
  TimePoint at;
  std::string by;
  TimePoint before;  // what was older was removed
  std::uint64_t removed = 0;
  // Of the newest report that was removed; 0 and "" of an older release's.
  std::uint64_t last_sequence = 0;
  std::string last_sha256;
};
std::string to_json(const PruneRecord& record);
// Nothing where `json` is none.
std::optional<PruneRecord> read_prune_record(std::string_view json);

// Everything that lies in a store about one target, within the time that was looked at.
struct TargetChain {
  std::string target;
  std::vector<ChainEntry> entries;
  std::vector<std::string> notes;
  std::vector<PruneRecord> pruned;
  std::size_t acknowledgements = 0;
  // The text of latest/TARGET.json, or why it cannot be read; neither where there is none.
  std::optional<std::string> latest;
  std::string latest_unreadable_because;
};

// Adds the text that lies under `name`, in the folder of its date or in another one.
void add_to_chain(TargetChain& chain, const ReportName& name, bool in_its_folder,
                  const std::string& json);
// The same of a file that cannot be read.
void add_unread(TargetChain& chain, const ReportName& name, const std::string& why);

struct ChainScope {
  std::optional<TimePoint> since, until;
  // The store removes old reports by a rule of its own, and leaves no record of it.
  bool expires = false;
  std::optional<Sha256> anchor;
};

// What was seen in a chain. kNote is no reason for doubt; kUnknown is where nothing tells whether
// reports are missing or were put in; kWrong is what no run of this program leaves behind.
struct ChainFinding {
  enum class Gravity { kNote, kUnknown, kWrong };
  Gravity gravity = Gravity::kNote;
  std::string kind;  // "edited", "missing", "fork", ...: docs/operations.md
  std::string message;
};

struct ChainVerdict {
  std::string target;
  std::size_t reports = 0, of_older_releases = 0, acknowledgements = 0;
  struct Report {
    std::uint64_t sequence = 0;
    TimePoint timestamp;
    Sha256 sha256{};
  };
  // The newest of the chain; nothing where there are no numbered reports.
  std::optional<Report> first, newest;
  std::vector<ChainFinding> findings;  // kMostFindings at most
  std::size_t further_findings = 0;
  ChainFinding::Gravity gravest = ChainFinding::Gravity::kNote;  // of them all
  // What the anchor proves; "" where it is of no report here.
  std::string anchor_proves;
};

inline constexpr std::size_t kMostChainFindings = 50;
// Runs that begin within this time of each other were at work at once.
inline constexpr std::chrono::hours kAtOnce{1};

// Sorts the entries. Pure.
ChainVerdict verify_chain(TargetChain& chain, const ChainScope& scope);

// 0 whole, 1 something is wrong, 2 it cannot be told.
int exit_code(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope);

std::string chain_text(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope);
std::string chain_json(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope);

}  // namespace drift::report
