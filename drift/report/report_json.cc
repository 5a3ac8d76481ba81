#include "drift/report/report_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/impact/operation_json.h"
#include "drift/report/found_revision_json.h"
#include "drift/report/report.h"
#include "drift/report/stored_report.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

// Every string passes here: a repository or a database may hold any bytes, and JSON is UTF-8.
Json text(const std::string& value) { return valid_utf8(value); }

Json text_or_null(const std::optional<std::string>& value) {
  return value ? text(*value) : Json(nullptr);
}

Json time_or_null(const std::optional<TimePoint>& value) {
  return value ? Json(rfc3339(*value)) : Json(nullptr);
}

Json list(const std::vector<std::string>& values) {
  Json array = Json::array();
  for (const std::string& value : values) array.push_back(text(value));
  return array;
}

// The nightly job's two old fields hold one string. With one revision it is that revision, as it
// always was; several stand in one string so that a reader of the old fields sees all of them.
Json joined_or_null(const std::optional<std::vector<std::string>>& values) {
  if (!values || values->empty()) return nullptr;
  return text(joined(*values, ","));
}

Json list_or_null(const std::optional<std::vector<std::string>>& values) {
  return values ? list(*values) : Json(nullptr);
}

Json drift_detected(verdict::Status status) {
  if (status == verdict::Status::kError) return nullptr;
  return status != verdict::Status::kSynced;
}

Json fetch(const std::optional<migrations::FetchRecord>& record) {
  if (!record) return nullptr;
  return {{"how", record->how},
          {"bytes", record->bytes},
          {"round_trips", record->round_trips ? Json(*record->round_trips) : Json()}};
}

Json repository(const Repository& repository) {
  return {{"url", text(repository.url)},
          {"ref", repository.ref.empty() ? Json("HEAD") : text(repository.ref)},
          {"commit", text_or_null(repository.commit)},
          {"committed_at", time_or_null(repository.committed_at)},
          {"script_location", text_or_null(repository.script_location)},
          {"fetch", fetch(repository.fetch)}};
}

Json pending_json(const std::vector<PendingRevision>& revisions,
                  const std::optional<PendingImpact>& impact) {
  Json array = Json::array();
  for (const PendingRevision& revision : revisions) {
    array.push_back({{"revision", text(revision.revision)},
                     {"message", text(revision.message)},
                     {"path", text(revision.path)},
                     {"author", text_or_null(revision.author)},
                     {"committed_at", time_or_null(revision.committed_at)},
                     {"commit", text_or_null(revision.commit)},
                     {"arrived_with", text_or_null(revision.arrived_with)},
                     {"arrived_at", time_or_null(revision.arrived_at)}});
    if (!impact) continue;
    const pending::RevisionOperations* own = operations_of(*impact, revision.revision);
    array.back()["operations"] =
        own == nullptr ? Json() : impact::revision_json(*own, impact->live);
    array.back()["tables"] = own == nullptr ? Json() : impact::locks_json(own->tables);
  }
  return array;
}

Json operations_json(const PendingImpact& impact) {
  return {{"read", impact.why_not.empty()},
          {"because", impact.why_not.empty() ? Json() : text(impact.why_not)},
          {"left_out", impact.left_out},
          {"production", impact.live.asked ? impact::tables_json(impact.live) : Json()}};
}

Json applied(const std::optional<AppliedRecord>& record) {
  if (!record) return nullptr;
  Json changes = Json::array();
  for (const AppliedChange& change : record->changes) {
    changes.push_back(
        {{"revision", change.revision.empty() ? Json(nullptr) : text(change.revision)},
         {"blob", change.blob.empty() ? Json(nullptr) : text(change.blob)},
         {"noted_at", rfc3339(change.noted_at)},
         {"message", text(change.message)}});
  }
  return {{"count", record->count}, {"digest", record->digest}, {"changes", std::move(changes)}};
}

// A tip of every branch that was made since would be a long list of one thing.
constexpr std::size_t kMostRefs = 20;

Json unknown_rows(const Report& report) {
  Json array = Json::array();
  const std::string ref = report.repository.ref.empty() ? "HEAD" : report.repository.ref;
  for (const migrations::FoundRevision& found : report.unknown_rows) {
    array.push_back(found_revision_json(found, ref, report.history_is_shallow, kMostRefs));
  }
  return array;
}

Json findings(const std::vector<verdict::Finding>& findings) {
  Json array = Json::array();
  for (const verdict::Finding& finding : findings) {
    array.push_back({{"kind", finding.kind},
                     {"severity", verdict::severity_name(finding.severity)},
                     {"fingerprint", finding.fingerprint},
                     {"message", text(finding.message)},
                     {"action", text(finding.action)},
                     {"subjects", list(finding.subjects)}});
  }
  return array;
}

