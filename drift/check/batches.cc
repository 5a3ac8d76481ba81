#include "drift/check/batches.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/delivery.h"
#include "drift/check/expansion.h"
#include "drift/check/fleet_run.h"
#include "drift/check/side_by_side.h"
#include "drift/report/stored_report.h"
#include "reporters/store.h"
#include "reporters/web_call.h"

namespace drift::check {
namespace {

constexpr std::size_t kMostBatches = 400;
constexpr std::size_t kMostCause = 300;

std::unique_ptr<reporters::Store> store_of(const Settings& settings, const Run& run) {
  return reporters::make_store(settings.reports, settings.report_options, run.aws->source());
}

std::string batch_name(std::size_t number) { return fmt::format("batch-{}", number); }

// The settings of each item, in their order: all that the items name are there, whatever became of
// the configuration since they were listed.
std::vector<Target> targets_of(const std::vector<BatchItem>& items,
                               const std::vector<Target>& configured) {
  std::map<std::string_view, const Target*> by_name;
  for (const Target& target : configured) by_name[target.name] = &target;
  std::vector<Target> all;
  for (const BatchItem& item : items) {
    const auto found = by_name.find(item.target);
    Target target;
    // One that stands for databases is listed as those, or with why it cannot be.
    const bool is_the_same =
        found != by_name.end() &&
        (item.impossible || found->second->databases_from.empty() == item.database.empty());
    if (!is_the_same) {
      target.name = item.target;
      target.impossible = Error{Fault::kConfiguration,
                                "the configuration no longer has this target as it was listed",
                                "it was changed while the fleet was being checked"};
    } else {
      target = *found->second;
      target.databases_from.clear();
    }
    if (!item.database.empty()) {
      target.database.dbname = item.database;
      target.name = name_of_expanded(item.target, item.database);
    }
    if (item.impossible) target.impossible = item.impossible;
    all.push_back(std::move(target));
  }
  return all;
}

std::string name_of(const BatchItem& item) {
  return item.database.empty() ? item.target : name_of_expanded(item.target, item.database);
}

// What the last step needs of news that were kept here.
report::PendingNews pending_news(const Delivery::News& news) {
  return {news.place, news.outcome.report.timestamp, news.news,
          news.outcome.report.alert->destinations};
}

// The inverse: as much of the report as telling takes.
Delivery::News from_pending(const report::PendingNews& kept, const report::FleetRow& row,
                            const std::string& run_id) {
  Delivery::News news;
  news.place = kept.place;
  news.news = kept.news;
  news.whole = false;
  report::Report& report = news.outcome.report;
  report.target = kept.place.target;
  report.timestamp = kept.timestamp;
  report.run_id = run_id;
  report.status = row.status;
  report.failure = row.failure;
  report.alert.emplace();
  report.alert->destinations = kept.destinations;
  news.outcome.stored_at = row.stored_at;
  if (!row.stored_at.empty()) news.outcome.location = row.stored_at;
  return news;
}

// Where one target alone has news, the message is that target's own: from its report.
void make_whole(Delivery::News& news, reporters::ReportArchive& archive, const Stop& stop) {
  if (news.outcome.stored_at.empty()) return;
  const auto json = archive.read(report::name_of(news.outcome.report), stop);
  if (!json) return;
  const auto read = report::read_stored_report(*json);
  const auto* stored = std::get_if<report::StoredReport>(&read);
  if (stored == nullptr) return;
  report::AlertDecision decision = std::move(*news.outcome.report.alert);
  if (stored->seen) decision.seen = *stored->seen;
  news.outcome.report = report::as_report(*stored);
  news.outcome.report.alert = std::move(decision);
  news.outcome.report.stored_sha256 = aws::sha256_hex(*json);
  news.whole = true;
}

// A step that is repeated after it told some of them must not tell those again.
void leave_out_who_was_told(std::vector<Delivery::News>& all, const Delivery& delivery,
                            const Stop& stop) {
  const std::vector<AlertReader> readers = delivery.readers();
  const auto archive = delivery.archive();
  side_by_side(all.size(), [&](std::size_t i) {
    auto& destinations = all[i].outcome.report.alert->destinations;
    for (std::size_t d = 0; d < std::min(readers.size(), destinations.size()); ++d) {
      if (!destinations[d].send || !readers[d].identity) continue;
      try {
        const report::Place& place = all[i].place;
        const auto json = archive->told(place.target, told_key(place, *readers[d].identity), stop);
        if (!json) continue;
        const auto read = report::read_told(*json);
        const auto* told = std::get_if<report::Told>(&read);
        // That of this very report, or of one that came after it.
        if (told != nullptr && !earlier(told->by, destinations[d].after.by)) {
          destinations[d].send = false;
        }
      } catch (const std::exception&) {
        continue;  // told twice rather than never
      }
    }
  });
  std::erase_if(all, [](const Delivery::News& news) {
    const auto& destinations = news.outcome.report.alert->destinations;
    return std::none_of(destinations.begin(), destinations.end(),
                        [](const auto& one) { return one.send; });
  });
}

Error error_of(std::size_t batch, const Lost& lost) {
  const bool late = lost.error == "Sandbox.Timedout" || lost.error == "States.Timeout";
  const std::string cause =
      lost.cause.empty() ? (lost.error.empty() ? std::string("nothing is known of it") : lost.error)
                         : shortened(printable(lost.cause), kMostCause);
  return {late ? Fault::kTimedOut : Fault::kAwsFailed,
          fmt::format("batch {} of the fleet gave no result: {}", batch, cause),
          "the function's log says more; smaller batches take less time and memory"};
}

// Of all batches, as far as there is one.
struct Found {
  std::vector<report::FleetRow> rows;
  std::vector<Delivery::News> news;
  std::vector<Target> untold;  // without a result
  std::size_t lost_batches = 0;
};

void take_result(Found& found, const report::BatchResult& result, std::set<std::string>& missing) {
  std::map<std::string, const report::FleetRow*> rows;
  for (const report::FleetRow& row : result.rows) {
    if (missing.erase(row.target) == 0) continue;  // nobody asked for it
    found.rows.push_back(row);
    rows[row.target] = &row;
  }
  for (const report::PendingNews& one : result.news) {
    const auto row = rows.find(one.place.target);
    if (row != rows.end()) found.news.push_back(from_pending(one, *row->second, result.run_id));
  }
}

// Every batch is read, and whoever has no row in its batch's result is one of the untold.
Found found_results(const std::vector<Batch>& batches, const Settings& settings, const Run& run,
                    const FleetRun& fleet, const std::map<std::size_t, Lost>& lost,
                    const std::optional<Lost>& all_lost) {
  std::vector<std::optional<report::BatchResult>> results(batches.size());
  std::vector<Lost> why(batches.size());
  const auto store = store_of(settings, run);
  side_by_side(batches.size(), [&](std::size_t i) {
    const std::size_t number = batches[i].number;
    if (const auto told = lost.find(number); told != lost.end()) {
      why[i] = told->second;
    } else if (all_lost) {
      why[i] = *all_lost;
    }
    try {
      const auto path = report::fleet_work_path(fleet.id, batch_name(number));
      const auto json = store->read(path, *run.stop);
      if (!json) return;
      auto read = report::read_batch_result(*json);
      if (auto* result = std::get_if<report::BatchResult>(&read)) {
        if (result->run_id == fleet.id) results[i] = std::move(*result);
      } else {
        why[i].cause = "its result " + std::get<report::StoredReportRefusal>(read).reason;
      }
    } catch (const std::exception& error) {
      why[i].cause = error.what();
    }
  });
  Found found;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::set<std::string> missing;
    for (const BatchItem& item : batches[i].items) missing.insert(name_of(item));
    if (results[i]) take_result(found, *results[i], missing);
    if (missing.empty()) continue;
    ++found.lost_batches;
    for (Target& target : targets_of(batches[i].items, settings.targets)) {
      if (missing.count(target.name) == 0) continue;
      target.impossible = error_of(batches[i].number, why[i]);
      target.impossible_stage = "run";
      found.untold.push_back(std::move(target));
    }
  }
  return found;
}

std::vector<Batch> listed_batches(const Settings& settings, const Run& run, const FleetRun& fleet) {
  const auto store = store_of(settings, run);
  const std::string path = report::fleet_work_path(fleet.id, "targets");
  const auto json = store->read(path, *run.stop);
  if (!json) {
    throw Error{Fault::kReportUnreadable,
                fmt::format("the list of this run's targets is not at {}", store->place(path)),
                "the step that lists them has to run first"};
  }
  return read_batches(*json);
}

// What is told, and to whom it was: into `report`.
void tell(report::FleetReport& report, std::vector<Delivery::News> news, Delivery& delivery,
          const Settings& settings, const Run& run) {
  leave_out_who_was_told(news, delivery, *run.stop);
  if (news.size() == 1 && !news.front().whole) {
    make_whole(news.front(), *delivery.archive(), *run.stop);
  }
  RunEnd end;
  end.statuses = report::statuses(report);
  report::FleetAlert facts = facts_of(settings, run, end);
  facts.targets = report.rows.size();
  report.told = news.size();
  const auto untold = delivery.tell(news, facts);
  report.undelivered.insert(report.undelivered.end(), untold.begin(), untold.end());
}

}  // namespace

