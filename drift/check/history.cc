#include "drift/check/history.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/report/report.h"
#include "drift/report/stored_report.h"
#include "reporters/report_archive.h"
#include "reporters/spool.h"

namespace drift::check {
namespace {

using report::Seen;
using report::StoredReportRefusal;
using report::Told;

constexpr const char* kTerminal = "what a terminal was told is not recorded";
constexpr const char* kOldRelease =
    "the last report is of a release that did not record who was told";

// Of the target, and of whichever place it speaks.
struct LastReport {
  std::string repository_url, ref;
  std::uint64_t sequence = 0;
  Seen seen;
  bool records_told = true;
};

// Nothing of what is no report.
std::optional<std::uint64_t> sequence_of(const std::string& json) {
  const auto read = report::read_stored_report(json);
  const auto* stored = std::get_if<report::StoredReport>(&read);
  if (stored == nullptr) return std::nullopt;
  return stored->sequence.value_or(0);
}

void take_if_newer(History& history, std::string json) {
  const auto sequence = sequence_of(json);
  // Of two runs at once each may have written the same number: what was stored goes before.
  if (!sequence || (history.newest && *sequence <= history.newest->sequence)) return;
  history.newest = History::Newest{*sequence, std::move(json)};
}

// The newest report, stored or spooled, into `history`; returns what it tells of its place.
std::optional<LastReport> read_newest(History& history, reporters::ReportArchive& archive,
                                      const reporters::Spool& spool, const Stop& stop) {
  const std::string& target = history.place.target;
  const std::optional<std::string> json = archive.latest(target, stop);
  if (json) {
    take_if_newer(history, *json);
    const auto read = report::read_stored_report(*json);
    if (const auto* refusal = std::get_if<StoredReportRefusal>(&read)) {
      history.newest_unknown_because = fmt::format("the last report {}", refusal->reason);
    }
  }
  // What lies in the spool says nothing of what came after a latest that cannot be read.
  if (!json || history.newest) {
    for (std::string& kept : spool.reports_of(target)) take_if_newer(history, std::move(kept));
  }
  if (!history.newest) return std::nullopt;
  const auto read = report::read_stored_report(history.newest->json);
  const auto& last = std::get<report::StoredReport>(read);
  return LastReport{last.repository_url, last.ref, last.sequence.value_or(0), report::seen_in(last),
                    last.records_told};
}

// Both are written by every run, the memory only where there is news: a run that was killed between
// the two left the older one.
std::optional<Seen> newer(const std::optional<report::StoredSeen>& kept,
                          const std::optional<LastReport>& last, const report::Place& place) {
  const bool same_place =
      last && last->repository_url == place.repository && last->ref == place.ref;
  if (same_place && (!kept || last->sequence > kept->by.sequence)) return last->seen;
  if (kept) return kept->seen;
  return std::nullopt;
}

// What was told says when that was first seen, too.
std::optional<Seen> seen_by_telling(const std::vector<report::Destination>& destinations) {
  const Told* last = nullptr;
  for (const report::Destination& one : destinations) {
    if (one.told && (last == nullptr || earlier(last->by, one.told->by))) last = &*one.told;
  }
  if (last == nullptr) return std::nullopt;
  Seen seen;
  if (last->drift) seen.drift = Seen::Drift{last->drift->first, last->drift->findings};
  seen.failing = last->failing;
  return seen;
}

report::Destination destination(reporters::ReportArchive& archive, const report::Place& place,
                                const AlertReader& reader, bool records_told, const Stop& stop) {
  report::Destination one{reader.name};
  if (!reader.identity) {
    one.unknown_because = kTerminal;
    return one;
  }
  const auto json = archive.told(place.target, told_key(place, *reader.identity), stop);
  if (!json) {
    if (!records_told) one.unknown_because = kOldRelease;
    return one;
  }
  auto read = report::read_told(*json);
  if (const auto* refusal = std::get_if<StoredReportRefusal>(&read)) {
    one.unknown_because = fmt::format("the record of it {}", refusal->reason);
  } else {
    one.told = std::get<Told>(std::move(read));
  }
  return one;
}

}  // namespace

History unknown_history(report::Place place, const std::vector<AlertReader>& readers,
                        const std::string& because) {
  History history;
  history.place = std::move(place);
  history.newest_unknown_because = because;
  for (const AlertReader& reader : readers) {
    history.destinations.push_back({reader.name, std::nullopt, because});
  }
  return history;
}

History read_history(reporters::ReportArchive& archive, const reporters::Spool& spool,
                     report::Place place, const std::vector<AlertReader>& readers,
                     const Stop& stop) {
  History history;
  history.place = std::move(place);
  try {
    const std::optional<LastReport> last = read_newest(history, archive, spool, stop);
    const std::string& target = history.place.target;
    std::optional<report::StoredSeen> kept;
    if (const auto json = archive.seen(target, seen_key(history.place), stop)) {
      auto read = report::read_seen(*json);
      if (auto* seen = std::get_if<report::StoredSeen>(&read)) kept = std::move(*seen);
    }
    if (kept) history.kept = kept->seen;
    for (const AlertReader& reader : readers) {
      history.destinations.push_back(
          destination(archive, history.place, reader, !last || last->records_told, stop));
    }
    history.seen = newer(kept, last, history.place);
    if (!history.seen) history.seen = seen_by_telling(history.destinations);
    history.acknowledgement = archive.acknowledgement(target, stop);
    return history;
  } catch (const Error& error) {
    History unknown = unknown_history(history.place, readers,
                                      fmt::format("the store cannot be read: {}", error.what()));
    if (history.newest) {
      unknown.newest = std::move(history.newest);
      unknown.newest_unknown_because.clear();
    }
    return unknown;
  }
}

void join_chain(report::Report& report, const History& history) {
  if (history.newest) {
    follow(report, history.newest->sequence, history.newest->json);
  } else {
    report.previous_unknown_because = history.newest_unknown_because;
    report.sequence = history.newest_unknown_because.empty() ? 1 : 0;
  }
}

report::Sight sight_of(const report::Report& report) { return {report.timestamp, report.sequence}; }

void decide(report::Report& report, const History& history, const report::AlertRules& rules) {
  const report::AlertOccasion now{sight_of(report), report.status, report.findings,
                                  report.failure ? report.failure->kind : ""};
  report.alert =
      decide_alert(history.seen, now, history.destinations, history.acknowledgement, rules);
  report.acknowledgement = history.acknowledgement;
}

}  // namespace drift::check
