// Where the outcomes of a run go: the report first, then the alerts that name its place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/check/check.h"
#include "reporters/alert_sink.h"
#include "reporters/report_sink.h"
#include "reporters/spool.h"

namespace drift::check {

class Delivery {
 public:
  // Throws Error{kUsage} for a sink that does not exist, before anything was read.
  Delivery(const Settings& settings, const Run& run);

  // Opens the connections that `deliver` will use, while the sides are read.
  void prepare();

  // Stores the report, spools it where that fails, sends the alerts, and where one did not get
  // through says so in the report and stores that as well. Never throws for any of it.
  void deliver(Outcome& outcome);

 private:
  void store(Outcome& outcome, const Stop& stop);
  void alert(Outcome& outcome, const Stop& stop);
  void record_undelivered(Outcome& outcome, const Stop& stop);
  void upload_spooled(Outcome& outcome, const Stop& stop);

  const Settings& settings_;
  const Run& run_;
  std::unique_ptr<reporters::ReportSink> reports_;
  std::optional<reporters::Spool> spool_;
  std::vector<std::unique_ptr<reporters::AlertSink>> alerts_;
  bool spool_uploaded_ = false;
  std::string location_;  // of the report at hand, for the alert
};

}  // namespace drift::check
