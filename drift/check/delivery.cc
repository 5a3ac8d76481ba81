#include "drift/check/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::check {
namespace {

using std::chrono::milliseconds;

// After a signal the service manager kills within seconds; what is to be said must be said by then.
constexpr milliseconds kAfterSignal{8'000};

// Of the time for sending, what is kept for writing down what became of it.
constexpr int kSendingPercent = 75;

milliseconds percent_of(milliseconds time, int percent) { return time * percent / 100; }

}  // namespace

Delivery::Delivery(const Settings& settings, const Run& run) : settings_(settings), run_(run) {
  const auto session = run.aws->source();
  if (!settings.reports.empty()) {
    archive_ = std::make_shared<reporters::ReportArchive>(
        reporters::make_store(settings.reports, settings.report_options, session));
    std::vector<std::string> targets;
    for (const Target& target : settings.targets) targets.push_back(target.name);
    spool_ = std::make_shared<const reporters::Spool>(settings.spool_folder, settings.reports,
                                                      std::move(targets));
  }
  for (const std::string& url : settings.alerts) {
    alerts_.push_back(reporters::make_alert_sink(url, settings.alert_options, session));
  }
  for (const std::string& url : settings.alert_fallback) {
    fallback_.push_back(reporters::make_alert_sink(url, settings.alert_options, session));
  }
}

std::vector<AlertReader> Delivery::readers() const {
  std::vector<AlertReader> all;
  for (const auto& sink : alerts_) all.push_back({sink->name(), sink->identity()});
  return all;
}

// What bounds the next step.
const Stop& Delivery::stop() {
  if (!run_.stop->requested()) return *stop_;
  if (!after_signal_) after_signal_.emplace(std::min(settings_.delivery_time, kAfterSignal));
  return *after_signal_;
}

// For what may be done twice: where a signal cuts it short, it gets what time is left after that.
template <typename Body>
void Delivery::persist(Body body) {
  const Stop& bound = stop();
  try {
    body(bound);
  } catch (const Error&) {
    if (&bound == &stop()) throw;
    body(stop());
  }
}

void Delivery::deliver(Outcome& outcome, const History& history) {
  stop_.emplace(settings_.delivery_time + run_.stop->remaining(), *run_.stop, Stop::RequestsOnly{});
  location_ = "none was kept (no --reports)";
  if (archive_) store(outcome);
  const std::size_t undelivered = outcome.report.undelivered.size();
  alert(outcome, history);
  record_seen(outcome, history);
  if (outcome.report.undelivered.size() > undelivered) record_undelivered(outcome);
  if (!outcome.stored_at.empty() && !std::exchange(spool_uploaded_, true)) upload_spooled(outcome);
}

void Delivery::store(Outcome& outcome) {
  report::ReportName name = report::name_of(outcome.report);
  try {
    persist([&](const Stop& bound) {
      // A store that never answers must leave time for the alert that says so.
      const milliseconds time = bound.remaining();
      const Stop storing{alerts_.empty() ? time : time * 2 / 3, bound};
      outcome.stored_at = archive_->store(name, outcome.json, /*latest=*/true, storing);
    });
    outcome.report.stored_sha256 = aws::sha256_hex(outcome.json);
    location_ = outcome.stored_at;
    run_.log->info("report stored", {{"target", outcome.report.target}, {"at", outcome.stored_at}});
    return;
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(error.what());
    location_ = fmt::format("NOT STORED: {}", error.what());
  }
  // That is itself something to say.
  send_to_all(*outcome.report.alert, report::AlertKind::kReportNotStored,
              "the report could not be stored");
  // What is kept says itself that it came late.
  outcome.json = report::to_json(outcome.report);
  // The store may have the other text all the same, where only its answer was lost.
  name.suffix = report::kSpooledSuffix;
  try {
    const std::string path = spool_->keep(name, outcome.json);
    outcome.report.stored_sha256 = aws::sha256_hex(outcome.json);
    location_ += fmt::format("; kept at {} for the next run", path);
    run_.log->info("report spooled", {{"target", outcome.report.target}, {"at", path}});
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(fmt::format("nor could it be spooled: {}", error.what()));
    outcome.json = report::to_json(outcome.report);
    location_ += "; nor could it be spooled, so this message is all there is";
  }
}

void Delivery::alert(Outcome& outcome, const History& history) {
  const report::AlertDecision decision = *outcome.report.alert;
  std::vector<Failed> failed;
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    const report::DestinationDecision& mine = decision.destinations.at(i);
    if (!mine.send) continue;
    try {
      send(*alerts_[i], outcome.report, for_destination(decision, mine),
           alerts_.size() - i - 1 + fallback_.size());
    } catch (const Error& error) {
      failed.push_back({i, error.what()});
      continue;
    }
    record_told(outcome, history, i);
  }
  if (!failed.empty()) fall_back(outcome, failed);
}

