#include "drift/impact/impact.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::impact {
namespace {

using pending::Hazard;
using pending::Lock;
using pending::Operation;
using pending::Severity;
using pending::Work;

constexpr double kMegabyte = 1e6;

TimeRange range_of(Work work, double bytes, double growth) {
  const bool scan = work == Work::kScan;
  return {bytes / ((scan ? 1'000 : 200) * kMegabyte),
          bytes * growth / ((scan ? 50 : 20) * kMegabyte)};
}

const LiveTable* find(const LiveTables& live, const std::string& name) {
  const auto found = live.tables.find(name);
  return found == live.tables.end() ? nullptr : &found->second;
}

// Of working through a table; nothing where its size is not known.
std::optional<TimeRange> range_of(const LiveTables& live, const std::string& name, Work work) {
  const LiveTable* table = find(live, name);
  if (table == nullptr) return std::nullopt;
  const auto& bytes = work == Work::kRewrite ? table->total_bytes : table->heap_bytes;
  if (!bytes) return std::nullopt;
  return range_of(work, static_cast<double>(*bytes), table->growth);
}

struct Piece {
  std::string table;
  Work work;
};

std::vector<Piece> pieces_of(const Operation& operation) {
  std::vector<Piece> pieces;
  for (const Hazard& hazard : operation.hazards) {
    if (hazard.work == Work::kNone) continue;
    pieces.push_back({hazard.table.empty() ? operation.table : hazard.table, hazard.work});
    // Each row is looked up in the referred table.
    if (hazard.rule == "add-foreign-key" && operation.to != operation.table) {
      pieces.push_back({operation.to, Work::kScan});
    }
  }
  if (pieces.empty() && !operation.table.empty() && operation.locks.count(operation.table) > 0) {
    // VALIDATE, CREATE INDEX CONCURRENTLY: long, and no hazard by that.
    if (operation.rewrites.value_or(false)) {
      pieces.push_back({operation.table, Work::kRewrite});
    } else if (operation.scans.value_or(false)) {
      const bool index = !operation.index.empty();
      pieces.push_back({operation.table, index ? Work::kIndex : Work::kScan});
    }
  }
  return pieces;
}

bool has(const Operation& operation, std::string_view rule) {
  return std::any_of(operation.hazards.begin(), operation.hazards.end(),
                     [&](const Hazard& hazard) { return hazard.rule == rule; });
}

std::string constraint_word(char type) {
  switch (type) {
    case 'c': return "check constraint";
    case 'f': return "foreign key";
    case 'p': return "primary key";
    case 'u': return "unique constraint";
    case 'x': return "exclusion constraint";
    default: return "constraint";
  }
}

// "1.2", "12"
std::string short_number(double value) {
  return value < 9.95 ? fmt::format("{:.2g}", value) : fmt::format("{:.0f}", value);
}

bool names_any(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) {
    return std::find(others.begin(), others.end(), one) != others.end();
  });
}

// What goes with a column or a table that is dropped.
void note_what_goes(Operation& operation, const LiveTable& table, bool whole) {
  std::vector<std::string> goes;
  std::set<std::string> known;
  for (const LiveConstraint& one : table.constraints) {
    if (one.type == 'n') continue;
    if (!whole && (one.incoming || !names_any(one.columns, operation.columns))) continue;
    if (whole && !one.incoming) continue;
    known.insert(one.name);
    goes.push_back(fmt::format("{} {}{}", constraint_word(one.type), printable(one.name),
                               one.other.empty() ? ""
                               : one.incoming    ? " of " + printable(one.other)
                                                 : " to " + printable(one.other)));
  }
  for (const LiveIndex& one : table.indexes) {
    if (whole || known.count(one.name) > 0 || !names_any(one.columns, operation.columns)) continue;
    goes.push_back("index " + printable(one.name));
  }
  if (goes.empty()) return;
  constexpr std::size_t kMost = 10;
  const std::size_t more = goes.size() > kMost ? goes.size() - kMost : 0;
  goes.resize(std::min(goes.size(), kMost));
  operation.notes.push_back(
      fmt::format("{}: {}{}", whole ? "refer to it in production" : "go with it in production",
                  joined(goes), more == 0 ? "" : fmt::format(" and {} more", more)));
}

void note_index(Operation& operation, const LiveTable& table) {
  for (const LiveIndex& index : table.indexes) {
    if (has(operation, "create-index") && index.name == operation.index) {
      operation.notes.push_back(fmt::format("{} exists in production already{}",
                                            printable(index.name),
                                            index.valid ? "" : " and is invalid"));
    }
    std::vector<std::string> own = index.columns, wanted = operation.columns;
    std::sort(own.begin(), own.end());
    std::sort(wanted.begin(), wanted.end());
    if (has(operation, "add-unique") && index.unique && index.valid && !wanted.empty() &&
        own == wanted) {
      operation.notes.push_back(fmt::format(
          "unique index {} has these columns: ADD CONSTRAINT ... USING INDEX reads nothing",
          printable(index.name)));
    }
  }
}

}  // namespace

