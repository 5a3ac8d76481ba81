// Where the outcomes of a run go: the report first, then the alerts that name its place.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "drift/check/check.h"
#include "drift/check/history.h"
#include "drift/report/fleet_alert.h"
#include "reporters/alert_sink.h"
#include "reporters/report_archive.h"
#include "reporters/spool.h"

namespace drift::check {

class Delivery {
 public:
  // Throws Error{kUsage} for a sink that does not exist, before anything was read.
  Delivery(const Settings& settings, const Run& run);

  // Where the reports are and where they wait, for whoever reads them meanwhile; null where none
  // are kept.
  std::shared_ptr<reporters::ReportArchive> archive() const { return archive_; }
  std::shared_ptr<const reporters::Spool> spool() const { return spool_; }

  // In the order of --alerts.
  std::vector<AlertReader> readers() const;

  // Stores the report, spools it where that fails, sends the alerts, records what each destination
  // accepted, and where anything did not get through says so in the report and stores that as well.
  // Never throws for any of it. A signal ends a send that hangs at once.
  void deliver(Outcome& outcome, const History& history);

  // ---- Many targets: the same in three steps, after `begin`. The first two may be taken for
  // several targets at once.

  // The time for all of it is that of the whole run from now on.
  void begin();
  History past(const report::Place& place);
  // Stores the report, or spools it.
  void keep(Outcome& outcome, const History& history);

  // A target that has something to say to a destination, as far as that is needed until the end.
  struct News {
    Outcome outcome;  // without its JSON
    report::Place place;
    report::TargetNews news;
    bool whole = true;  // else the report lacks its lists
    std::size_t undelivered = 0;
  };
  // Sends each destination one message, records what was accepted, and where one was not, says so
  // in the reports of those that it was about. `run` says what is known of the run. Returns what
  // did not get through, a sentence each.
  std::vector<std::string> tell(std::vector<News>& all, const report::FleetAlert& run);
  // Who accepted a message of `tell`.
  const std::vector<std::string>& alerted() const { return alerted_; }

  // What earlier runs left in the spool. Returns what is still there, as a sentence.
  std::vector<std::string> upload_spooled();

 private:
  // Of an alert that did not get through.
  struct Failed {
    std::size_t sink;
    std::string why;
  };

  const Stop& stop();
  template <typename Body>
  void persist(Body body);

  // `part`: of the time that is left, what storing may take.
  using Part = std::function<std::chrono::milliseconds(std::chrono::milliseconds left)>;
  void store(Outcome& outcome, const Part& part);
  void alert(Outcome& outcome, const History& history);
  Stop share_of_sending(std::size_t still_to_come);
  void send(reporters::AlertSink& sink, report::Report report, const std::string& location,
            report::AlertDecision decision, std::size_t still_to_come);
  static std::vector<std::string> what_came_of(const std::vector<Failed>& failed,
                                               const std::vector<std::string>& accepted,
                                               const std::vector<std::string>& refused);
  void fall_back(Outcome& outcome, const std::vector<Failed>& failed);
  void record_seen(Outcome& outcome, const History& history);
  void record_told(Outcome& outcome, const report::Place& place, std::size_t sink);
  void record_undelivered(Outcome& outcome);

  std::chrono::milliseconds time_for_one(std::chrono::milliseconds left,
                                         std::chrono::milliseconds most) const;
  void send_together(reporters::AlertSink& sink, const std::vector<News*>& news,
                     std::size_t destination, report::FleetAlert alert, std::size_t still_to_come);
  std::vector<std::string> fall_back_together(std::vector<News>& all,
                                              const std::vector<Failed>& failed,
                                              report::FleetAlert run);
  void record_undelivered(Outcome& outcome, const std::vector<std::string>& undelivered);
  void upload_spooled(Outcome& outcome);

  const Settings& settings_;
  const Run& run_;
  std::shared_ptr<reporters::ReportArchive> archive_;
  std::shared_ptr<const reporters::Spool> spool_;
  std::vector<std::unique_ptr<reporters::AlertSink>> alerts_, fallback_;
  std::vector<std::string> alerted_;
  bool spool_uploaded_ = false;
  std::optional<Stop> stop_;
  std::mutex mutex_;
  std::optional<Stop> after_signal_;  // of all targets; behind the mutex
};

}  // namespace drift::check
