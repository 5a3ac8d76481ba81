#include "drift/doctor/examination.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "drift/aws/arn.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/check/side.h"
#include "drift/doctor/checks.h"
#include "drift/sql/database_location.h"
#include "migrations/git/repository_location.h"
#include "reporters/alert_sink.h"
#include "reporters/sns_sink.h"
#include "reporters/spool.h"
#include "reporters/web_call.h"

namespace drift::doctor {
namespace {

using std::chrono::milliseconds;
using Look = std::function<Outcomes(const Stop& stop)>;

constexpr std::size_t kAtOnce = 8;

// Rows that are found together, on a thread of their own.
struct Part {
  std::string check, about;  // for the row where it does not come back
  bool needs_aws = false;
  Look look;
};

bool uses_aws(const check::Target& target) {
  if (!target.role.arn.empty() || target.database.iam_auth) return true;
  return sql::database_location(target.database.location).kind != sql::LocationKind::kPostgres;
}

bool uses_aws(const check::CodebaseSettings& codebase) {
  return codebase.remote.token.empty() && !codebase.token_secret.empty();
}

bool is_s3(const std::string& url) { return url_scheme(url) == "s3"; }

bool is_remote(const check::Target& target) {
  try {
    return migrations::parse_repository_location(target.codebase.repository).kind !=
           migrations::RepositoryLocation::Kind::kLocal;
  } catch (const Error&) {
    return false;  // the repository's own row says why
  }
}

// One row of a repository serves all targets that read it.
void add_codebases(std::vector<Part>& parts, const check::Settings& settings,
                   const check::Run& run) {
  std::vector<std::pair<check::CodebaseSettings, std::string>> found;
  for (const check::Target& target : settings.targets) {
    const auto same = std::find_if(found.begin(), found.end(), [&](const auto& known) {
      return known.first == target.codebase;
    });
    if (same == found.end()) {
      found.emplace_back(target.codebase, target.name);
    } else {
      same->second += ", " + target.name;
    }
  }
  for (auto& [codebase, about] : found) {
    parts.push_back({"repository", about, uses_aws(codebase),
                     [codebase = codebase, about = about, run](const Stop& stop) {
                       return examine_codebase(codebase, about, run, stop);
                     }});
  }
}

void add_reports(std::vector<Part>& parts, const check::Settings& settings, const check::Run& run,
                 bool write_test) {
  const bool s3 = is_s3(settings.reports);
  if (settings.reports.empty()) {
    parts.push_back({"reports", "", false, [](const Stop&) {
                       return Outcomes{{"reports", "", State::kWarn, "no reports are kept",
                                        "give --reports: without one every drift is told anew each "
                                        "night, and nobody can see that anything ran"}};
                     }});
    return;
  }
  parts.push_back(
      {"reports", redacted_url(settings.reports), s3, [settings, run, s3](const Stop& stop) {
         if (s3)
           return examine_bucket(settings.reports, settings.report_options,
                                 settings.targets.front().name, run, stop);
         constexpr std::string_view kFile = "file://";
         const std::string path = url_scheme(settings.reports) == "file"
                                      ? percent_decoded(settings.reports.substr(kFile.size()))
                                      : settings.reports;
         return Outcomes{examine_folder("reports", path, TrustedFolder::Kind::kReports,
                                        "let the user of the nightly run write there")};
       }});
  parts.push_back(
      {"reports_write", "", s3 && write_test, [settings, run, write_test](const Stop& stop) {
         if (write_test) return Outcomes{try_to_write(settings, run, stop)};
         return Outcomes{skipped("reports_write", "",
                                 "not tried: --write-test puts a marked object, which "
                                 "stays")};
       }});
  const auto archive = std::make_shared<reporters::ReportArchive>(
      reporters::make_store(settings.reports, settings.report_options, run.aws->source()));
  parts.push_back({"last_report", "", s3, [archive, settings, run](const Stop& stop) {
                     Outcomes all;
                     for (const check::Target& target : settings.targets) {
                       Outcomes one = examine_history(*archive, target.name, run.clock.now(), stop);
                       std::move(one.begin(), one.end(), std::back_inserter(all));
                     }
                     return all;
                   }});
}

void add_alerts(std::vector<Part>& parts, const check::Settings& settings, const check::Run& run) {
  std::vector<std::string> all = settings.alerts;
  all.insert(all.end(), settings.alert_fallback.begin(), settings.alert_fallback.end());
  for (const std::string& url : all) {
    const bool topic = aws::is_arn(url);
    parts.push_back({"alerts", reporters::shown_alert_url(url), topic,
                     [url, options = settings.alert_options, run](const Stop& stop) {
                       return examine_alerts(url, options, run, stop);
                     }});
  }
  if (!settings.alerts.empty()) return;
  parts.push_back({"alerts", "", false, [](const Stop&) {
                     return Outcomes{
                         {"alerts", "", State::kWarn, "nobody is told",
                          "give --alerts: terminal (cron mails it), mailto:ADDRESS or the ARN "
                          "of an SNS topic",
                          true}};
                   }});
}

void add_schedule(std::vector<Part>& parts, const check::Settings& settings, const check::Run& run,
                  const std::string& function) {
  std::vector<std::string> targets;
  for (const check::Target& target : settings.targets) targets.push_back(target.name);
  parts.push_back({"schedule", function, !function.empty(), [=](const Stop& stop) {
                     if (!function.empty()) return examine_schedule(function, targets, run, stop);
                     return Outcomes{skipped("schedule", "",
                                             "AWS_LAMBDA_FUNCTION_NAME names no function whose "
                                             "rules and alarms could be looked at")};
                   }});
}

Outcome examine_spool(const check::Settings& settings) {
  if (settings.spool_folder.empty()) {
    return {"spool", "", State::kWarn,
            "there is none: neither --spool-dir, XDG_STATE_HOME nor HOME is set",
            "give --spool-dir: a report that cannot be stored would be lost"};
  }
  const reporters::Spool spool(settings.spool_folder, settings.reports);
  Outcome outcome = examine_folder("spool", settings.spool_folder, TrustedFolder::Kind::kOwn,
                                   "let the user of the nightly run write there, or give another "
                                   "--spool-dir: a report that cannot be stored would be lost");
  if (outcome.state == State::kFail) return outcome;
  const auto waiting = spool.waiting();
  if (!waiting.problem.empty()) {
    outcome.state = State::kFail;
    outcome.seen = "is not trusted: " + waiting.problem;
    outcome.action = "find out who made it; the run leaves what is in it alone";
    return outcome;
  }
  if (waiting.reports == 0) return outcome;
  outcome.state = State::kWarn;
  outcome.seen = fmt::format("{} report{} in {} since {}", waiting.reports,
                             waiting.reports == 1 ? " waits" : "s wait", spool.folder(),
                             rfc3339(*waiting.oldest));
  outcome.action = "the next run stores them where it can; see what is wrong with reports above";
  return outcome;
}

// Folders of this machine answer at once, or the machine is beyond help.
void add_folders(std::vector<Part>& parts, const check::Settings& settings) {
  parts.push_back({"spool", settings.spool_folder, false, [settings](const Stop&) {
                     if (settings.reports.empty()) {
                       return Outcomes{skipped("spool", "", "no reports are kept")};
                     }
                     return Outcomes{examine_spool(settings)};
                   }});
  const auto remote = std::find_if(settings.targets.begin(), settings.targets.end(), is_remote);
  parts.push_back({"cache", "", false,
                   [settings, remote = remote != settings.targets.end(),
                    folder = remote != settings.targets.end() ? remote->codebase.remote.cache_dir
                                                              : std::string()](const Stop&) {
                     if (!remote) {
                       return Outcomes{skipped("cache", "", "no repository is remote")};
                     }
                     if (folder.empty()) {
                       return Outcomes{{"cache", "", State::kFail,
                                        "there is none: neither --cache-dir, XDG_CACHE_HOME nor "
                                        "HOME is set",
                                        "give --cache-dir: a remote repository is cloned into it"}};
                     }
                     return Outcomes{examine_folder("cache", folder, TrustedFolder::Kind::kOwn,
                                                    "let the user of the nightly run write there, "
                                                    "or give another --cache-dir")};
                   }});
}

// `part` on a thread of its own, with a time of its own; see check::Side for why it may be left.
class Running {
 public:
  Running(const Part& part, const check::Run& run, milliseconds share)
      : part_(part),
        stop_(std::make_shared<Stop>(share, *run.stop)),
        side_([look = part.look, stop = stop_, outer = run.stop] { return look(*stop); }) {}

