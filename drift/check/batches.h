// A fleet past one machine: somebody else (AWS Step Functions) calls three steps of one run, the
// second many times at once, on as many machines as it likes.
//
//   list    writes down the targets, shared out in batches
//   batch   checks the targets of one batch and stores their reports, and tells nobody
//   close   says of every target what became of it, tells everybody in one message, and writes the
//           fleet's report
//
// Each may be repeated: a batch's result takes the place of its earlier one, and who was told is
// written down target by target.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drift/check/batch_list.h"
#include "drift/check/check.h"
#include "drift/report/fleet_report.h"

namespace drift::check {

// Where the list was put, for Step Functions' ItemReader.
struct Listed {
  std::string bucket, key;
  std::size_t targets = 0, batches = 0;
};

// `size`: targets of one batch. There are never more than 400 batches, because what they answer
// has to fit into a state of 256 KB; of more than 400 times `size` targets, batches are larger.
// Throws Error{kUsage} where the reports are not in a bucket, and what the store throws.
Listed list_batches(const Settings& settings, const Run& run, const FleetRun& fleet,
                    std::size_t size, std::size_t at_once);

// Returns what was found of each. The result is in the store when it returns.
// Throws what the store throws: the batch has to be repeated.
std::vector<report::FleetRow> check_batch(const Settings& settings, const Run& run,
                                          const FleetRun& fleet, const Batch& batch);

// What is known of batches that ended without a result: by number, in the words of who called.
struct Lost {
  std::string error, cause;
};

// Targets without a result become reports of status error. Throws where the list cannot be read.
report::FleetReport close_fleet(const Settings& settings, const Run& run, const FleetRun& fleet,
                                const std::map<std::size_t, Lost>& lost,
                                const std::optional<Lost>& all_lost);

}  // namespace drift::check
