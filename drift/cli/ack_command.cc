#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/aws/digest.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/cli/report_archive_words.h"
#include "drift/cli/time_ahead.h"
#include "drift/report/acknowledgement_standing.h"
#include "drift/report/stored_report.h"

namespace drift::cli {
namespace {

TimePoint until_when(const config::Options& options, TimePoint now) {
  if (!options.until) {
    throw Error{Fault::kUsage, "ack needs --until",
                "give --until DATE: 2026-12-01 (the first second of that day in UTC), or 14d"};
  }
  return time_ahead(*options.until, now);
}

std::string reason_of(const config::Options& options) {
  if (options.reason && !options.reason->empty()) return *options.reason;
  throw Error{Fault::kUsage, "ack needs --reason",
              "give --reason TEXT: whoever reads the reports in a year wants to know"};
}

// The findings that somebody who acknowledges now knows of.
std::vector<report::KnownFinding> known_now(const report::StoredReport& latest) {
  if (!latest.findings.empty()) return report::known_findings(latest.findings);
  const report::Seen seen = report::seen_in(latest);
  return seen.drift ? seen.drift->findings : std::vector<report::KnownFinding>{};
}

int give(const Context& context, reporters::ReportArchive& archive, const std::string& target,
         TimePoint now) {
  report::Acknowledgement given;
  given.until = until_when(context.resolved.run, now);
  given.at = now;
  given.by = user_at_host();
  given.reason = reason_of(context.resolved.run);

  const report::StoredReport latest = latest_report(archive, target, *context.stop);
  given.findings = known_now(latest);
  given.sequence = latest.sequence.value_or(0);
  if (given.findings.empty()) {
    throw Error{Fault::kUsage,
                fmt::format("{} has no drift to acknowledge: its last report, of {}, says "
                            "{}",
                            printable(target), rfc3339(latest.timestamp), latest.status),
                latest.failure ? "an acknowledgement silences drift, never a failure"
                               : "nothing needs to be done"};
  }
  const std::string place = archive.acknowledge(target, given, aws::random_hex(8), *context.stop);
  std::string text = fmt::format("{}: acknowledged until {} by {}\n", printable(target),
                                 rfc3339(given.until), printable(given.by));
  for (const report::KnownFinding& finding : given.findings) {
    text += fmt::format("  {}  {}\n", finding.fingerprint, finding.kind);
  }
  const bool pending =
      std::any_of(given.findings.begin(), given.findings.end(),
                  [](const auto& finding) { return finding.kind == "pending_revisions"; });
  text += pending ? "the next run tells any other finding, but no further pending revisions while "
                    "one of those acknowledged is pending\n"
                  : "the next run tells any other finding\n";
  text += fmt::format("recorded at {}\n", printable(place));
  write_fully(1, context.format == Format::kJson ? report::to_json(target, given) : text);
  return 0;
}

// Whoever withdraws needs no right to delete: what is withdrawn stays, and says so.
int withdraw(const Context& context, reporters::ReportArchive& archive, const std::string& target,
             TimePoint now) {
  if (context.resolved.run.until) {
    throw Error{Fault::kUsage, "ack takes either --withdraw or --until",
                "what is withdrawn ends now; to choose another day, acknowledge again"};
  }
  const std::vector<std::string> targets = archive.acknowledged(*context.stop);
  std::optional<report::Acknowledgement> given;
  if (std::find(targets.begin(), targets.end(), target) != targets.end()) {
    given = archive.acknowledgement(target, *context.stop);
  }
  if (!given) {
    const std::string near = nearest(target, targets);
    throw Error{Fault::kUsage,
                fmt::format("no acknowledgement of {} to withdraw", printable(target)),
                near.empty() || near == target ? "schema-drift ack --list shows which there are"
                                               : fmt::format("did you mean \"{}\"?", near)};
  }
  if (given->withdrawn) {
    throw Error{Fault::kUsage,
                fmt::format("the acknowledgement of {} was withdrawn before: at {} by {}",
                            printable(target), rfc3339(given->withdrawn->at),
                            printable(given->withdrawn->by)),
                "nothing needs to be done"};
  }
  given->withdrawn =
      report::Withdrawal{now, user_at_host(), context.resolved.run.reason.value_or("")};
  const std::string place = archive.acknowledge(target, *given, aws::random_hex(8), *context.stop);
  const std::string text = fmt::format(
      "{}: the acknowledgement by {} is withdrawn by {}\ndrift that is still there is told by the "
      "next run\nrecorded at {}\n",
      printable(target), printable(given->by), printable(given->withdrawn->by), printable(place));
  write_fully(1, context.format == Format::kJson ? report::to_json(target, *given) : text);
  return 0;
}

int list(const Context& context, reporters::ReportArchive& archive, TimePoint now) {
  std::vector<report::ListedAcknowledgement> all;
  for (std::string& target : archive.acknowledged(*context.stop)) {
    report::ListedAcknowledgement one;
    one.given = archive.acknowledgement(target, *context.stop);
    one.latest = readable_latest(archive, target, *context.stop);
    one.target = std::move(target);
    all.push_back(std::move(one));
  }
  write_fully(1, context.format == Format::kJson ? report::acknowledgements_json(all, now)
                                                 : report::acknowledgements_text(all, now));
  return 0;
}

}  // namespace

int run_ack(const Context& context, const std::vector<std::string>& words) {
  const config::Options& options = context.resolved.run;
  static const SystemClock clock;
  const TimePoint now = clock.now();
  check::AwsAccess aws(clock);
  if (options.list) {
    if (!words.empty() || options.withdraw || options.until || options.reason) {
      throw Error{Fault::kUsage, "ack --list takes no target and no other option of ack",
                  "schema-drift ack --list --reports WHERE"};
    }
    reporters::ReportArchive archive = open_archive(context, aws);
    return list(context, archive, now);
  }
  if (words.size() != 1) {
    throw Error{Fault::kUsage, "ack takes one target",
                "schema-drift ack TARGET --until DATE --reason TEXT --reports WHERE"};
  }
  if (!options.withdraw) {  // what was left out of the call is told before anything is opened
    until_when(options, now);
    reason_of(options);
  }
  reporters::ReportArchive archive = open_archive(context, aws);
  return options.withdraw ? withdraw(context, archive, words.front(), now)
                          : give(context, archive, words.front(), now);
}

}  // namespace drift::cli
