#include "drift/cli/detector_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/check/batches.h"
#include "drift/check/delivery.h"
#include "drift/cli/commands.h"
#include "drift/cli/fleet_event.h"
#include "drift/cli/scheduled_pages.h"
#include "drift/report/fleet_report.h"
#include "drift/report/metrics.h"
#include "drift/runtime_api/runtime.h"

namespace drift::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<config::Options> selected(std::vector<config::Options> targets,
                                      const check::Settings& settings,
                                      const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const check::Target& target : settings.targets) known.push_back(target.name);
  std::vector<config::Options> chosen;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      const std::string near = nearest(name, known);
      throw Error{Fault::kUsage,
                  fmt::format("the event names the target \"{}\", which the configuration does not "
                              "have",
                              shortened(printable(name), 100)),
                  near.empty() ? fmt::format("it has {}", fmt::join(known, ", "))
                               : fmt::format("did you mean \"{}\"?", near)};
    }
    chosen.push_back(targets[static_cast<std::size_t>(found - known.begin())]);
  }
  return chosen;
}

// The configuration with what the event overrides. Read for each invocation: the process outlives
// changes of a configuration file.
check::Settings settings_for(const DetectorEvent& event, const config::Options& spoken) {
  config::Options options = spoken;
  if (event.ref) options.ref = event.ref;
  if (event.dry_run) options.dry_run = true;
  config::Resolved resolved = config::resolve(options, config::from_environment());
  if (!event.targets.empty()) {
    const check::Settings all = config::check_settings(resolved);
    resolved.targets = selected(std::move(resolved.targets), all, event.targets);
  }
  return config::check_settings(resolved);
}

// The fields that the job has always answered, and where the whole report lies.
std::string in_short(const check::Outcome& outcome) {
  nlohmann::ordered_json whole = nlohmann::ordered_json::parse(outcome.json);
  nlohmann::ordered_json few;
  for (const char* name : {"timestamp", "codebase_head", "production_version", "drift_detected",
                           "status", "target", "run_id"}) {
    few[name] = whole[name];
  }
  few["report"] = outcome.stored_at;
  return few.dump();
}

// As the function before this one answered: the report is the body. Several targets stand in one
// body under the gravest of their statuses.
std::string body_of(const std::vector<check::Outcome>& outcomes, bool shortened) {
  const auto json = [&](const check::Outcome& outcome) {
    return shortened ? in_short(outcome) : outcome.json;
  };
  if (outcomes.empty()) return R"({"status": null, "drift_detected": null, "reports": []})";
  if (outcomes.size() == 1) return json(outcomes.front());
  const check::Outcome* worst = &outcomes.front();
  for (const check::Outcome& outcome : outcomes) {
    const int code = verdict::exit_code(outcome.report.status);
    const int so_far = verdict::exit_code(worst->report.status);
    if (check::worse_exit_code(code, so_far) == code && code != so_far) worst = &outcome;
  }
  const bool unknown = worst->report.status == verdict::Status::kError;
  const bool drift = worst->report.status != verdict::Status::kSynced;
  std::string body = fmt::format(
      R"({{"timestamp": "{}", "status": "{}", "drift_detected": {}, "reports": [)",
      rfc3339(outcomes.front().report.timestamp), verdict::status_name(worst->report.status),
      unknown ? "null"
      : drift ? "true"
              : "false");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (i > 0) body += ", ";
    body += json(outcomes[i]);
  }
  return body + "]}";
}

class Detector {
 public:
  explicit Detector(const Context& context, config::Options spoken)
      : context_(context),
        spoken_(std::move(spoken)),
        aws_(std::make_shared<check::AwsAccess>(clock())) {
    // A configuration that cannot work ends the start, where Lambda counts it as an error.
    const check::Settings settings = settings_for({}, spoken_);
    const check::Run run{"", clock(), std::make_shared<Stop>(), context_.log, aws_};
    const check::Delivery all_sinks_exist{settings, run};
  }

  std::string answer(const runtime_api::Invocation& invocation, const Stop& stop) {
    if (const auto asked = read_action_event(invocation.payload)) return act(*asked, stop);
    check::Settings timed = settings_for(read_detector_event(invocation.payload), spoken_);
    const check::Run run = timed_run(timed, aws::random_hex(8), stop);
    std::vector<check::Outcome> outcomes;
    const check::RunEnd end = check::run(timed, run, [&](const check::Outcome& outcome) {
      log_undelivered(outcome.report.undelivered);
      outcomes.push_back(outcome);
    });
    // A dry run is nobody's night: its figures would turn alarms on and off.
    if (!timed.dry_run) {
      for (const report::Measures& measures : end.measures) {
        write_fully(1, report::embedded_metrics(measures) + "\n");
      }
    }
    log_undelivered(end.undelivered);
    std::string body = body_of(outcomes, /*shortened=*/false);
    constexpr std::size_t kEnvelope = 64;
    if (body.size() + kEnvelope > runtime_api::kMostAnswerBytes) body = body_of(outcomes, true);
    return R"({"statusCode": 200, "body": )" + body + "}";
  }

 private:
  // A run that reads until `stop` leaves no more than what delivering takes.
  check::Run timed_run(check::Settings& settings, const std::string& id, const Stop& stop) {
    const milliseconds left = stop.remaining();
    settings.delivery_time =
        std::min(settings.delivery_time, config::delivery_time(std::chrono::floor<seconds>(left)));
    // Owned by threads that may be left behind (see check::Side).
    const auto reading = std::make_shared<Stop>(left - settings.delivery_time, stop);
    context_.log->set_run_id(id);
    return {id, clock(), reading, context_.log, aws_};
  }

