// The targets of a fleet's run, shared out in batches, as they lie in the store and come in events.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"

namespace drift::check {

// A target as a batch names it. One that stands for the databases of a server is asked for them
// once, by the list: all batches must go by the same answer.
struct BatchItem {
  std::string target;    // as configured
  std::string database;  // one of its databases; "" for the target itself
  // Why the list could not ask for them.
  std::optional<Error> impossible = {};
};

struct Batch {
  std::size_t number = 0;
  // How many may run at once: they share --max-connections-per-host.
  std::size_t at_once = 1;
  std::vector<BatchItem> items;
};

// Of one fleet's run; the same for all of its steps.
struct FleetRun {
  std::string execution;  // what the caller calls this run
  std::string id;         // run_id_of(execution): the run's id in every report
  std::string name;       // of the fleet
  TimePoint started;
};

// 16 hex digits. The same execution gives the same, on whichever machine.
std::string run_id_of(const std::string& execution);

// One event for the function a batch, in an array, as Step Functions' ItemReader takes it.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
std::string batches_json(const std::vector<Batch>& batches, const FleetRun& fleet);

// Of a batch's event, the fields that make it a batch; of the array, all of them.
// Throw Error{kUsage} naming what is wrong.
Batch read_batch(const std::string& event);
std::vector<Batch> read_batches(const std::string& json);

}  // namespace drift::check