Listed list_batches(const Settings& settings, const Run& run, const FleetRun& fleet,
                    std::size_t size, std::size_t at_once) {
  const std::string path = report::fleet_work_path(fleet.id, "targets");
  const auto store = settings.reports.empty() ? nullptr : store_of(settings, run);
  constexpr std::string_view kS3 = "s3://";
  const std::string place = store ? store->place(path) : "";
  if (!place.starts_with(kS3)) {
    throw Error{Fault::kUsage, "a fleet's steps meet in a bucket, and --reports names none",
                "give --reports s3://bucket/prefix"};
  }
  std::vector<BatchItem> items;
  for (const Target& target : expanded(settings.targets, run, settings.limits)) {
    if (!settings.shard.has(target.name)) continue;
    const bool is_expanded = !target.expanded_from.empty();
    items.push_back({is_expanded ? target.expanded_from : target.name,
                     is_expanded ? target.database.dbname : "", target.impossible});
  }
  const std::size_t of_one = std::max(size, (items.size() + kMostBatches - 1) / kMostBatches);
  std::vector<Batch> batches;
  for (BatchItem& item : items) {
    if (batches.empty() || batches.back().items.size() == of_one) {
      batches.push_back({batches.size(), at_once, {}});
    }
    batches.back().items.push_back(std::move(item));
  }
  store->replace(path, batches_json(batches, fleet), {}, *run.stop);
  run.log->info("fleet listed", {{"targets", std::to_string(items.size())},
                                 {"batches", std::to_string(batches.size())}});
  const std::size_t slash = place.find('/', kS3.size());
  return {place.substr(kS3.size(), slash - kS3.size()), place.substr(slash + 1), items.size(),
          batches.size()};
}

