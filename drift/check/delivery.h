// Where the outcomes of a run go: the report first, then the alerts that name its place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/check/check.h"
#include "drift/check/history.h"
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

 private:
  // Of an alert that did not get through.
  struct Failed {
    std::size_t sink;
    std::string why;
  };

  const Stop& stop();
  template <typename Body>
  void persist(Body body);

  void store(Outcome& outcome);
  void alert(Outcome& outcome, const History& history);
  void send(reporters::AlertSink& sink, report::Report report, report::AlertDecision decision,
            std::size_t still_to_come);
  void fall_back(Outcome& outcome, const std::vector<Failed>& failed);
  void record_seen(Outcome& outcome, const History& history);
  void record_told(Outcome& outcome, const History& history, std::size_t sink);
  void record_undelivered(Outcome& outcome);
  void upload_spooled(Outcome& outcome);

  const Settings& settings_;
  const Run& run_;
  std::shared_ptr<reporters::ReportArchive> archive_;
  std::shared_ptr<const reporters::Spool> spool_;
  std::vector<std::unique_ptr<reporters::AlertSink>> alerts_, fallback_;
  bool spool_uploaded_ = false;
  std::string location_;  // of the report at hand, for the alert
  std::optional<Stop> stop_;
  std::optional<Stop> after_signal_;  // of all targets
};

}  // namespace drift::check
