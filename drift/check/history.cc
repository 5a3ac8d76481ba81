#include "drift/check/history.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/report/report.h"
#include "drift/report/stored_report.h"
#include "reporters/report_archive.h"

namespace drift::check {

History read_history(reporters::ReportArchive& archive, const std::string& target,
                     const Stop& stop) {
  History history;
  try {
    const std::optional<std::string> json = archive.latest(target, stop);
    if (!json) {
      history.unknown_because = "this is the target's first report";
      return history;
    }
    const auto read = report::read_stored_report(*json);
    if (const auto* refusal = std::get_if<report::StoredReportRefusal>(&read)) {
      history.unknown_because = fmt::format("the last report {}", refusal->reason);
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
  }
  return history;
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
