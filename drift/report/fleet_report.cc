#include "drift/report/fleet_report.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "drift/base/printable.h"
#include "drift/report/alert_decision.h"
#include "drift/report/metrics.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;
using verdict::Status;

constexpr int kFleetVersion = 1;

// Every status, kError being the last.
std::vector<Status> all_statuses() {
  std::vector<Status> all;
  for (int i = 0; i <= static_cast<int>(Status::kError); ++i) all.push_back(static_cast<Status>(i));
  return all;
}
const std::vector<Status>& known_statuses() {
  static const std::vector<Status> all = all_statuses();
  return all;
}

constexpr std::array kSeverities = {verdict::Severity::kInfo, verdict::Severity::kWarning,
                                    verdict::Severity::kCritical};

// The inverse of a function that names one of `all`. What has no such name is damaged.
template <typename All, typename Name>
auto named(const All& all, Name name, const std::string& word) {
  for (const auto one : all) {
    if (name(one) == word) return one;
  }
  throw std::out_of_range(word);
}

std::vector<AlertKind> all_kinds() {
  std::vector<AlertKind> kinds;
  for (int i = 0; i <= static_cast<int>(AlertKind::kNoDestination); ++i) {
    kinds.push_back(static_cast<AlertKind>(i));
  }
  return kinds;
}

AlertKind kind_named(const std::string& word) {
  static const std::vector<AlertKind> kinds = all_kinds();
  return named(kinds, alert_kind_name, word);
}

Json list(const std::vector<std::string>& texts) {
  Json array = Json::array();
  for (const std::string& text : texts) array.push_back(valid_utf8(text));
  return array;
}

Json failure_of(const std::optional<Failure>& failure) {
  if (!failure) return nullptr;
  return {{"stage", failure->stage},
          {"kind", failure->kind},
          {"message", valid_utf8(failure->message)},
          {"hint", valid_utf8(failure->hint)}};
}

Json row_json(const FleetRow& row) {
  return {{"target", row.target},
          {"status", verdict::status_name(row.status)},
          {"what", valid_utf8(row.what)},
          {"pending_count", row.pending},
          {"failure", failure_of(row.failure)},
          {"report", row.stored_at.empty() ? Json(nullptr) : Json(valid_utf8(row.stored_at))},
          {"undelivered", list(row.undelivered)}};
}

FleetRow row_in(const Json& json) {
  FleetRow row;
  row.target = json.at("target");
  row.status = named(known_statuses(), verdict::status_name, json.at("status"));
  row.what = json.at("what");
  row.pending = json.at("pending_count");
  if (const Json& failure = json.at("failure"); !failure.is_null()) {
    row.failure =
        Failure{failure.at("stage"), failure.at("kind"), failure.at("message"), failure.at("hint")};
  }
  if (!json.at("report").is_null()) row.stored_at = json.at("report");
  row.undelivered = json.at("undelivered").get<std::vector<std::string>>();
  return row;
}

Json news_json(const PendingNews& one) {
  Json destinations = Json::array();
  for (const DestinationDecision& decision : one.destinations) {
    destinations.push_back(
        {{"destination", valid_utf8(decision.destination)},
         {"send", decision.send},
         {"kind", alert_kind_name(decision.kind)},
         {"reason", valid_utf8(decision.reason)},
         {"changes", list(decision.changes)},
         {"after", Json::parse(to_json(one.place, decision.destination, decision.after))}});
  }
  const TargetNews& news = one.news;
  return {{"target", one.place.target},
          {"repository", valid_utf8(one.place.repository)},
          {"ref", valid_utf8(one.place.ref)},
          {"timestamp", rfc3339(one.timestamp)},
          {"status", verdict::status_name(news.status)},
          {"kind", alert_kind_name(news.kind)},
          {"severity", verdict::severity_name(news.severity)},
          {"cause", valid_utf8(news.cause)},
          {"what", valid_utf8(news.what)},
          {"action", valid_utf8(news.action)},
          {"destinations", std::move(destinations)}};
}

PendingNews news_in(const Json& json) {
  PendingNews one;
  one.place = {json.at("target"), json.at("repository"), json.at("ref")};
  one.timestamp = parse_rfc3339(json.at("timestamp").get<std::string>()).value();
  TargetNews& news = one.news;
  news.target = one.place.target;
  news.status = named(known_statuses(), verdict::status_name, json.at("status"));
  news.kind = kind_named(json.at("kind"));
  news.severity = named(kSeverities, verdict::severity_name, json.at("severity"));
  news.cause = json.at("cause");
  news.what = json.at("what");
  news.action = json.at("action");
  for (const Json& item : json.at("destinations")) {
    DestinationDecision decision;
    decision.destination = item.at("destination");
    decision.send = item.at("send");
    decision.kind = kind_named(item.at("kind"));
    decision.reason = item.at("reason");
    decision.changes = item.at("changes").get<std::vector<std::string>>();
    decision.after = std::get<Told>(read_told(item.at("after").dump()));
    one.destinations.push_back(std::move(decision));
  }
  return one;
}

