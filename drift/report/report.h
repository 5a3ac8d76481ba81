// The JSON document of one check of one target. docs/report.schema.json is its JSON Schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/clock.h"
#include "drift/report/alert_decision.h"
#include "drift/report/pending_impact.h"
#include "drift/report/report_path.h"
#include "drift/report/schema_section.h"
#include "drift/verdict/verdict.h"
#include "migrations/git/repository.h"
#include "migrations/revision_search.h"

namespace drift::report {

// Why a side could not be read.
struct Failure {
  // "configuration", "repository", "script_directory", "revision_graph", "production", "schema" or
  // "run".
  std::string stage;
  std::string kind;  // fault_name()
  std::string message;
  std::string hint;
};

struct PendingRevision {
  std::string revision;
  std::string message;
  std::string path;
  // Of the commit that introduced the file; nothing where history does not tell.
  std::optional<std::string> author;
  std::optional<TimePoint> committed_at;
  std::optional<std::string> commit = {};
  // Of the commit that brought it to the ref, the merge where there was one.
  std::optional<std::string> arrived_with = {};
  std::optional<TimePoint> arrived_at = {};
};

// A file of an applied revision that is not what it was when an earlier report was made.
struct AppliedChange {
  std::string revision;  // "" where it cannot be told which
  std::string blob;      // its contents now; "" where the file is gone
  TimePoint noted_at;    // by the first report that saw it
  std::string message;   // one sentence
};

// The revisions of the ref that production has, and what their files hold.
struct AppliedRecord {
  std::size_t count = 0;
  std::string digest;  // SHA-256 over their ids and the object ids of their files
  std::vector<AppliedChange> changes;
};

struct Repository {
  std::string url;  // redacted
  std::string ref;  // as asked for; "" means HEAD
  std::optional<std::string> commit;
  std::optional<TimePoint> committed_at;
  std::optional<std::string> script_location;
  // What reading it took; nothing for a local repository.
  std::optional<migrations::FetchRecord> fetch;
};

struct Production {
  std::string database;                      // where, without credentials
  std::optional<std::string> version_table;  // qualified, once known
};

// One tenant's verdict, as verdict::TenantVerdict.
struct TenantRow {
  std::string name;
  verdict::Status status = verdict::Status::kError;
  std::string reason;  // also "gone": it was there in the report before
  std::vector<std::string> production_versions;
  std::size_t pending = 0;
  std::string failure_kind, failure;
};

struct Report {
  TimePoint timestamp;  // when the run began
  std::string run_id;
  std::string target;
  Repository repository;
  Production production;
  // Of an error only the side that could be read is filled.
  verdict::Status status = verdict::Status::kError;
  std::string reason;
  std::optional<std::vector<std::string>> codebase_heads;
  std::optional<std::vector<std::string>> production_versions;
  std::vector<PendingRevision> pending;
  // Rows that the ref does not have and that were looked for elsewhere; not read back.
  std::vector<migrations::FoundRevision> unknown_rows;
  bool history_is_shallow = false;  // that was searched for them
  // Nothing where it cannot be told what of the ref is applied, or rows are of other places.
  std::optional<AppliedRecord> applied;
  // Verdict::common_base.
  std::optional<std::vector<std::string>> common_base;
  std::vector<verdict::Finding> findings;
  // What the pending revisions would do; nothing where none is pending, or nobody asked.
  std::optional<PendingImpact> impact;
  // The schema itself; nothing where production could not be read.
  std::optional<SchemaSection> schema;
  // Of a database with a version table for each tenant; nothing of any other.
  std::optional<std::vector<TenantRow>> tenants;
  std::vector<std::string> warnings;
  std::optional<Failure> failure;
  // Alerts that did not get through, and where the report had to be kept instead; one sentence
  // each. Empty in the report that is stored before the alerts are sent.
  std::vector<std::string> undelivered;
  // What this verdict says nothing about, one sentence each.
  std::vector<std::string> not_checked;
  // The report's place in its target's chain: 1 for the first, and the SHA-256 of the one before it
  // as that lies in the store. 0 where the report before it could not be read, and then why.
  std::uint64_t sequence = 0;
  std::optional<std::string> previous_sha256;
  std::string previous_unknown_because;
  // Of this report as it was stored or spooled, for the alert; no part of the report itself.
  std::string stored_sha256;
  // Nothing in a dry run. `acknowledgement` is the target's last one, expired or not.
  std::optional<AlertDecision> alert;
  std::optional<Acknowledgement> acknowledgement;
  std::int64_t duration_ms = 0;
  // In the order in which the stages began.
  std::vector<std::pair<std::string, std::int64_t>> stage_durations_ms;
};

// 2: alert.state, which counted alerts as told before they were sent, gave way to alert.seen and
// alert.destinations. Reports of version 1 are read as before.
inline constexpr int kSchemaVersion = 2;

// The report as it is stored: keys in the order of the schema, two spaces, a final newline.
// The same report gives the same bytes. Bytes that are no UTF-8 become U+FFFD.
std::string to_json(const Report& report);

// `json` as it was stored, as the one that follows it and knows what did not get through.
// Throws nlohmann's errors for what is no report.
std::string with_undelivered(const std::string& json, const std::vector<std::string>& undelivered);

// What the comparison found, without the run around it: the document of `schema-drift pending`.
std::string verdict_json(const Report& report);

// {"status": "error", "failure": {...}}: a command that could not answer.
std::string failure_json(const Failure& failure);

// The report for a person: what, since when, what to do. Several lines, a final newline.
// `colour` adds SGR sequences. Control characters of repository or database text are escaped.
std::string to_text(const Report& report, bool colour);

// One line of at most 100 printable characters: target, verdict, what is new, in a few words.
std::string title(const Report& report);

// The same in ASCII, as SNS wants its subjects: one '?' for each other character.
std::string subject(const Report& report);

// What stands in it after the status, uncut: "3 revisions are pending", "cannot tell: ...".
std::string what_it_says(const Report& report);

// What the person on call reads: the title, what differs (of a failure the whole message and its
// kind), why now and since when, what to do, and where the report lies; then, after an empty line,
// the details. `report_location` completes the line "report: ...". However long the texts of
// others are, it has less than 256 KiB, and only the details and long lists are cut.
std::string alert_text(const Report& report, const std::string& report_location);

// Since when reports have seen what this one says; nothing where it is the first.
std::optional<TimePoint> first_seen(const Report& report);

// The gravest finding; critical where it could not be told, info where there is nothing.
verdict::Severity severity(const Report& report);

// The version of this program, as `--version` prints it.
std::string_view tool_version();

// Makes `report` the one that follows a report with that number (0 is unknown) and those bytes.
void follow(Report& report, std::uint64_t previous_sequence, std::string_view previous_json);

// "report 41, sha256 0f3a...": what to note outside the store. "" of a report that was not stored.
std::string evidence(const Report& report);

ReportName name_of(const Report& report);

}  // namespace drift::report
