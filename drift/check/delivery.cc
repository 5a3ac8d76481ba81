#include "drift/check/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace drift::check {
namespace {

using std::chrono::milliseconds;

// After a signal the service manager kills within seconds; what is to be said must be said by then.
constexpr milliseconds kAfterSignal{8'000};

milliseconds time_left(const Settings& settings, const Stop& reading) {
  if (reading.requested()) return std::min(settings.delivery_time, kAfterSignal);
  return settings.delivery_time + reading.remaining();
}

}  // namespace

Delivery::Delivery(const Settings& settings, const Run& run) : settings_(settings), run_(run) {
  const auto session = run.aws->source();
  if (!settings.reports.empty()) {
    reports_ = reporters::make_report_sink(settings.reports, settings.report_options, session);
    std::vector<std::string> targets;
    for (const Target& target : settings.targets) targets.push_back(target.name);
    spool_.emplace(settings.spool_folder, settings.reports, std::move(targets));
  }
  for (const std::string& url : settings.alerts) {
    alerts_.push_back(reporters::make_alert_sink(url, settings.alert_options, session));
  }
}

void Delivery::prepare() {
  if (reports_) reports_->prepare();
  for (const auto& sink : alerts_) sink->prepare();
}

void Delivery::deliver(Outcome& outcome) {
  const milliseconds time = time_left(settings_, *run_.stop);
  const auto begin = std::chrono::steady_clock::now();
  location_ = "none was kept (no --reports)";
  if (reports_) {
    // A store that never answers must leave time for the alert that says so.
    const Stop storing{alerts_.empty() ? time : time * 2 / 3};
    store(outcome, storing);
  }
  const Stop stop{
      time - std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin)};
  const std::size_t undelivered = outcome.report.undelivered.size();
  alert(outcome, stop);
  if (outcome.report.undelivered.size() > undelivered) {
    if (outcome.report.alert) outcome.report.alert->after.delivered = false;
    record_undelivered(outcome, stop);
  }
  if (!outcome.stored_at.empty() && !std::exchange(spool_uploaded_, true)) {
    upload_spooled(outcome, stop);
  }
}

void Delivery::store(Outcome& outcome, const Stop& stop) {
  const report::ReportName name = report::name_of(outcome.report);
  try {
    outcome.stored_at = reports_->store(name, outcome.json, /*latest=*/true, stop);
    location_ = outcome.stored_at;
    run_.log->info("report stored", {{"target", outcome.report.target}, {"at", outcome.stored_at}});
    return;
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(error.what());
    location_ = fmt::format("NOT STORED: {}", error.what());
  }
  // What is kept says itself that it came late.
  outcome.json = report::to_json(outcome.report);
  try {
    const std::string path = spool_->keep(name, outcome.json);
    location_ += fmt::format("; kept at {} for the next run", path);
    run_.log->info("report spooled", {{"target", outcome.report.target}, {"at", path}});
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(fmt::format("nor could it be spooled: {}", error.what()));
    outcome.json = report::to_json(outcome.report);
    location_ += "; nor could it be spooled, so this message is all there is";
  }
}

void Delivery::alert(Outcome& outcome, const Stop& stop) {
  const bool quiet = outcome.report.alert && !outcome.report.alert->send;
  // A report that could not be kept is itself something to say.
  if (quiet && outcome.report.undelivered.empty()) return;
  std::vector<std::string> failures;
  for (const auto& sink : alerts_) {
    try {
      sink->send(outcome.report, location_, stop);
      run_.log->info("alert sent", {{"target", outcome.report.target}, {"to", sink->name()}});
    } catch (const Error& error) {
      failures.push_back(error.what());
    }
  }
  auto& undelivered = outcome.report.undelivered;
  undelivered.insert(undelivered.end(), failures.begin(), failures.end());
}

// The first report stands as it was stored, for nothing is ever overwritten; beside it stands the
// one that knows of the alert.
void Delivery::record_undelivered(Outcome& outcome, const Stop& stop) {
  outcome.json = report::to_json(outcome.report);
  if (!reports_) return;
  report::ReportName name = report::name_of(outcome.report);
  name.suffix = "undelivered";
  try {
    if (outcome.stored_at.empty()) {
      spool_->keep(name, outcome.json);
    } else {
      reports_->store(name, outcome.json, /*latest=*/true, stop);
    }
  } catch (const Error& error) {
    run_.log->write(LogLevel::kError, error.what());
  }
}

void Delivery::upload_spooled(Outcome& outcome, const Stop& stop) {
  const std::size_t left = spool_->upload(*reports_, stop, *run_.log);
  if (left == 0) return;
  outcome.report.undelivered.push_back(fmt::format(
      "{} report{} of earlier runs still cannot be stored", left, left == 1 ? "" : "s"));
  outcome.json = report::to_json(outcome.report);
}

}  // namespace drift::check
