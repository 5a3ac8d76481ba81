#include "drift/doctor/checks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <variant>

#include "drift/base/printable.h"
#include "drift/base/url.h"
#include "drift/report/acknowledgement_standing.h"
#include "drift/report/age.h"
#include "drift/report/report.h"
#include "drift/report/target_history.h"

namespace drift::doctor {
namespace {

constexpr const char* kLastReport = "last_report";
constexpr const char* kAcknowledgement = "acknowledgement";
constexpr const char* kWrite = "reports_write";
// Long enough to mend what is acknowledged, or to ask for more time.
constexpr std::chrono::days kSoon{3};

// The run's own clock may be a little ahead of ours; more than that is wrong.
constexpr std::chrono::minutes kAhead{10};

std::string ahead(std::chrono::seconds span) {
  return span < std::chrono::hours{1}
             ? fmt::format("{} minutes", std::chrono::floor<std::chrono::minutes>(span).count())
             : report::time_span(span);
}

}  // namespace

Outcome last_report_outcome(const report::StoredReport& last, TimePoint now) {
  const auto known = report::age(std::min(last.timestamp, now), now);
  const std::string what = report::in_short(last);
  Outcome outcome{kLastReport, last.target, State::kOk,
                  fmt::format("{}: {}{}", known ? *known + " ago" : "at " + rfc3339(last.timestamp),
                              printable(last.status), what.empty() ? "" : ": " + what),
                  ""};
  if (last.timestamp - now > kAhead) {
    outcome.state = State::kWarn;
    outcome.seen =
        fmt::format("it is dated {}, {} after this machine's clock: {}{}", rfc3339(last.timestamp),
                    ahead(last.timestamp - now), last.status, what.empty() ? "" : ": " + what);
    outcome.action =
        "one of the two clocks is wrong: compare that of the nightly run's machine and this one's "
        "with the time; ages and reminders go by it";
  } else if (!known) {
    outcome.state = State::kWarn;
    outcome.action = fmt::format(
        "that cannot be: here it is {}; set the clock of the machine that runs, or this one's",
        rfc3339(now));
  } else if (now - last.timestamp > report::kSilence) {
    outcome.state = State::kWarn;
    outcome.action =
        "the nightly run does not run, or cannot store: look at its schedule and its log";
  } else if (!last.undelivered.empty()) {
    outcome.state = State::kWarn;
    outcome.action =
        fmt::format("its alert did not get through: {}", printable(last.undelivered.front()));
  } else if (last.failure) {
    outcome.state = State::kWarn;
    outcome.action = last.failure->hint.empty() ? "the rows that fail here may say why"
                                                : printable(last.failure->hint);
  }
  return outcome;
}

Outcome acknowledgement_outcome(const std::string& target, const report::Acknowledgement& given,
                                const report::StoredReport& last, TimePoint now) {
  const report::Standing standing = report::standing_of(given, &last, now);
  if (standing == report::Standing::kWithdrawn || standing == report::Standing::kRecovered) {
    return {kAcknowledgement, target, State::kOk,
            shortened(report::standing_text(given, &last, now), 300) +
                "; drift that is there now is told",
            ""};
  }
  Outcome outcome{kAcknowledgement, target, State::kOk,
                  fmt::format("quiet until {}, by {}: {}", rfc3339(given.until),
                              shortened(printable(given.by)), shortened(printable(given.reason))),
                  ""};
  const std::string again = fmt::format("mend it, or schema-drift ack {} --until DATE", target);
  if (given.until <= now) {
    outcome.state = State::kWarn;
    outcome.seen = fmt::format("expired {} ago, by {}: {}", report::time_span(now - given.until),
                               shortened(printable(given.by)), shortened(printable(given.reason)));
    outcome.action = "the drift is told again: " + again;
  } else if (given.until - now < kSoon) {
    outcome.state = State::kWarn;
    outcome.action = fmt::format("it ends in {}: {}", report::time_span(given.until - now), again);
  } else if (const std::string others = report::uncovered_text(given, last); !others.empty()) {
    outcome.state = State::kWarn;
    outcome.action = fmt::format("it does not cover {}, which is told", others);
  }
  return outcome;
}

Outcomes examine_history(reporters::ReportArchive& archive, const std::string& target,
                         TimePoint now, const Stop& stop) {
  try {
    const auto json = archive.latest(target, stop);
    if (!json) {
      return {{kLastReport, target, State::kWarn, "there is none yet",
               "right before the first night; later it means that nothing runs, or that --target "
               "or --reports is another one"}};
    }
    const auto read = report::read_stored_report(*json);
    if (const auto* refusal = std::get_if<report::StoredReportRefusal>(&read)) {
      return {{kLastReport, target, State::kWarn,
               fmt::format("the last report {}", refusal->reason),
               "it was written by something else, or damaged; the next run replaces it"}};
    }
    const auto& last = std::get<report::StoredReport>(read);
    Outcomes outcomes{last_report_outcome(last, now)};
    if (last.findings.empty()) return outcomes;
    if (const auto given = archive.acknowledgement(target, stop)) {
      outcomes.push_back(acknowledgement_outcome(target, *given, last, now));
    }
    return outcomes;
  } catch (const Error& error) {
    return {not_known(kLastReport, target, error)};
  }
}

namespace {

// What the object that was just put is encrypted with.
std::string protection(const check::Settings& settings, const check::Run& run,
                       const std::string& name, const Stop& stop) {
  try {
    const aws::S3Place place = aws::s3_place(settings.reports);
    const auto got =
        aws::object_encryption(run.aws->session(), place.bucket, place.prefix + name, stop);
    if (!got) return "which is not there any more";
    return "encrypted with " + encryption_words(got->algorithm, got->kms_key);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    return fmt::format("and could not ask what it is encrypted with: {}", error.what());
  }
}

}  // namespace

Outcome try_to_write(const check::Settings& settings, const check::Run& run, const Stop& stop) {
  try {
    const auto store =
        reporters::make_store(settings.reports, settings.report_options, run.aws->source());
    const TimePoint now = run.clock.now();
    const std::string name = report::write_test_path(now, run.id);
    const nlohmann::ordered_json object = {
        {"schema_drift_doctor", "written by schema-drift doctor --write-test; may be deleted"},
        {"timestamp", rfc3339(now)}};
    store->add(name, object.dump(2) + "\n", stop);
    Outcome outcome{kWrite, "", State::kOk, fmt::format("wrote {}", store->place(name)), ""};
    if (url_scheme(settings.reports) == "s3")
      outcome.seen += ", " + protection(settings, run, name, stop);
    return outcome;
  } catch (const Error& error) {
    return failed(kWrite, "", error);
  }
}

}  // namespace drift::doctor
