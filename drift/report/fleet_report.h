// What a fleet's run came to when its targets were shared out in batches: what each batch hands to
// the last step, and the document of the whole, whose JSON Schema is docs/fleet.schema.json.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "drift/base/clock.h"
#include "drift/report/fleet_alert.h"
#include "drift/report/report.h"

namespace drift::report {

// What one target has to say to destinations, as far as the last step needs it.
struct PendingNews {
  Place place;
  TimePoint timestamp;  // of the report; with its run id and target that is its name
  TargetNews news;
  std::vector<DestinationDecision> destinations;  // of each that there is, told or not
};

// One target of a run.
struct FleetRow {
  std::string target;
  verdict::Status status = verdict::Status::kError;
  std::string what;  // one sentence; "" of a target that is synced
  std::size_t pending = 0;
  std::optional<Failure> failure;
  std::string stored_at;  // "" where the report was not stored
  std::vector<std::string> undelivered;
};
FleetRow row_of(const Report& report, const std::string& stored_at);

struct BatchResult {
  std::string run_id;
  std::vector<FleetRow> rows;
  std::vector<PendingNews> news;  // of those rows that have any
};

// What a batch leaves in the store, and the inverse. A text of another version is refused.
std::string to_json(const BatchResult& result);
std::variant<BatchResult, StoredReportRefusal> read_batch_result(std::string_view json);

struct FleetReport {
  std::string fleet;  // its name
  std::string run_id;
  TimePoint started, finished;
  std::size_t batches = 0, lost_batches = 0;
  std::vector<FleetRow> rows;
  std::size_t told = 0;  // targets that had something to say to somebody
  std::vector<std::string> undelivered;
};
std::map<verdict::Status, std::size_t> statuses(const FleetReport& report);

// Keys in a fixed order, rows by name, two spaces, a final newline.
std::string to_json(const FleetReport& report);

// One line of JSON that CloudWatch takes from a function's log as the metrics Targets, Synced,
// Drifted, CouldNotTell, LostBatches, Undelivered and FleetDuration in the namespace SchemaDrift,
// by Fleet: as many for ten thousand targets as for ten. Without a newline.
std::string embedded_metrics(const FleetReport& report);

}  // namespace drift::report