std::vector<report::FleetRow> check_batch(const Settings& asked, const Run& run,
                                          const FleetRun& fleet, const Batch& batch) {
  Settings settings = asked;
  settings.targets = targets_of(batch.items, asked.targets);
  // All batches that run at once keep to what one process would.
  settings.limits.per_host =
      std::max<std::size_t>(1, settings.limits.per_host / std::max<std::size_t>(1, batch.at_once));
  if (!settings.limits.target_time) settings.limits.target_time = kTargetTime;
  Delivery delivery(settings, run);
  report::BatchResult result{fleet.id, {}, {}};
  RunEnd end;
  const Kept kept = check_and_keep(settings, run, delivery, end, [&](const Outcome& outcome) {
    result.rows.push_back(report::row_of(outcome.report, outcome.stored_at));
  });
  if (kept.unread) std::rethrow_exception(kept.unread);
  for (const Delivery::News& news : kept.news) result.news.push_back(pending_news(news));
  for (const std::string& sentence : delivery.upload_spooled()) {
    run.log->write(LogLevel::kError, sentence);
  }
  // Of the time for delivery: what the run had for reading may be over.
  const Stop storing{settings.delivery_time, *run.stop, Stop::RequestsOnly{}};
  store_of(settings, run)
      ->replace(report::fleet_work_path(fleet.id, batch_name(batch.number)),
                report::to_json(result), {}, storing);
  return std::move(result.rows);
}

report::FleetReport close_fleet(const Settings& asked, const Run& run, const FleetRun& fleet,
                                const std::map<std::size_t, Lost>& lost,
                                const std::optional<Lost>& all_lost) {
  const std::vector<Batch> batches = listed_batches(asked, run, fleet);
  Found found = found_results(batches, asked, run, fleet, lost, all_lost);
  report::FleetReport report;
  report.fleet = fleet.name;
  report.run_id = fleet.id;
  report.started = fleet.started;
  report.batches = batches.size();
  report.lost_batches = found.lost_batches;
  report.rows = std::move(found.rows);
  Settings settings = asked;
  settings.targets = std::move(found.untold);
  Delivery delivery(settings, run);
  std::vector<Delivery::News> news = std::move(found.news);
  if (settings.targets.empty()) {
    delivery.begin();
  } else {
    RunEnd end;
    Kept kept = check_and_keep(settings, run, delivery, end, [&](const Outcome& outcome) {
      report.rows.push_back(report::row_of(outcome.report, outcome.stored_at));
    });
    std::move(kept.news.begin(), kept.news.end(), std::back_inserter(news));
  }
  tell(report, std::move(news), delivery, settings, run);
  const auto spooled = delivery.upload_spooled();
  report.undelivered.insert(report.undelivered.end(), spooled.begin(), spooled.end());
  report.finished = run.clock.now();
  const Stop storing{settings.delivery_time, *run.stop, Stop::RequestsOnly{}};
  store_of(settings, run)
      ->replace(report::fleet_path(fleet.started, "json"), report::to_json(report), {}, storing);
  if (!settings.heartbeat.empty()) reporters::send_heartbeat(settings.heartbeat, storing);
  return report;
}

}  // namespace drift::check
