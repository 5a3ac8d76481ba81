// A report as it was stored, read back: for the next run's alert, for lists, pages and summaries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drift/report/alert_decision.h"
#include "drift/report/report.h"
#include "drift/report/stored_operations.h"

namespace drift::report {

// What readers need of it; the stored text stays the evidence.
struct StoredReport {
  TimePoint timestamp;
  std::string run_id, tool_version, target;
  std::string status;  // status_name(); a word of a later version is kept as it is
  std::string reason;
  std::string repository_url, ref, commit;
  std::string database;
  std::vector<std::string> codebase_heads, production_versions;
  std::vector<PendingRevision> pending;
  // What those do; nothing in reports that do not say it.
  std::optional<StoredOperations> operations;
  std::optional<AppliedRecord> applied;  // nothing in reports of releases that recorded none
  std::vector<verdict::Finding> findings;
  // Of the schema: what it was compared with, in words, and the findings of its health. Nothing in
  // reports of runs that read none.
  struct Schema {
    std::string words;
    std::vector<verdict::Finding> health;
  };
  std::optional<Schema> schema;
  std::vector<std::string> warnings;
  std::optional<Failure> failure;
  std::vector<std::string> undelivered;
  std::vector<std::string> not_checked;
  // Report::sequence, so 0 where it did not know the report before it; nothing in a report of a
  // release that did not number them.
  std::optional<std::uint64_t> sequence;
  std::optional<std::string> previous_sha256;
  std::string previous_unknown_because;
  std::int64_t duration_ms = 0;
  std::vector<std::pair<std::string, std::int64_t>> stage_durations_ms;
  // Nothing in a report that made no decision (a dry run, or before there were any).
  std::optional<Seen> seen;
  // Decided, before anything was sent; `undelivered` has what did not get through.
  std::string alert_kind;
  bool alert_due = false;
  // Of a release that writes down apart from its reports what each destination was told. Those
  // before it cannot say who was told.
  bool records_told = false;
};

// Fields that later versions add are passed over. Strings are valid UTF-8, as in the text.
// Refuses what is no JSON object, lacks one of the fields that every report has, or has one of
// another kind.
std::variant<StoredReport, StoredReportRefusal> read_stored_report(std::string_view json);

// What runs had seen of its target at its ref once it was made; of a report from before there were
// decisions, what it says itself.
Seen seen_in(const StoredReport& report);

// The same as a report, to be shown as one. A status of a later version becomes kError.
Report as_report(const StoredReport& stored);

// The JSON of an acknowledgement, as it is stored beside the reports; keys in a fixed order.
std::string to_json(const std::string& target, const Acknowledgement& acknowledgement);
// Nothing where `json` is no acknowledgement.
std::optional<Acknowledgement> read_acknowledgement(std::string_view json);

}  // namespace drift::report