  Outcomes wait() {
    try {
      return side_.wait(*stop_, "waiting for an answer");
    } catch (const Error& error) {
      if (error.fault == Fault::kInterrupted) throw;
      if (error.fault != Fault::kTimedOut) return {failed(part_.check, part_.about, error)};
      return {{part_.check, part_.about, State::kFail, "did not answer in time",
               std::string(kOutOfTime)}};
    }
  }

 private:
  const Part& part_;
  std::shared_ptr<Stop> stop_;
  check::Side<Outcomes> side_;
};

void run_all(const std::vector<Part>& parts, const check::Run& run, milliseconds share,
             Outcomes& into) {
  std::vector<std::unique_ptr<Running>> running;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    while (running.size() < std::min(parts.size(), i + kAtOnce)) {
      const bool late = run.stop->due();
      running.push_back(late ? nullptr
                             : std::make_unique<Running>(parts[running.size()], run, share));
    }
    if (running[i] == nullptr) {
      into.push_back({parts[i].check, parts[i].about, State::kFail,
                      "did not get its turn before the time was up", std::string(kOutOfTime)});
      continue;
    }
    Outcomes found = running[i]->wait();
    std::move(found.begin(), found.end(), std::back_inserter(into));
  }
}

// Whether AWS can be asked at all, with the rows about it.
bool add_identity(const std::vector<Part>& parts, const check::Run& run, bool in_lambda,
                  milliseconds share, Outcomes& into) {
  if (std::none_of(parts.begin(), parts.end(), [](const Part& part) { return part.needs_aws; })) {
    for (const char* check : {"region", "credentials", "clock"}) {
      into.push_back(skipped(check, "", "nothing that is configured is in AWS"));
    }
    return true;
  }
  const Part part{"credentials", "", true, [run, in_lambda](const Stop& stop) {
                    return examine_identity(run, in_lambda, stop);
                  }};
  const std::size_t before = into.size();
  run_all({part}, run, share, into);
  return std::none_of(into.begin() + static_cast<std::ptrdiff_t>(before), into.end(),
                      [](const Outcome& outcome) { return outcome.state == State::kFail; });
}

// The row configuration: ok, or failed as `check` would fail at once (sinks and heartbeat too).
Outcome examine_configuration(const check::Settings& settings) {
  Outcome outcome{"configuration", "", State::kOk, "", ""};
  try {
    const aws::SessionSource none = []() -> aws::Session& {
      throw Error{Fault::kInternal, "a sink asked for AWS before it was used"};
    };
    if (!settings.reports.empty()) {
      reporters::make_store(settings.reports, settings.report_options, none);
    }
    for (const auto* urls : {&settings.alerts, &settings.alert_fallback}) {
      for (const std::string& url : *urls) {
        reporters::make_alert_sink(url, settings.alert_options, none);
      }
    }
    if (!settings.heartbeat.empty()) reporters::heartbeat_host(settings.heartbeat);
  } catch (const Error& error) {
    return failed("configuration", "", error);
  }
  std::vector<std::string> names;
  for (const check::Target& target : settings.targets) {
    if (names.size() < 5) names.push_back(target.name);
  }
  const std::size_t count = settings.targets.size();
  outcome.seen =
      fmt::format("{}: {}{}", counted(count, "target"), joined(names),
                  count > names.size() ? fmt::format(" and {} more", count - names.size()) : "");
  return outcome;
}

}  // namespace

