#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/cli/schema_command.h"
#include "drift/cli/time_ahead.h"
#include "drift/config/settings.h"
#include "drift/schema/acceptance.h"
#include "drift/schema/snapshot.h"
#include "reporters/schema_archive.h"

namespace drift::cli {
namespace {

using schema::Acceptance;
using schema::AcceptanceState;

const SystemClock& clock_of_process() {
  static const SystemClock clock;
  return clock;
}

reporters::SchemaArchive open_place(const Context& context, const config::Options& options) {
  static check::AwsAccess aws(clock_of_process());
  if (!options.schema_expected) {
    throw Error{Fault::kUsage, "no place for schemas was given",
                "give --expected DIR or --expected s3://bucket/schemas: what check has as "
                "--schema-expected"};
  }
  return reporters::open_schemas(*options.schema_expected,
                                 config::report_options(context.resolved.run), aws.source());
}

// What has holes would hide a difference for ever, and what has no row cannot be found again.
schema::Snapshot whole_snapshot(Taken taken) {
  for (const auto& [kind, state] : taken.coverage) {
    if (state == schema::kRead || kind == schema::kVersionRows) continue;
    throw Error{Fault::kSqlFailed,
                fmt::format("{} was not read whole: {} {}", taken.source, kind, printable(state)),
                "what is expected must have no holes: run again when that has passed"};
  }
  schema::Snapshot snapshot = schema::read_snapshot(std::move(taken.text), taken.source);
  const auto& rows = snapshot.header.version_rows;
  if (!rows) {
    throw Error{Fault::kPermissionDenied,
                fmt::format("the version rows of {} were {}", taken.source,
                            printable(taken.coverage[std::string(schema::kVersionRows)])),
                "a schema is kept under its version rows: let the role read them"};
  }
  if (rows->empty()) {
    throw Error{Fault::kUsage, fmt::format("{} has no version row", taken.source),
                "a schema is kept under its version rows: run `alembic upgrade head` first, and "
                "check --version-table"};
  }
  return snapshot;
}

std::string rows_in_words(const std::vector<std::string>& rows) { return quoted(rows); }

nlohmann::ordered_json document_of(const Acceptance& one, TimePoint now) {
  auto document = nlohmann::ordered_json::parse(to_json(one));
  const AcceptanceState state = state_of(one, now);
  document["state"] = state == AcceptanceState::kInForce   ? "in_force"
                      : state == AcceptanceState::kExpired ? "expired"
                                                           : "withdrawn";
  return document;
}

int list(const Context& context, const std::string& target) {
  const TimePoint now = clock_of_process().now();
  reporters::SchemaArchive archive = open_place(context, context.resolved.run);
  const auto accepted = archive.all_accepted(target, *context.stop);
  for (const std::string& name : accepted.unreadable) {
    context.log->warning(fmt::format("{} cannot be read", printable(name)));
  }
  if (context.format == Format::kJson) {
    auto rows = nlohmann::ordered_json::array();
    for (const Acceptance& one : accepted.all) rows.push_back(document_of(one, now));
    write_fully(1, rows.dump(2) + "\n");
    return 0;
  }
  std::string text;
  for (const Acceptance& one : accepted.all) {
    text +=
        fmt::format("{} at {}: {}\n  {}\n", printable(one.target), rows_in_words(one.version_rows),
                    state_in_words(one, now), acceptance_in_words(one));
  }
  write_fully(1, text.empty() ? "no schema was accepted here\n" : text);
  return 0;
}

int withdraw(const Context& context, const std::string& target) {
  const TimePoint now = clock_of_process().now();
  reporters::SchemaArchive archive = open_place(context, context.resolved.run);
  auto accepted = archive.all_accepted(target, *context.stop).all;
  std::erase_if(accepted, [&](const Acceptance& one) {
    return state_of(one, now) != AcceptanceState::kInForce;
  });
  if (accepted.empty()) {
    throw Error{Fault::kUsage,
                fmt::format("no accepted schema of {} to withdraw", printable(target)),
                "schema-drift schema accept --list shows which there are"};
  }
  auto rows = nlohmann::ordered_json::array();
  std::string text;
  for (Acceptance& one : accepted) {
    one.withdrawn =
        Acceptance::Withdrawal{now, user_at_host(), context.resolved.run.reason.value_or("")};
    const std::string place = archive.change(one, *context.stop);
    text += fmt::format("{} at {}: what was {} is withdrawn by {}\n  recorded at {}\n",
                        printable(target), rows_in_words(one.version_rows),
                        acceptance_in_words(one), printable(one.withdrawn->by), printable(place));
    rows.push_back(document_of(one, now));
  }
  write_fully(1, context.format == Format::kJson ? rows.dump(2) + "\n" : text);
  return 0;
}

// The target as `check` names it: under any other name nobody would find what is accepted.
const config::Options& named_target(const Context& context, const std::string& name) {
  const auto targets = config::check_settings(context.resolved).targets;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].name == name) return context.resolved.targets[i];
    names.push_back(targets[i].name);
  }
  const std::string near = nearest(name, names);
  throw Error{Fault::kUsage, fmt::format("unknown target \"{}\"", printable(name)),
              near.empty() ? fmt::format("this call is about {}, as check names it; --target "
                                         "gives a database another name",
                                         joined(names))
                           : fmt::format("did you mean \"{}\"?", near)};
}

