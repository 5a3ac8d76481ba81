// What pending revisions would do, as a report has it, read back for pages.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "drift/impact/live_tables.h"
#include "drift/pending/operation.h"

namespace drift::report {

struct StoredOperation {
  pending::Operation operation;  // of its hazards the rules, without the work
  std::string wait;              // impact::wait_in_words() of the run; "" where it takes no lock
};

struct StoredRevision {
  std::string revision, file;
  pending::Locks tables;
  std::vector<StoredOperation> operations;  // the first of them
};

struct StoredOperations {
  std::vector<StoredRevision> revisions;  // that have operations, in upgrade order
  std::size_t count = 0;                  // of all, those that the report left out among them
  std::size_t high = 0, opaque = 0, left_out = 0;
  std::string why_not;      // where they were not read: a sentence
  impact::LiveTables live;  // what the report has of it
};

// That are kept of one report, the first in upgrade order: a page of a fleet holds one report of
// each target.
inline constexpr std::size_t kMostOperationsHeld = 100;

// Of a report that has "operations". Whatever is not of its kind is passed over: what a person
// reads of operations is no part of the evidence.
StoredOperations stored_operations(const nlohmann::ordered_json& report);

}  // namespace drift::report
