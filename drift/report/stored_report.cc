#include "drift/report/stored_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/report/report_json.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

// A field of the wrong kind; caught in this file.
struct Refused {
  std::string reason;
};

const Json& field(const Json& object, const char* name) {
  static const Json null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

[[noreturn]] void refuse(const char* name, const char* wanted) {
  throw Refused{fmt::format("has no {} \"{}\"", wanted, name)};
}

std::string text(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_string()) refuse(name, "text");
  return value.get<std::string>();
}

std::string text_or_empty(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (value.is_null()) return {};
  if (!value.is_string()) refuse(name, "text");
  return value.get<std::string>();
}

std::optional<std::string> text_or_nothing(const Json& object, const char* name) {
  if (field(object, name).is_null()) return std::nullopt;
  return text(object, name);
}

std::int64_t whole_number(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_number_integer()) refuse(name, "whole number");
  return value.get<std::int64_t>();
}

// 0 where there is none: those of earlier versions had no numbers.
std::uint64_t number_or_zero(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (value.is_null()) return 0;
  if (!value.is_number_unsigned()) refuse(name, "whole number");
  return value.get<std::uint64_t>();
}

std::vector<std::string> texts(const Json& object, const char* name) {
  const Json& value = field(object, name);
  std::vector<std::string> all;
  if (value.is_null()) return all;
  if (!value.is_array()) refuse(name, "list");
  for (const Json& item : value) {
    if (!item.is_string()) refuse(name, "list of texts");
    all.push_back(item.get<std::string>());
  }
  return all;
}

TimePoint time(const Json& object, const char* name) {
  const auto parsed = parse_rfc3339(text(object, name));
  if (!parsed) refuse(name, "time");
  return *parsed;
}

const Json& object_at(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_object()) refuse(name, "object");
  return value;
}

template <typename Read>
auto list_of(const Json& object, const char* name, Read read) {
  std::vector<decltype(read(object))> all;
  const Json& value = field(object, name);
  if (!value.is_array()) refuse(name, "list");
  for (const Json& item : value) {
    if (!item.is_object()) refuse(name, "list of objects");
    all.push_back(read(item));
  }
  return all;
}

PendingRevision pending_revision(const Json& item) {
  PendingRevision revision{text(item, "revision"),
                           text_or_empty(item, "message"),
                           text_or_empty(item, "path"),
                           text_or_nothing(item, "author"),
                           {}};
  if (!field(item, "committed_at").is_null()) revision.committed_at = time(item, "committed_at");
  revision.commit = text_or_nothing(item, "commit");
  revision.arrived_with = text_or_nothing(item, "arrived_with");
  if (!field(item, "arrived_at").is_null()) revision.arrived_at = time(item, "arrived_at");
  return revision;
}

AppliedChange applied_change(const Json& item) {
  return {text_or_empty(item, "revision"), text_or_empty(item, "blob"), time(item, "noted_at"),
          text(item, "message")};
}

AppliedRecord applied(const Json& item) {
  return {static_cast<std::size_t>(whole_number(item, "count")), text(item, "digest"),
          list_of(item, "changes", applied_change)};
}

verdict::Severity severity_of(const std::string& name) {
  for (const auto severity : {verdict::Severity::kInfo, verdict::Severity::kWarning}) {
    if (verdict::severity_name(severity) == name) return severity;
  }
  return verdict::Severity::kCritical;
}

verdict::Finding finding(const Json& item) {
  return {text(item, "kind"),    severity_of(text(item, "severity")), text(item, "fingerprint"),
          text(item, "message"), text_or_empty(item, "action"),       texts(item, "subjects")};
}

KnownFinding known_finding(const Json& item) {
  return {text(item, "kind"), text(item, "fingerprint"), texts(item, "subjects")};
}

bool truth(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_boolean()) refuse(name, "true or false");
  return value.get<bool>();
}

Sight first_sight(const Json& object) {
  return {time(object, "since"), number_or_zero(object, "sequence")};
}

std::optional<Seen::Failing> failing_in(const Json& object) {
  const Json& part = field(object, "failing");
  if (!part.is_object()) return std::nullopt;
  return Seen::Failing{first_sight(part), text(part, "kind")};
}