int accept(const Context& context, const std::string& target) {
  const config::Options& run = context.resolved.run;
  const TimePoint now = clock_of_process().now();
  if (!run.reason || run.reason->empty()) {
    throw Error{Fault::kUsage, "schema accept needs --reason",
                "give --reason TEXT: every report that leans on it names it"};
  }
  Acceptance given;
  given.target = target;
  given.at = now;
  given.by = user_at_host();
  given.reason = *run.reason;
  if (run.until) given.until = time_ahead(*run.until, now);
  const config::Options& options = named_target(context, target);
  reporters::SchemaArchive archive = open_place(context, options);
  const schema::Snapshot snapshot = whole_snapshot(take(options, context));
  const std::string place = archive.accept(given, snapshot, *context.stop);
  std::string text =
      fmt::format("{} at {}: the schema as it is now is {}\n  {}\n  recorded at {}\n",
                  printable(target), rows_in_words(given.version_rows), acceptance_in_words(given),
                  state_in_words(given, now), printable(place));
  if (archive.recorded(given.version_rows, *context.stop)) {
    text += fmt::format("  but {} is recorded for these rows, and goes before it\n",
                        printable(archive.place_of_recorded(given.version_rows)));
  }
  write_fully(1, context.format == Format::kJson ? document_of(given, now).dump(2) + "\n" : text);
  return 0;
}

}  // namespace

int run_schema_record(const Context& context) {
  const config::Options& options = one_target(context.resolved);
  reporters::SchemaArchive archive = open_place(context, options);
  Taken taken = take(options, context);
  const std::string source = taken.source;
  const schema::Snapshot snapshot = whole_snapshot(std::move(taken));
  using Recording = reporters::SchemaArchive::Recording;
  const Recording done =
      archive.record(snapshot, context.resolved.run.replace.value_or(false), *context.stop);
  const std::vector<std::string>& rows = *snapshot.header.version_rows;
  const std::string place = archive.place_of_recorded(rows);
  if (context.format == Format::kJson) {
    nlohmann::ordered_json document;
    document["place"] = place;
    document["version_rows"] = rows;
    document["root"] = snapshot.root;
    document["recorded"] = done == Recording::kNew        ? "new"
                           : done == Recording::kReplaced ? "replaced"
                                                          : "same_already";
    write_fully(1, document.dump(2) + "\n");
    return 0;
  }
  const char* what = done == Recording::kSameAlready ? "is recorded already"
                     : done == Recording::kReplaced  ? "is recorded in the place of another"
                                                     : "is recorded";
  write_fully(1, fmt::format("the schema of {} at {} {}\n  {}\n", printable(source),
                             rows_in_words(rows), what, printable(place)));
  return 0;
}

int run_schema_accept(const Context& context, const std::vector<std::string>& words) {
  const config::Options& run = context.resolved.run;
  const bool lists = run.list.value_or(false);
  if (words.size() > 2 || (words.size() < 2 && !lists)) {
    throw Error{Fault::kUsage, "schema accept takes one target",
                "schema-drift schema accept TARGET --reason TEXT --expected PLACE; --list needs "
                "none"};
  }
  if (lists && (run.withdraw || run.until || run.reason)) {
    throw Error{Fault::kUsage, "schema accept --list takes no other option of accept",
                "schema-drift schema accept --list --expected PLACE"};
  }
  if (lists) return list(context, words.size() == 2 ? words[1] : "");
  if (!run.withdraw) return accept(context, words[1]);
  if (run.until) {
    throw Error{Fault::kUsage, "schema accept takes either --withdraw or --until",
                "what is withdrawn ends now"};
  }
  return withdraw(context, words[1]);
}

}  // namespace drift::cli