// One that hangs must leave time for those after it.
void Delivery::send(reporters::AlertSink& sink, report::Report report,
                    report::AlertDecision decision, std::size_t still_to_come) {
  const Stop& bound = stop();
  const Stop share{percent_of(bound.remaining(), kSendingPercent) /
                       static_cast<milliseconds::rep>(still_to_come + 1),
                   bound};
  report.alert = std::move(decision);
  sink.send(report, location_, share);
  run_.log->info("alert sent", {{"target", report.target}, {"to", sink.name()}});
}

// Who is told here learns for whom it was meant. It is no memory's business: as long as a
// destination does not accept, each run tries it again, and comes here again.
void Delivery::fall_back(Outcome& outcome, const std::vector<Failed>& failed) {
  const report::AlertDecision& decided = *outcome.report.alert;
  report::AlertDecision decision =
      for_destination(decided, decided.destinations.at(failed.front().sink));
  std::string why;
  for (const Failed& one : failed) why += printable(one.why) + "; ";
  decision.reason = fmt::format("{}so this came to the fallback: {}", why, decision.reason);
  std::vector<std::string> accepted, refused;
  for (std::size_t i = 0; i < fallback_.size(); ++i) {
    try {
      send(*fallback_[i], outcome.report, decision, fallback_.size() - i - 1);
      accepted.push_back(fallback_[i]->name());
    } catch (const Error& error) {
      refused.push_back(fmt::format("the fallback did not accept it either: {}", error.what()));
    }
  }
  auto& undelivered = outcome.report.undelivered;
  for (const Failed& one : failed) {
    undelivered.push_back(accepted.empty() ? one.why
                                           : fmt::format("{}; the fallback {} accepted it", one.why,
                                                         joined(accepted)));
  }
  undelivered.insert(undelivered.end(), refused.begin(), refused.end());
}

// For runs of this place after one of another, whose report is the target's last.
void Delivery::record_seen(Outcome& outcome, const History& history) {
  const report::Seen& seen = outcome.report.alert->seen;
  if (outcome.stored_at.empty() || history.kept == seen) return;
  try {
    persist([&](const Stop& bound) {
      archive_->keep_seen(history.place.target, seen_key(history.place),
                          to_json(history.place, seen, sight_of(outcome.report)), bound);
    });
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(
        fmt::format("what this run saw is not recorded for the next one: {}", error.what()));
  }
}

// After the destination has accepted, and never before: a run that is killed in between tells
// twice, one that wrote first would tell nobody.
void Delivery::record_told(Outcome& outcome, const History& history, std::size_t sink) {
  const std::optional<std::string> identity = alerts_[sink]->identity();
  // Where the report could not be stored, this could not either; it is told again.
  if (!identity || outcome.stored_at.empty()) return;
  report::Told told = outcome.report.alert->destinations.at(sink).after;
  told.at = run_.clock.now();
  try {
    persist([&](const Stop& bound) {
      archive_->keep_told(history.place.target, told_key(history.place, *identity),
                          to_json(history.place, alerts_[sink]->name(), told), bound);
    });
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(
        fmt::format("that {} was told is not recorded, so it is told again: {}",
                    alerts_[sink]->name(), error.what()));
  }
}

// The first report stands as it was stored, for nothing is ever overwritten; beside it stands the
// one that knows of the alert.
void Delivery::record_undelivered(Outcome& outcome) {
  // The first one is the second one's predecessor, if it was kept at all.
  if (!outcome.report.stored_sha256.empty()) {
    follow(outcome.report, outcome.report.sequence, outcome.json);
  }
  outcome.json = report::to_json(outcome.report);
  if (!archive_) return;
  report::ReportName name = report::name_of(outcome.report);
  name.suffix = report::kUndeliveredSuffix;
  try {
    if (outcome.stored_at.empty()) {
      spool_->keep(name, outcome.json);
    } else {
      persist(
          [&](const Stop& bound) { archive_->store(name, outcome.json, /*latest=*/true, bound); });
    }
    outcome.report.stored_sha256 = aws::sha256_hex(outcome.json);
  } catch (const Error& error) {
    run_.log->write(LogLevel::kError, error.what());
  }
}

void Delivery::upload_spooled(Outcome& outcome) {
  const std::size_t left = spool_->upload(*archive_, stop(), *run_.log);
  if (left == 0) return;
  outcome.report.undelivered.push_back(
      fmt::format("{} of earlier runs still cannot be stored", counted(left, "report")));
  outcome.json = report::to_json(outcome.report);
}

}  // namespace drift::check