Outcomes examine(const check::Settings& settings, const check::Run& run,
                 const Examination& examination) {
  Outcomes outcomes{examine_configuration(settings)};
  if (outcomes[0].state == State::kFail) return outcomes;

  std::vector<Part> parts;
  add_codebases(parts, settings, run);
  for (const check::Target& target : settings.targets) {
    parts.push_back({"database", target.name, uses_aws(target), [target, run](const Stop& stop) {
                       return examine_database(target, run, stop);
                     }});
  }
  add_reports(parts, settings, run, examination.write_test);
  add_alerts(parts, settings, run);
  add_schedule(parts, settings, run, examination.function);
  add_folders(parts, settings);

  const milliseconds all = run.stop->remaining();
  const milliseconds for_identity = std::min<milliseconds>(all / 4, std::chrono::seconds{15});
  const milliseconds for_each = std::min<milliseconds>(all / 2, std::chrono::seconds{60});
  if (!add_identity(parts, run, !examination.function.empty(), for_identity, outcomes)) {
    for (Part& part : parts) {
      if (!part.needs_aws) continue;
      part.look = [check = part.check, about = part.about](const Stop&) {
        return Outcomes{skipped(check, about, "it needs AWS credentials, and those failed")};
      };
    }
  }
  run_all(parts, run, for_each, outcomes);
  if (run.stop->requested()) run.stop->check("examining");
  return outcomes;
}

bool nobody_is_told(const Outcomes& outcomes, const check::Settings& settings) {
  const auto leads_nowhere = [&](const std::string& url) {
    return std::any_of(outcomes.begin(), outcomes.end(), [&](const Outcome& one) {
      return one.tells_nobody && one.about == reporters::shown_alert_url(url);
    });
  };
  const bool never_runs = std::any_of(outcomes.begin(), outcomes.end(), [](const Outcome& one) {
    return one.tells_nobody && one.check == "schedule";
  });
  return never_runs || std::all_of(settings.alerts.begin(), settings.alerts.end(), leads_nowhere);
}

}  // namespace drift::doctor
