#include "drift/check/delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/side_by_side.h"

namespace drift::check {
namespace {

using std::chrono::milliseconds;

// After a signal the service manager kills within seconds; what is to be said must be said by then.
constexpr milliseconds kAfterSignal{8'000};

// Of the time for sending, what is kept for writing down what became of it.
constexpr int kSendingPercent = 75;

// Of one of many reports, for the others wait for its place.
constexpr milliseconds kStoringTime{20'000};

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
  const std::lock_guard lock(mutex_);
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

void Delivery::begin() {
  stop_.emplace(settings_.delivery_time + run_.stop->remaining(), *run_.stop, Stop::RequestsOnly{});
}

void Delivery::deliver(Outcome& outcome, const History& history) {
  begin();
  if (archive_) {
    store(outcome, [&](milliseconds left) { return alerts_.empty() ? left : left * 2 / 3; });
  }
  const std::size_t undelivered = outcome.report.undelivered.size();
  alert(outcome, history);
  record_seen(outcome, history);
  if (outcome.report.undelivered.size() > undelivered) record_undelivered(outcome);
  if (!outcome.stored_at.empty() && !std::exchange(spool_uploaded_, true)) upload_spooled(outcome);
}

void Delivery::store(Outcome& outcome, const Part& part) {
  report::ReportName name = report::name_of(outcome.report);
  try {
    persist([&](const Stop& bound) {
      // A store that never answers must leave time for the alert that says so.
      const Stop storing{part(bound.remaining()), bound};
      outcome.stored_at = archive_->store(name, outcome.json, /*latest=*/true, storing);
    });
    outcome.report.stored_sha256 = aws::sha256_hex(outcome.json);
    outcome.location = outcome.stored_at;
    run_.log->info("report stored", {{"target", outcome.report.target}, {"at", outcome.stored_at}});
    return;
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(error.what());
    outcome.location = fmt::format("NOT STORED: {}", error.what());
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
    outcome.location += fmt::format("; kept at {} for the next run", path);
    run_.log->info("report spooled", {{"target", outcome.report.target}, {"at", path}});
  } catch (const Error& error) {
    outcome.report.undelivered.push_back(fmt::format("nor could it be spooled: {}", error.what()));
    outcome.json = report::to_json(outcome.report);
    outcome.location += "; nor could it be spooled, so this message is all there is";
  }
}

void Delivery::alert(Outcome& outcome, const History& history) {
  const report::AlertDecision decision = *outcome.report.alert;
  std::vector<Failed> failed;
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    const report::DestinationDecision& mine = decision.destinations.at(i);
    if (!mine.send) continue;
    try {
      send(*alerts_[i], outcome.report, outcome.location, for_destination(decision, mine),
           alerts_.size() - i - 1 + fallback_.size());
    } catch (const Error& error) {
      failed.push_back({i, error.what()});
      continue;
    }
    outcome.alerted.push_back(alerts_[i]->name());
    record_told(outcome, history.place, i);
  }
  if (!failed.empty()) fall_back(outcome, failed);
}

// One that hangs must leave time for those after it.
Stop Delivery::share_of_sending(std::size_t still_to_come) {
  const Stop& bound = stop();
  return Stop{percent_of(bound.remaining(), kSendingPercent) /
                  static_cast<milliseconds::rep>(still_to_come + 1),
              bound};
}

void Delivery::send(reporters::AlertSink& sink, report::Report report, const std::string& location,
                    report::AlertDecision decision, std::size_t still_to_come) {
  const Stop share = share_of_sending(still_to_come);
  report.alert = std::move(decision);
  sink.send(report, location, share);
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
      send(*fallback_[i], outcome.report, outcome.location, decision, fallback_.size() - i - 1);
      accepted.push_back(fallback_[i]->name());
    } catch (const Error& error) {
      refused.push_back(fmt::format("the fallback did not accept it either: {}", error.what()));
    }
  }
  outcome.alerted.insert(outcome.alerted.end(), accepted.begin(), accepted.end());
  const std::vector<std::string> told = what_came_of(failed, accepted, refused);
  auto& undelivered = outcome.report.undelivered;
  undelivered.insert(undelivered.end(), told.begin(), told.end());
}

std::vector<std::string> Delivery::what_came_of(const std::vector<Failed>& failed,
                                                const std::vector<std::string>& accepted,
                                                const std::vector<std::string>& refused) {
  std::vector<std::string> undelivered;
  for (const Failed& one : failed) {
    undelivered.push_back(accepted.empty() ? one.why
                                           : fmt::format("{}; the fallback {} accepted it", one.why,
                                                         joined(accepted)));
  }
  undelivered.insert(undelivered.end(), refused.begin(), refused.end());
  return undelivered;
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
void Delivery::record_told(Outcome& outcome, const report::Place& place, std::size_t sink) {
  const std::optional<std::string> identity = alerts_[sink]->identity();
  // Where the report could not be stored, this could not either; it is told again.
  if (!identity || outcome.stored_at.empty()) return;
  report::Told told = outcome.report.alert->destinations.at(sink).after;
  told.at = run_.clock.now();
  try {
    persist([&](const Stop& bound) {
      archive_->keep_told(place.target, told_key(place, *identity),
                          to_json(place, alerts_[sink]->name(), told), bound);
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

// ------------------------------------------------------------------------------------ many targets

// What the others and the alerts need is left to them.
milliseconds Delivery::time_for_one(milliseconds left, milliseconds most) const {
  return std::clamp(left - settings_.delivery_time / 3, milliseconds{0}, most);
}

History Delivery::past(const report::Place& place) {
  if (!archive_) return unknown_history(place, readers(), "no reports are kept (no --reports)");
  const Stop& bound = stop();
  const Stop reading{time_for_one(bound.remaining(), kHistoryTime), bound};
  return read_history(*archive_, *spool_, place, readers(), reading);
}

void Delivery::keep(Outcome& outcome, const History& history) {
  if (!archive_) return;
  store(outcome, [&](milliseconds left) { return time_for_one(left, kStoringTime); });
  record_seen(outcome, history);
}

std::vector<std::string> Delivery::tell(std::vector<News>& all, const report::FleetAlert& run) {
  std::vector<Failed> failed;
  std::vector<std::string> undelivered;
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    std::vector<News*> mine;
    for (News& news : all) {
      if (news.outcome.report.alert->destinations.at(i).send) mine.push_back(&news);
    }
    if (mine.empty()) continue;
    try {
      send_together(*alerts_[i], mine, i, run, alerts_.size() - i - 1 + fallback_.size());
    } catch (const Error& error) {
      failed.push_back({i, error.what()});
      continue;
    }
    alerted_.push_back(alerts_[i]->name());
    side_by_side(mine.size(), [&](std::size_t one) {
      Outcome& outcome = mine[one]->outcome;
      outcome.report.undelivered.clear();
      record_told(outcome, mine[one]->place, i);
    });
    for (News* news : mine) {
      const auto& said = news->outcome.report.undelivered;
      news->undelivered += said.size();
      undelivered.insert(undelivered.end(), said.begin(), said.end());
    }
  }
  if (failed.empty()) return undelivered;
  const std::vector<std::string> rest = fall_back_together(all, failed, run);
  undelivered.insert(undelivered.end(), rest.begin(), rest.end());
  return undelivered;
}

// One target's news is a message like that of a run over it alone.
void Delivery::send_together(reporters::AlertSink& sink, const std::vector<News*>& news,
                             std::size_t destination, report::FleetAlert alert,
                             std::size_t still_to_come) {
  if (news.size() == 1 && news.front()->whole) {
    const Outcome& outcome = news.front()->outcome;
    const report::AlertDecision& decision = *outcome.report.alert;
    send(sink, outcome.report, outcome.location,
         for_destination(decision, decision.destinations.at(destination)), still_to_come);
    return;
  }
  std::vector<report::TargetNews> told;
  for (const News* one : news) {
    told.push_back(one->news);
    told.back().kind = one->outcome.report.alert->destinations.at(destination).kind;
  }
  group(alert, std::move(told));
  const Stop share = share_of_sending(still_to_come);
  sink.send(alert, share);
  run_.log->info("alert sent", {{"targets", std::to_string(news.size())}, {"to", sink.name()}});
}

std::vector<std::string> Delivery::fall_back_together(std::vector<News>& all,
                                                      const std::vector<Failed>& failed,
                                                      report::FleetAlert run) {
  std::vector<News*> missed;
  for (News& news : all) {
    const auto& destinations = news.outcome.report.alert->destinations;
    if (std::any_of(failed.begin(), failed.end(),
                    [&](const Failed& one) { return destinations.at(one.sink).send; })) {
      missed.push_back(&news);
      news.whole = false;  // the message says why it came here, which a single target's cannot
    }
  }
  for (const Failed& one : failed) run.why_here += printable(one.why) + "; ";
  run.why_here += "so this came to the fallback";
  std::vector<std::string> accepted, refused;
  for (std::size_t i = 0; i < fallback_.size(); ++i) {
    try {
      send_together(*fallback_[i], missed, failed.front().sink, run, fallback_.size() - i - 1);
      accepted.push_back(fallback_[i]->name());
    } catch (const Error& error) {
      refused.push_back(fmt::format("the fallback did not accept it either: {}", error.what()));
    }
  }
  alerted_.insert(alerted_.end(), accepted.begin(), accepted.end());
  std::vector<std::string> undelivered = what_came_of(failed, accepted, refused);
  side_by_side(missed.size(), [&](std::size_t one) {
    missed[one]->undelivered += undelivered.size();
    record_undelivered(missed[one]->outcome, undelivered);
  });
  return undelivered;
}

// The report's text is not held until then: it is read back, and stored again beside itself.
void Delivery::record_undelivered(Outcome& outcome, const std::vector<std::string>& undelivered) {
  if (outcome.stored_at.empty()) return;
  report::ReportName name = report::name_of(outcome.report);
  try {
    persist([&](const Stop& bound) {
      const std::optional<std::string> json = archive_->read(name, bound);
      if (!json) return;
      report::ReportName second = name;
      second.suffix = report::kUndeliveredSuffix;
      archive_->store(second, report::with_undelivered(*json, undelivered), /*latest=*/true, bound);
    });
  } catch (const std::exception& error) {
    run_.log->write(LogLevel::kError, error.what());
  }
}

std::vector<std::string> Delivery::upload_spooled() {
  if (!archive_) return {};
  const std::size_t left = spool_->upload(*archive_, stop(), *run_.log);
  if (left == 0) return {};
  return {fmt::format("{} of earlier runs still cannot be stored", counted(left, "report"))};
}

}  // namespace drift::check
