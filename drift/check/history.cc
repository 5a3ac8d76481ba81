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

}  // namespace

History read_history(reporters::ReportArchive& archive, const reporters::Spool& spool,
                     const std::string& target, const Stop& stop) {
  History history;
  try {
    const std::optional<std::string> json = archive.latest(target, stop);
    if (json) take_if_newer(history, *json);
    // What lies in the spool says nothing of what came after a latest that cannot be read.
    if (!json || history.newest) {
      for (std::string& kept : spool.reports_of(target)) take_if_newer(history, std::move(kept));
    }
    if (!json) {
      history.unknown_because = "this is the target's first report";
      return history;
    }
    const auto read = report::read_stored_report(*json);
    if (const auto* refusal = std::get_if<report::StoredReportRefusal>(&read)) {
      history.unknown_because = fmt::format("the last report {}", refusal->reason);
      history.newest_unknown_because = history.unknown_because;
    } else {
      const auto& last = std::get<report::StoredReport>(read);
      history.repository_url = last.repository_url;
      history.ref = last.ref;
      history.state = report::alert_state_of(last);
    }
    history.acknowledgement = archive.acknowledgement(target, stop);
  } catch (const Error& error) {
    history.state.reset();
    history.unknown_because = fmt::format("the last report cannot be read: {}", error.what());
    if (!history.newest) history.newest_unknown_because = history.unknown_because;
  }
  return history;
}

void join_chain(report::Report& report, const History& history) {
  if (history.newest) {
    follow(report, history.newest->sequence, history.newest->json);
  } else {
    report.previous_unknown_because = history.newest_unknown_because;
    report.sequence = history.newest_unknown_because.empty() ? 1 : 0;
  }
}

void decide(report::Report& report, const History& history, const report::AlertRules& rules) {
  std::optional<report::AlertState> state = history.state;
  std::string unknown_because = history.unknown_because;
  const std::string ref = report.repository.ref.empty() ? "HEAD" : report.repository.ref;
  if (state && (history.repository_url != report.repository.url || history.ref != ref)) {
    state.reset();
    unknown_because = "the last report is about another repository or ref";
  }
  const report::AlertOccasion now{report.timestamp, report.status, report.findings,
                                  report.failure ? report.failure->kind : ""};
  report.alert = decide_alert(state, unknown_because, now, history.acknowledgement, rules);
  report.acknowledgement = history.acknowledgement;
}

}  // namespace drift::check