Json tenants(const std::vector<TenantRow>& rows) {
  Json array = Json::array();
  for (const TenantRow& row : rows) {
    array.push_back({{"name", text(row.name)},
                     {"status", verdict::status_name(row.status)},
                     {"reason", row.reason.empty() ? Json(nullptr) : Json(row.reason)},
                     {"production_versions", list(row.production_versions)},
                     {"pending_count", row.pending},
                     {"failure", row.failure_kind.empty() ? Json(nullptr)
                                                          : Json{{"kind", row.failure_kind},
                                                                 {"message", text(row.failure)}}}});
  }
  return array;
}

Json failure(const std::optional<Failure>& failure) {
  if (!failure) return nullptr;
  return {{"stage", failure->stage},
          {"kind", failure->kind},
          {"message", text(failure->message)},
          {"hint", text(failure->hint)}};
}

// What the comparison found: the common part of a report and of `pending`.
void add_verdict(Json& document, const Report& report) {
  document["codebase_head"] = joined_or_null(report.codebase_heads);
  document["production_version"] = joined_or_null(report.production_versions);
  document["drift_detected"] = drift_detected(report.status);
  document["status"] = verdict::status_name(report.status);
  document["reason"] = report.reason.empty() ? Json(nullptr) : Json(report.reason);
  document["repository"] = repository(report.repository);
}

void add_details(Json& document, const Report& report) {
  document["codebase_heads"] = list_or_null(report.codebase_heads);
  document["production_versions"] = list_or_null(report.production_versions);
  document["pending"] = pending_json(report.pending, report.impact);
  if (report.impact) document["operations"] = operations_json(*report.impact);
  document["unknown_rows"] = unknown_rows(report);
  document["applied"] = applied(report.applied);
  document["common_base"] = list_or_null(report.common_base);
  document["findings"] = findings(report.findings);
  if (report.tenants) document["tenants"] = tenants(*report.tenants);
  document["warnings"] = list(report.warnings);
  document["failure"] = failure(report.failure);
  document["undelivered"] = list(report.undelivered);
}

Json known(const std::vector<KnownFinding>& findings) {
  Json array = Json::array();
  for (const KnownFinding& finding : findings) {
    array.push_back({{"kind", finding.kind},
                     {"fingerprint", finding.fingerprint},
                     {"subjects", list(finding.subjects)}});
  }
  return array;
}

Json number_or_null(std::uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

// The first report that saw it.
void add_first(Json& object, const Sight& first) {
  object["since"] = rfc3339(first.at);
  object["sequence"] = number_or_null(first.sequence);
}

Json failing_json(const std::optional<Seen::Failing>& failing) {
  Json object;
  if (failing) {
    add_first(object, failing->first);
    object["kind"] = failing->kind;
  }
  return object;
}

Json seen_json(const Seen& seen) {
  Json drift;
  if (seen.drift) {
    add_first(drift, seen.drift->first);
    drift["findings"] = known(seen.drift->findings);
    drift["acknowledged"] = seen.drift->acknowledged;
    drift["resumed"] = nullptr;
    if (seen.drift->resumed) {
      drift["resumed"] = {{"at", rfc3339(seen.drift->resumed->at)},
                          {"sequence", number_or_null(seen.drift->resumed->sequence)}};
    }
  }
  return {{"drift", std::move(drift)}, {"failing", failing_json(seen.failing)}};
}

Json destinations_json(const std::vector<DestinationDecision>& destinations) {
  Json array = Json::array();
  for (const DestinationDecision& one : destinations) {
    array.push_back({{"destination", valid_utf8(one.destination)},
                     {"send", one.send},
                     {"kind", alert_kind_name(one.kind)},
                     {"reason", valid_utf8(one.reason)},
                     {"changes", list(one.changes)}});
  }
  return array;
}

// The head of what lies beside the reports.
Json memory_json(const Place& place) {
  return {{"schema_version", kSchemaVersion},
          {"target", valid_utf8(place.target)},
          {"repository", valid_utf8(place.repository)},
          {"ref", valid_utf8(place.ref)}};
}

// The report's "alert": null where no decision was made.
Json alert_json(const std::optional<AlertDecision>& decision,
                const std::optional<Acknowledgement>& acknowledgement) {
  if (!decision) return nullptr;
  // The same in the report that goes to one destination: it is the stored one.
  const DestinationDecision* const first = foremost(*decision);
  return {
      {"send", first != nullptr && first->send},
      {"kind", alert_kind_name(first == nullptr ? AlertKind::kNoDestination : first->kind)},
      {"reason", valid_utf8(first == nullptr ? decision->reason : first->reason)},
      {"changes", list(first == nullptr ? std::vector<std::string>{} : first->changes)},
      {"destinations", destinations_json(decision->destinations)},
      {"acknowledgement", acknowledgement ? acknowledgement_json(*acknowledgement) : Json(nullptr)},
      {"seen", seen_json(decision->seen)}};
}

}  // namespace