  // The steps of a fleet's run that Step Functions calls.
  std::string act(const ActionEvent& asked, const Stop& stop) {
    check::Settings settings = settings_for({}, spoken_);
    const bool of_fleet = asked.action != Action::kSummary;
    const check::Run run = timed_run(settings, of_fleet ? asked.run.id : aws::random_hex(8), stop);
    if (asked.action == Action::kSummary) return summary_answer(settings, run);
    if (asked.action == Action::kFleetList) {
      const check::Listed listed =
          check::list_batches(settings, run, asked.run, asked.batch_size, asked.batches_at_once);
      return fmt::format(R"({{"bucket": "{}", "key": "{}", "targets": {}, "batches": {}}})",
                         listed.bucket, listed.key, listed.targets, listed.batches);
    }
    if (asked.action == Action::kFleetBatch) {
      const auto rows = check::check_batch(settings, run, asked.run, asked.batch);
      for (const report::FleetRow& row : rows) log_undelivered(row.undelivered);
      return fmt::format(R"({{"batch": {}, "targets": {}}})", asked.batch.number, rows.size());
    }
    const report::FleetReport fleet =
        check::close_fleet(settings, run, asked.run, asked.lost, asked.all_lost);
    log_undelivered(fleet.undelivered);
    write_fully(1, report::embedded_metrics(fleet) + "\n");
    // The page shows what the reports say, and they are there: without it the run is no failure.
    try {
      write_fleet_page(settings, run, asked.run.started, *context_.log);
    } catch (const Error& error) {
      context_.log->write(LogLevel::kError,
                          fmt::format("the fleet's page is not written: {}", error.what()));
    }
    return fmt::format(R"({{"targets": {}, "told": {}, "lost_batches": {}, "undelivered": {}}})",
                       fleet.rows.size(), fleet.told, fleet.lost_batches, fleet.undelivered.size());
  }

  std::string summary_answer(const check::Settings& settings, const check::Run& run) {
    const SummarySent sent = send_summary(settings, run, *context_.log);
    return nlohmann::ordered_json{
        {"targets", sent.targets}, {"page", sent.page}, {"told", sent.told}}
        .dump();
  }

  void log_undelivered(const std::vector<std::string>& sentences) {
    for (const std::string& sentence : sentences) {
      context_.log->write(LogLevel::kError, sentence);
    }
  }

  // Lives as long as threads that are left behind may use it.
  static const Clock& clock() {
    static const SystemClock clock;
    return clock;
  }

  const Context& context_;
  const config::Options spoken_;
  std::shared_ptr<check::AwsAccess> aws_;
};

using Json = nlohmann::json;

constexpr const char* kForm =
    "send {}, or {\"ref\": \"main\", \"targets\": [\"orders\"], \"dry_run\": true}";

[[noreturn]] void refuse(const std::string& why, const std::string& hint = kForm) {
  throw Error{Fault::kUsage, "the event " + why, hint};
}

std::string text(const Json& value, const std::string& key) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value;
  refuse(fmt::format("has \"{}\", which is not text", key));
}

DetectorEvent from_object(const Json& object) {
  static const std::vector<std::string> kKeys = {"ref", "targets", "dry_run"};
  DetectorEvent event;
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) continue;
    if (key == "ref") {
      event.ref = text(value, key);
    } else if (key == "targets") {
      if (!value.is_array()) {
        event.targets.push_back(text(value, key));
        continue;
      }
      for (const Json& target : value) event.targets.push_back(text(target, key));
      // Nobody means "all" by naming none.
      if (event.targets.empty()) refuse("has \"targets\", which is empty");
    } else if (key == "dry_run") {
      if (!value.is_boolean()) refuse("has \"dry_run\", which is neither true nor false");
      event.dry_run = value;
    } else {
      const std::string near = nearest(key, kKeys);
      refuse(fmt::format("has the key \"{}\", which is not known", shortened(printable(key), 40)),
             near.empty() ? kForm : fmt::format("did you mean \"{}\"?", near));
    }
  }
  return event;
}

}  // namespace

DetectorEvent read_detector_event(const std::string& payload) {
  if (payload.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  // No exceptions: theirs quote the text.
  Json event = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
  if (event.is_discarded()) refuse("is not JSON");
  if (event.is_null()) return {};
  if (!event.is_object()) refuse("is not a JSON object");
  const bool from_bridge = event.contains("detail-type") && event.contains("source");
  if (!from_bridge) return from_object(event);
  // EventBridge Scheduler writes its empty detail as a text: "{}".
  Json detail = event.contains("detail") ? event["detail"] : Json::object();
  if (detail.is_string()) detail = Json::parse(detail.get<std::string>(), nullptr, false);
  if (detail.is_null()) return {};
  if (!detail.is_object()) refuse("has a \"detail\" that is not a JSON object");
  return from_object(detail);
}

int run_detector(const Context& context, const config::Options& call) {
  std::optional<Detector> detector;
  runtime_api::serve(
      environment_or_empty("AWS_LAMBDA_RUNTIME_API"), [&] { detector.emplace(context, call); },
      [&](const runtime_api::Invocation& invocation, const Stop& stop) {
        return detector->answer(invocation, stop);
      },
      *context.stop, *context.log);
  return 0;
}

}  // namespace drift::cli