Seen seen_now(const Json& object) {
  Seen seen;
  if (const Json& part = field(object, "drift"); part.is_object()) {
    Seen::Drift drift{first_sight(part), list_of(part, "findings", known_finding),
                      truth(part, "acknowledged")};
    if (const Json& resumed = field(part, "resumed"); resumed.is_object()) {
      drift.resumed = Sight{time(resumed, "at"), number_or_zero(resumed, "sequence")};
    }
    seen.drift = std::move(drift);
  }
  seen.failing = failing_in(object);
  return seen;
}

// Of schema_version 1: it held what people had been told as well, whether or not they were.
Seen seen_of_version_1(const Json& object) {
  Seen seen;
  if (const Json& part = field(object, "drift"); part.is_object()) {
    seen.drift = Seen::Drift{first_sight(part), list_of(part, "told", known_finding),
                             truth(part, "acknowledged")};
  }
  seen.failing = failing_in(object);
  return seen;
}

Told told_now(const Json& json) {
  const Json& report = object_at(json, "report");
  Told told{{time(report, "timestamp"), number_or_zero(report, "sequence")},
            time(json, "told_at"),
            text(json, "kind"),
            {},
            failing_in(json)};
  if (const Json& part = field(json, "drift"); part.is_object()) {
    told.drift = Told::Drift{first_sight(part), list_of(part, "findings", known_finding)};
  }
  return told;
}

std::optional<std::uint64_t> sequence(const Json& object) {
  if (!object.contains("sequence")) return std::nullopt;
  const Json& value = field(object, "sequence");
  if (value.is_null()) return 0;
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0) {
    refuse("sequence", "positive whole number");
  }
  return value.get<std::uint64_t>();
}

std::optional<std::string> digest(const Json& object, const char* name) {
  std::optional<std::string> hex = text_or_nothing(object, name);
  if (hex && (hex->size() != 64 || hex->find_first_not_of("0123456789abcdef") != hex->npos)) {
    refuse(name, "SHA-256");
  }
  return hex;
}

StoredReport::Schema schema_section(const Json& section) {
  StoredReport::Schema schema;
  if (truth(section, "compared")) {
    const Json& expected = object_at(section, "expected");
    schema.words = fmt::format("compared with what was {} at {}", text(expected, "from"),
                               text(expected, "place"));
    if (const Json& given = field(expected, "accepted"); given.is_object()) {
      schema.words += fmt::format(" by {}: {}", text(given, "by"), text(given, "reason"));
    }
  } else {
    schema.words = "not compared: " + text(section, "not_compared_because");
  }
  schema.health = list_of(object_at(section, "health"), "findings", finding);
  return schema;
}

StoredReport stored_report(const Json& json) {
  StoredReport report;
  report.timestamp = time(json, "timestamp");
  report.run_id = text_or_empty(json, "run_id");
  report.tool_version = text_or_empty(json, "tool_version");
  report.target = text(json, "target");
  report.status = text(json, "status");
  report.reason = text_or_empty(json, "reason");
  const Json& repository = object_at(json, "repository");
  report.repository_url = text_or_empty(repository, "url");
  report.ref = text_or_empty(repository, "ref");
  report.commit = text_or_empty(repository, "commit");
  report.database = text_or_empty(object_at(json, "production"), "database");
  report.codebase_heads = texts(json, "codebase_heads");
  report.production_versions = texts(json, "production_versions");
  report.pending = list_of(json, "pending", pending_revision);
  if (field(json, "operations").is_object()) report.operations = stored_operations(json);
  if (field(json, "applied").is_object()) report.applied = applied(field(json, "applied"));
  report.findings = list_of(json, "findings", finding);
  if (field(json, "schema").is_object()) report.schema = schema_section(field(json, "schema"));
  report.warnings = texts(json, "warnings");
  if (field(json, "failure").is_object()) {
    const Json& failure = field(json, "failure");
    report.failure = Failure{text(failure, "stage"), text(failure, "kind"),
                             text(failure, "message"), text_or_empty(failure, "hint")};
  }
  report.undelivered = texts(json, "undelivered");
  report.not_checked = texts(json, "not_checked");
  report.sequence = sequence(json);
  report.previous_sha256 = digest(json, "previous_sha256");
  report.previous_unknown_because = text_or_empty(json, "previous_unknown_because");
  report.duration_ms = whole_number(json, "duration_ms");
  for (const auto& [stage, duration] : object_at(json, "stage_durations_ms").items()) {
    if (!duration.is_number_integer()) refuse("stage_durations_ms", "object of whole numbers");
    report.stage_durations_ms.emplace_back(stage, duration.get<std::int64_t>());
  }
  const Json& alert = field(json, "alert");
  if (alert.is_object()) {
    report.alert_kind = text(alert, "kind");
    report.alert_due = truth(alert, "send");
    report.records_told = field(alert, "state").is_null();
    report.seen = report.records_told ? seen_now(object_at(alert, "seen"))
                                      : seen_of_version_1(object_at(alert, "state"));
  }
  return report;
}

