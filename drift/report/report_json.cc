#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/report/alert_json.h"
#include "drift/report/report.h"

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
  return text(fmt::format("{}", fmt::join(*values, ",")));
}

Json list_or_null(const std::optional<std::vector<std::string>>& values) {
  return values ? list(*values) : Json(nullptr);
}

Json drift_detected(verdict::Status status) {
  if (status == verdict::Status::kError) return nullptr;
  return status != verdict::Status::kSynced;
}

Json repository(const Repository& repository) {
  return {{"url", text(repository.url)},
          {"ref", repository.ref.empty() ? Json("HEAD") : text(repository.ref)},
          {"commit", text_or_null(repository.commit)},
          {"committed_at", time_or_null(repository.committed_at)},
          {"script_location", text_or_null(repository.script_location)}};
}

Json pending(const std::vector<PendingRevision>& revisions) {
  Json array = Json::array();
  for (const PendingRevision& revision : revisions) {
    array.push_back({{"revision", text(revision.revision)},
                     {"message", text(revision.message)},
                     {"path", text(revision.path)},
                     {"author", text_or_null(revision.author)},
                     {"committed_at", time_or_null(revision.committed_at)}});
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
  document["pending"] = pending(report.pending);
  document["findings"] = findings(report.findings);
  document["warnings"] = list(report.warnings);
  document["failure"] = failure(report.failure);
  document["undelivered"] = list(report.undelivered);
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
  document["not_checked"] = list(report.not_checked);
  document["sequence"] = report.sequence == 0 ? Json(nullptr) : Json(report.sequence);
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

}  // namespace drift::report
