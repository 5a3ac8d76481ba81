#include "drift/cli/scheduled_pages.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/cli/report_histories.h"
#include "drift/report/history_page.h"
#include "drift/report/report_path.h"
#include "drift/report/summary_mail.h"
#include "reporters/alert_sink.h"
#include "reporters/report_archive.h"
#include "reporters/store.h"

namespace drift::cli {
namespace {

// A night's run may begin an hour late and end an hour later.
constexpr std::chrono::hours kNight{25};

std::unique_ptr<reporters::Store> store_of(const check::Settings& settings, const check::Run& run) {
  if (settings.reports.empty()) {
    throw Error{Fault::kUsage, "no --reports was given",
                "give --reports s3://bucket/prefix, or set REPORTS_BUCKET"};
  }
  return reporters::make_store(settings.reports, settings.report_options, run.aws->source());
}

}  // namespace

SummarySent send_summary(const check::Settings& settings, const check::Run& run, Log& log) {
  const auto store = store_of(settings, run);
  const TimePoint now = run.clock.now();
  reporters::ReportArchive archive(store_of(settings, run));
  const Histories read = read_histories(archive, {}, now, *run.stop, log);
  const std::string path = report::summary_path(now);
  const Stop delivering{settings.delivery_time, *run.stop, Stop::RequestsOnly{}};
  store->replace(path, report::history_page(read.targets, read.period), {}, delivering);
  SummarySent sent{read.targets.size(), store->place(path), {}};
  const report::SummaryMail mail =
      report::summary_mail(read.targets, read.period, sent.page, run.id);
  std::optional<Error> failure;
  for (const std::string& url : settings.alerts) {
    const auto sink = reporters::make_alert_sink(url, settings.alert_options, run.aws->source());
    try {
      if (sink->send_summary(mail, delivering)) sent.told.push_back(sink->name());
    } catch (const Error& error) {
      log.write(LogLevel::kError, error.what());
      if (!failure) failure = error;
    }
  }
  if (failure) throw Error(*failure);
  if (sent.told.empty()) {
    log.warning("nobody is sent the summary: give --alerts the ARN of a topic, or mailto:ADDRESS");
  }
  return sent;
}

std::string write_fleet_page(const check::Settings& settings, const check::Run& run,
                             TimePoint started, Log& log) {
  const auto store = store_of(settings, run);
  reporters::ReportArchive archive(store_of(settings, run));
  reporters::ReportFilter day;
  day.since = started - kNight;
  const Stop reading{settings.delivery_time + run.stop->remaining(), *run.stop,
                     Stop::RequestsOnly{}};
  const Histories read = read_histories(archive, day, run.clock.now(), reading, log);
  const std::string path = report::fleet_path(started, "html");
  store->replace(path, report::history_page(read.targets, read.period), {}, reading);
  return store->place(path);
}

}  // namespace drift::cli