std::string to_json(const Report& report) {
  Json document;
  document["schema_version"] = kSchemaVersion;
  document["timestamp"] = rfc3339(report.timestamp);
  document["run_id"] = report.run_id;
  document["tool_version"] = tool_version();
  document["target"] = text(report.target);
  add_verdict(document, report);
  document["production"] = {{"database", text(report.production.database)},
                            {"version_table", text_or_null(report.production.version_table)}};
  add_details(document, report);
  document["schema"] = report.schema ? Json::parse(to_json(*report.schema)) : Json(nullptr);
  document["not_checked"] = list(report.not_checked);
  document["sequence"] = number_or_null(report.sequence);
  document["previous_sha256"] = text_or_null(report.previous_sha256);
  document["previous_unknown_because"] = report.previous_unknown_because.empty()
                                             ? Json(nullptr)
                                             : text(report.previous_unknown_because);
  document["alert"] = alert_json(report.alert, report.acknowledgement);
  document["duration_ms"] = report.duration_ms;
  Json stages = Json::object();
  for (const auto& [stage, milliseconds] : report.stage_durations_ms) stages[stage] = milliseconds;
  document["stage_durations_ms"] = stages;
  return document.dump(2) + "\n";
}

std::string with_undelivered(const std::string& json, const std::vector<std::string>& undelivered) {
  Json document = Json::parse(json);
  for (const std::string& sentence : undelivered) {
    document.at("undelivered").push_back(text(sentence));
  }
  const Json before = document.at("sequence");
  document["sequence"] = before.is_null() ? 1 : before.get<std::uint64_t>() + 1;
  document["previous_sha256"] = aws::sha256_hex(json);
  document["previous_unknown_because"] = nullptr;
  return document.dump(2) + "\n";
}

std::string verdict_json(const Report& report) {
  Json document;
  add_verdict(document, report);
  add_details(document, report);
  return document.dump(2) + "\n";
}

std::string failure_json(const Failure& failed) {
  Json document;
  document["status"] = "error";
  document["failure"] = failure(failed);
  return document.dump(2) + "\n";
}

ReportName name_of(const Report& report) {
  return {report.target, report.timestamp, report.run_id, {}};
}

void follow(Report& report, std::uint64_t previous_sequence, std::string_view previous_json) {
  report.sequence = previous_sequence + 1;
  report.previous_sha256 = aws::sha256_hex(previous_json);
  report.previous_unknown_because.clear();
}

std::string evidence(const Report& report) {
  if (report.stored_sha256.empty()) return {};
  return report.sequence == 0
             ? fmt::format("report without a number, sha256 {}", report.stored_sha256)
             : fmt::format("report {}, sha256 {}", report.sequence, report.stored_sha256);
}

std::string_view tool_version() { return SCHEMA_DRIFT_VERSION; }

Json acknowledgement_json(const Acknowledgement& acknowledgement) {
  Json withdrawn;
  if (acknowledgement.withdrawn) {
    withdrawn = {{"at", rfc3339(acknowledgement.withdrawn->at)},
                 {"by", valid_utf8(acknowledgement.withdrawn->by)}};
    if (!acknowledgement.withdrawn->reason.empty()) {
      withdrawn["reason"] = valid_utf8(acknowledgement.withdrawn->reason);
    }
  }
  return {{"until", rfc3339(acknowledgement.until)},
          {"at", rfc3339(acknowledgement.at)},
          {"by", valid_utf8(acknowledgement.by)},
          {"reason", valid_utf8(acknowledgement.reason)},
          {"findings", known(acknowledgement.findings)},
          {"sequence", number_or_null(acknowledgement.sequence)},
          {"withdrawn", std::move(withdrawn)}};
}

std::string to_json(const Place& place, const Seen& seen, const Sight& by) {
  Json document = memory_json(place);
  document["at"] = rfc3339(by.at);
  document["sequence"] = number_or_null(by.sequence);
  document.update(seen_json(seen));
  return document.dump(2) + "\n";
}

std::string to_json(const Place& place, const std::string& destination, const Told& told) {
  Json drift;
  if (told.drift) {
    add_first(drift, told.drift->first);
    drift["findings"] = known(told.drift->findings);
  }
  Json document = memory_json(place);
  document["destination"] = valid_utf8(destination);
  document["told_at"] = rfc3339(told.at);
  document["kind"] = told.kind;
  document["report"] = {{"timestamp", rfc3339(told.by.at)},
                        {"sequence", number_or_null(told.by.sequence)}};
  document["drift"] = std::move(drift);
  document["failing"] = failing_json(told.failing);
  return document.dump(2) + "\n";
}

std::string to_json(const std::string& target, const Acknowledgement& acknowledgement) {
  Json document;
  document["schema_version"] = kSchemaVersion;
  document["target"] = valid_utf8(target);
  document.update(acknowledgement_json(acknowledgement));
  return document.dump(2) + "\n";
}

}  // namespace drift::report
