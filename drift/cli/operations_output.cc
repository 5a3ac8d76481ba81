#include "drift/cli/operations_output.h"

#include <fmt/format.h>

#include "drift/base/clock.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/config/database_settings.h"
#include "drift/config/settings.h"
#include "drift/impact/operation_text.h"

namespace drift::cli {
namespace {

using impact::shown;
using pending::Operation;

}  // namespace

std::string operations_text(const pending::RevisionOperations& revision) {
  std::string text;
  for (const Operation& operation : revision.operations) {
    text += fmt::format("  {:<6}  {}", word_of(operation.severity), shown(operation));
    for (const auto& [table, lock] : operation.locks) {
      const bool own = table == operation.table;
      text += fmt::format("  {}{}", word_of(lock), own ? "" : " on " + printable(table));
    }
    if (operation.rewrites.value_or(false)) text += ", writes it anew";
    if (operation.scans.value_or(false)) text += ", reads all of it";
    if (operation.conditional) text += ", on a condition";
    text += impact::place_and_remarks(operation, revision.file);
  }
  return text;
}

std::string operations_summary(const check::JudgedOperations& judged, bool said) {
  const pending::UpgradeOperations& operations = judged.operations;
  std::size_t count = 0, opaque = 0;
  std::string first;
  for (const pending::RevisionOperations& revision : operations.revisions) {
    count += revision.operations.size();
    for (const Operation& operation : revision.operations) {
      if (!operation.opaque) continue;
      ++opaque;
      if (first.empty()) first = fmt::format("{}:{}", printable(revision.file), operation.line);
    }
  }
  if (count == 0) return "";
  std::string text = fmt::format("{} of {} read", count - opaque, counted(count, "operation"));
  if (opaque > 0) text += fmt::format("; {} could not be, the first at {}", opaque, first);
  const bool own = !said && judged.live.server_version != 0;
  text += fmt::format(
      ". Rules of PostgreSQL {}{}. Alembic's default is one transaction for all: locks are held to "
      "its end.\n",
      judged.server_version, said || own ? "" : " (--server-version says another)");
  if (judged.live.asked) text += impact::sizes_in_words(judged.live) + "\n";
  return text;
}

namespace {

bool names_a_database(const config::Options& options) {
  return options.database || options.database_file || options.auth.value_or("") == "iam";
}

check::Whereabouts whereabouts_of(const config::Options& options) {
  return {config::database_settings(options), config::role_settings(options)};
}

std::shared_ptr<check::AwsAccess> aws_access() {
  static const SystemClock clock;
  return std::make_shared<check::AwsAccess>(clock);
}

}  // namespace

check::TablesReader tables_of(const Context& context, const config::Options& options) {
  if (!names_a_database(options)) return {};
  return check::tables_reader(whereabouts_of(options), aws_access(), context.log, context.stop);
}

check::TablesReader tables_of(const Context& context, const config::Options& options,
                              std::shared_ptr<check::VersionRows> rows) {
  if (!names_a_database(options)) return {};
  production::VersionTableName name;
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (!schemas.empty()) name.schema = schemas.front();
  name.table = options.version_table.value_or(name.table);
  return check::tables_reader(whereabouts_of(options), name, aws_access(), context.log,
                              context.stop, std::move(rows));
}

std::optional<pending::Severity> fail_on(const config::Options& run) {
  using pending::Severity;
  if (!run.fail_on) return std::nullopt;
  for (const Severity one : {Severity::kHigh, Severity::kMedium, Severity::kLow}) {
    if (*run.fail_on == pending::word_of(one)) return one;
  }
  throw config::unknown_choice("--fail-on", *run.fail_on, "give high, medium or low");
}

}  // namespace drift::cli
