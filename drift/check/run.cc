#include <algorithm>
#include <array>

#include "drift/check/check.h"
#include "drift/check/delivery.h"

namespace drift::check {

void run(const Settings& settings, const Run& run,
         const std::function<void(const Outcome&)>& on_outcome) {
  Delivery delivery(settings, run);
  run.log->info("run started", {{"targets", std::to_string(settings.targets.size())}});
  CodebaseShelf shelf;
  if (!settings.dry_run) delivery.prepare();
  for (const Target& target : settings.targets) {
    Outcome outcome;
    outcome.report = check_target(target, run, shelf);
    outcome.json = report::to_json(outcome.report);
    run.log->info("verdict",
                  {{"target", target.name},
                   {"status", std::string(verdict::status_name(outcome.report.status))}});
    if (!settings.dry_run) delivery.deliver(outcome);
    on_outcome(outcome);
  }
  run.log->info("run finished");
}

int exit_code(const Outcome& outcome) {
  const int verdict = verdict::exit_code(outcome.report.status);
  return outcome.report.undelivered.empty() ? verdict : worse_exit_code(verdict, 3);
}

int worse_exit_code(int one, int other) {
  // Not knowing outweighs a lost message, which outweighs a drift that somebody was told of.
  static constexpr std::array kWorstFirst = {2, 3, 1, 0};
  const auto* found = std::find_if(kWorstFirst.begin(), kWorstFirst.end(),
                                   [&](int code) { return code == one || code == other; });
  return found == kWorstFirst.end() ? one : *found;
}

}  // namespace drift::check