std::string in_words(const TimeRange& range) {
  if (range.to < 1) return "under a second";
  const double unit = range.to >= 2 * 3'600 ? 3'600 : range.to >= 180 ? 60 : 1;
  const char* name = unit == 1 ? "s" : unit == 60 ? "min" : "h";
  const auto to = static_cast<std::uint64_t>(std::ceil(range.to / unit));
  const auto from = static_cast<std::uint64_t>(std::floor(range.from / unit));
  if (from > 0) return fmt::format("{} to {} {}", from, to, name);
  if (range.from < 1) return fmt::format("under a second to {} {}", to, name);
  const bool seconds = range.from < 60;
  return fmt::format("{} {} to {} {}",
                     static_cast<std::uint64_t>(std::floor(range.from / (seconds ? 1 : 60))),
                     seconds ? "s" : "min", to, name);
}

std::string bytes_in_words(std::uint64_t bytes) {
  double value = static_cast<double>(bytes);
  for (const char* unit : {"bytes", "kB", "MB", "GB"}) {
    if (value < 1'000) return short_number(value) + " " + unit;
    value /= 1'000;
  }
  return short_number(value) + " TB";
}

std::string rows_in_words(std::uint64_t rows) {
  if (rows < 1'000) return fmt::format("~{} row{}", rows, rows == 1 ? "" : "s");
  const double value = static_cast<double>(rows);
  if (value < 1e6) return fmt::format("~{:.0f} k rows", value / 1e3);
  if (value < 1e9) return fmt::format("~{} M rows", short_number(value / 1e6));
  return fmt::format("~{} G rows", short_number(value / 1e9));
}

std::string age_in_words(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", std::max(seconds, 0.0));
  if (seconds < 2 * 3'600) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 2 * 86'400) return fmt::format("{:.0f} h", seconds / 3'600);
  return fmt::format("{:.0f} days", seconds / 86'400);
}

std::optional<TimeRange> time_of(const Operation& operation, const LiveTables& live,
                                 bool& unknown) {
  unknown = operation.opaque || (!operation.rewrites && !operation.scans) ||
            has(operation, "data-change") || has(operation, "refresh-materialized-view") ||
            has(operation, "alter-domain") || has(operation, "alter-type");
  std::optional<TimeRange> sum;
  for (const Piece& piece : pieces_of(operation)) {
    const auto range = range_of(live, piece.table, piece.work);
    if (!range) {
      unknown = true;
      continue;
    }
    if (!sum) sum.emplace();
    *sum += *range;
  }
  if (unknown) return std::nullopt;
  return sum;
}

void judge(Operation& operation, const LiveTables& live) {
  const LiveTable* table = find(live, operation.table);
  if (table != nullptr) {
    if (has(operation, "drop-column")) note_what_goes(operation, *table, false);
    if (has(operation, "drop-table")) note_what_goes(operation, *table, true);
    note_index(operation, *table);
  }
  bool unknown = false;
  const auto time = time_of(operation, live, unknown);
  if (operation.opaque || !time || time->to >= 1) return;
  const Severity before = operation.severity;
  for (Hazard& hazard : operation.hazards) {
    const bool by_size = hazard.work != Work::kNone || hazard.rule == "held-lock";
    if (by_size) hazard.severity = std::min(hazard.severity, Severity::kLow);
  }
  operation.weigh();
  if (operation.severity < before) {
    operation.notes.push_back("low because the table is small: under a second at the slowest rate");
  }
}

bool conflict(Lock held, Lock asked) {
  if (held > asked) std::swap(held, asked);
  switch (asked) {
    case Lock::kNone:
    case Lock::kAccessShare:
    case Lock::kRowShare:
    case Lock::kRowExclusive: return false;
    case Lock::kShareUpdateExclusive: return held == Lock::kShareUpdateExclusive;
    case Lock::kShare: return held >= Lock::kRowExclusive && held != Lock::kShare;
    case Lock::kShareRowExclusive: return held >= Lock::kRowExclusive;
    case Lock::kExclusive: return held >= Lock::kRowShare;
    case Lock::kAccessExclusive: return held >= Lock::kAccessShare;
  }
  return true;
}

const char* who_waits(Lock lock) {
  switch (lock) {
    case Lock::kNone: return "";
    case Lock::kAccessShare:
    case Lock::kRowShare:
    case Lock::kRowExclusive: return "other migrations wait";
    case Lock::kShareUpdateExclusive: return "other migrations and VACUUM wait";
    case Lock::kShare:
    case Lock::kShareRowExclusive:
    case Lock::kExclusive: return "writers wait";
    case Lock::kAccessExclusive: return "readers and writers wait";
  }
  return "";
}

std::vector<std::string> queue_of(const pending::Locks& locks, const LiveTables& live) {
  std::vector<std::string> sentences;
  for (const auto& [name, lock] : locks) {
    const LiveTable* table = find(live, name);
    if (table == nullptr) continue;
    const LockHolder* oldest = nullptr;
    std::size_t sessions = 0;
    for (const LockHolder& holder : table->holders) {
      if (!conflict(holder.lock, lock)) continue;
      sessions += holder.count;
      // One of unknown age may be the oldest of all.
      const bool older = oldest == nullptr || (oldest->seconds && !holder.seconds) ||
                         (oldest->seconds && holder.seconds && *holder.seconds > *oldest->seconds);
      if (older) oldest = &holder;
    }
    if (oldest == nullptr) continue;
    std::string who =
        oldest->pid == 0 ? "a prepared transaction" : fmt::format("session {}", oldest->pid);
    if (oldest->pid != 0 && !oldest->state.empty()) who += " (" + printable(oldest->state);
    if (oldest->pid != 0 && !oldest->state.empty()) {
      who += oldest->program.empty() ? ")" : ", " + shortened(oldest->program, 60) + ")";
    }
    sentences.push_back(fmt::format(
        "{}: {} holds {}, {}{}; the {} of this waits for it, and everybody who comes later behind "
        "this",
        printable(name), who, word_of(oldest->lock),
        oldest->seconds ? "in a transaction of " + age_in_words(*oldest->seconds)
                        : "for how long is unknown: this role may not see it (pg_read_all_stats)",
        sessions > 1
            ? fmt::format(", and {} more {}", sessions - 1, sessions == 2 ? "lock" : "locks")
            : "",
        word_of(lock)));
  }
  return sentences;
}

std::string lock_timeout_in_words(const pending::Locks& locks, const LiveTables& live) {
  std::set<std::string> said;
  for (const auto& [name, lock] : locks) {
    const LiveTable* table = find(live, name);
    if (table == nullptr) continue;
    const auto& timeout = table->lock_timeout_ms;
    said.insert(fmt::format("role {} {}", printable(table->owner),
                            !timeout        ? "has no setting of its own"
                            : *timeout == 0 ? "waits for ever"
                                            : fmt::format("gives up after {} ms", *timeout)));
  }
  return joined(std::vector<std::string>(said.begin(), said.end()), "; ");
}

}  // namespace drift::impact