Json parsed(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) throw Refused{"is not JSON"};
  if (!json.is_object()) throw Refused{"is no JSON object"};
  return json;
}

}  // namespace

std::variant<StoredReport, StoredReportRefusal> read_stored_report(std::string_view json) {
  try {
    return stored_report(parsed(json));
  } catch (const Refused& refused) {
    return StoredReportRefusal{refused.reason};
  }
}

Seen seen_in(const StoredReport& report) {
  if (report.seen) return *report.seen;
  const Sight first{report.timestamp, 0};
  Seen seen;
  if (report.failure) {
    seen.failing = Seen::Failing{first, report.failure->kind};
  } else if (report.status != verdict::status_name(verdict::Status::kSynced)) {
    seen.drift = Seen::Drift{first, known_findings(report.findings)};
  }
  return seen;
}

Report as_report(const StoredReport& stored) {
  Report report;
  report.timestamp = stored.timestamp;
  report.run_id = stored.run_id;
  report.target = stored.target;
  report.repository.url = stored.repository_url;
  report.repository.ref = stored.ref;
  if (!stored.commit.empty()) report.repository.commit = stored.commit;
  report.production.database = stored.database;
  using verdict::Status;
  for (const Status status : {Status::kSynced, Status::kBehind, Status::kAhead, Status::kDiverged,
                              Status::kUnknownRevision, Status::kUnversioned, Status::kInconsistent,
                              Status::kSchemaDrift}) {
    if (verdict::status_name(status) == stored.status) report.status = status;
  }
  report.reason = stored.reason;
  report.codebase_heads = stored.codebase_heads;
  report.production_versions = stored.production_versions;
  report.pending = stored.pending;
  report.findings = stored.findings;
  report.warnings = stored.warnings;
  report.failure = stored.failure;
  report.not_checked = stored.not_checked;
  report.sequence = stored.sequence.value_or(0);
  report.previous_sha256 = stored.previous_sha256;
  report.previous_unknown_because = stored.previous_unknown_because;
  return report;
}

std::variant<StoredSeen, StoredReportRefusal> read_seen(std::string_view json) {
  try {
    const Json document = parsed(json);
    return StoredSeen{seen_now(document),
                      {time(document, "at"), number_or_zero(document, "sequence")}};
  } catch (const Refused& refused) {
    return StoredReportRefusal{refused.reason};
  }
}

std::variant<Told, StoredReportRefusal> read_told(std::string_view json) {
  try {
    return told_now(parsed(json));
  } catch (const Refused& refused) {
    return StoredReportRefusal{refused.reason};
  }
}

std::optional<Acknowledgement> read_acknowledgement(std::string_view json) {
  try {
    const Json document = parsed(json);
    Acknowledgement given{time(document, "until"),
                          time(document, "at"),
                          text(document, "by"),
                          text(document, "reason"),
                          list_of(document, "findings", known_finding),
                          number_or_zero(document, "sequence")};
    if (!field(document, "withdrawn").is_null()) {
      const Json& object = object_at(document, "withdrawn");
      given.withdrawn =
          Withdrawal{time(object, "at"), text(object, "by"), text_or_empty(object, "reason")};
    }
    return given;
  } catch (const Refused&) {
    return std::nullopt;
  }
}

}  // namespace drift::report