BatchResult result_in(const Json& json) {
  BatchResult result;
  result.run_id = json.at("run_id");
  for (const Json& row : json.at("rows")) result.rows.push_back(row_in(row));
  for (const Json& one : json.at("news")) result.news.push_back(news_in(one));
  return result;
}

}  // namespace

FleetRow row_of(const Report& report, const std::string& stored_at) {
  FleetRow row;
  row.target = report.target;
  row.status = report.status;
  row.what = what_it_says(report);
  row.pending = report.pending.size();
  row.failure = report.failure;
  row.stored_at = stored_at;
  row.undelivered = report.undelivered;
  return row;
}

std::string to_json(const BatchResult& result) {
  Json document = {{"schema_version", kFleetVersion}, {"run_id", result.run_id}};
  Json rows = Json::array();
  for (const FleetRow& row : result.rows) rows.push_back(row_json(row));
  Json news = Json::array();
  for (const PendingNews& one : result.news) news.push_back(news_json(one));
  document["rows"] = std::move(rows);
  document["news"] = std::move(news);
  return document.dump(1) + "\n";
}

std::variant<BatchResult, StoredReportRefusal> read_batch_result(std::string_view json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return StoredReportRefusal{"is not a JSON object"};
  if (document.value("schema_version", 0) != kFleetVersion) {
    return StoredReportRefusal{"is of another version of schema-drift"};
  }
  // Nobody but this program writes it, within minutes: a field that is missing says that the
  // bytes are not what was written, whichever it is.
  try {
    return result_in(document);
  } catch (const std::exception&) {
    return StoredReportRefusal{"is damaged"};
  }
}

std::map<Status, std::size_t> statuses(const FleetReport& report) {
  std::map<Status, std::size_t> counts;
  for (const FleetRow& row : report.rows) ++counts[row.status];
  return counts;
}

std::string to_json(const FleetReport& report) {
  const auto counts = statuses(report);
  Json by_status = Json::object();
  for (const Status status : known_statuses()) {
    const auto found = counts.find(status);
    by_status[std::string(verdict::status_name(status))] =
        found == counts.end() ? 0 : found->second;
  }
  std::vector<const FleetRow*> sorted;
  for (const FleetRow& row : report.rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(),
            [](const FleetRow* a, const FleetRow* b) { return a->target < b->target; });
  Json rows = Json::array();
  for (const FleetRow* row : sorted) rows.push_back(row_json(*row));
  Json document = {{"schema_version", kFleetVersion},    {"tool_version", tool_version()},
                   {"fleet", valid_utf8(report.fleet)},  {"run_id", report.run_id},
                   {"started", rfc3339(report.started)}, {"finished", rfc3339(report.finished)},
                   {"target_count", report.rows.size()}, {"statuses", std::move(by_status)},
                   {"batches", report.batches},          {"lost_batches", report.lost_batches},
                   {"told_count", report.told},          {"undelivered", list(report.undelivered)},
                   {"targets", std::move(rows)}};
  return document.dump(2) + "\n";
}

std::string embedded_metrics(const FleetReport& report) {
  const auto counts = statuses(report);
  const auto count = [&](Status status) -> std::size_t {
    const auto found = counts.find(status);
    return found == counts.end() ? 0 : found->second;
  };
  const std::size_t synced = count(Status::kSynced);
  const std::size_t unknown = count(Status::kError);
  std::size_t undelivered = report.undelivered.size();
  for (const FleetRow& row : report.rows) undelivered += row.undelivered.size();
  const auto counted = [](const char* name, std::size_t value) {
    return Metric{name, "Count", static_cast<std::int64_t>(value)};
  };
  return embedded_metrics(
      "Fleet", report.fleet, report.finished,
      {counted("Targets", report.rows.size()),
       counted("Synced", synced),
       counted("Drifted", report.rows.size() - synced - unknown),
       counted("CouldNotTell", unknown),
       counted("LostBatches", report.lost_batches),
       counted("Undelivered", undelivered),
       {"FleetDuration", "Seconds", (report.finished - report.started).count()}});
}

}  // namespace drift::report
