#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/check/aws_access.h"
#include "drift/check/check.h"
#include "drift/check/codebase.h"
#include "drift/check/pending_operations.h"
#include "drift/cli/commands.h"
#include "drift/cli/operations_formats.h"
#include "drift/cli/operations_output.h"
#include "drift/config/database_settings.h"
#include "drift/sql/way.h"
#include "drift/verdict/verdict.h"

namespace drift::cli {
namespace {

// What is to be compared with, and where the sizes of tables are asked for.
struct Production {
  production::VersionTable table;
  check::TablesReader tables;
};

production::VersionTable rows_of(const config::Options& options,
                                 const production::VersionTableName& name) {
  production::VersionTable table;
  table.exists = true;
  table.schema = name.schema;
  table.table = name.table;
  table.qualified_name = table.schema.empty() ? table.table : table.schema + "." + table.table;
  table.rows = options.at.value_or(std::vector<std::string>{});
  std::sort(table.rows.begin(), table.rows.end());
  return table;
}

// Rows that are said are taken for the database's; without them its own are read, and then the
// sizes over the same connection.
Production production_of(const Context& context, const config::Options& options,
                         const production::VersionTableName& name, check::AwsAccess& aws) {
  Production production;
  production.tables = tables_of(context, options);
  if (!production.tables || options.at) {
    production.table = rows_of(options, name);
    return production;
  }
  const sql::DatabaseSettings database = config::database_settings(options);
  const auto session = aws.source(config::role_settings(options));
  sql::Way way = sql::find_way(database, session, *context.stop, *context.log);
  if (!way.connection) {
    const auto source = sql::open_function(way.settings, session, *context.stop);
    production.table = production::read_version_table(*source, name);
    return production;
  }
  sql::OpenConnection opened = std::move(*way.connection);
  const std::shared_ptr<sql::Connection> connection = std::move(opened.connection);
  production.table = production::read_version_table(
      *sql::read_through(connection, std::move(opened.warnings), *context.stop), name);
  production.tables = check::tables_reader(
      [connection](const Stop& part) { return sql::read_through(connection, {}, part); },
      context.stop);
  return production;
}

}  // namespace

int run_pending(const Context& context) {
  const config::Options& options = context.resolved.targets.front();
  const auto gate = fail_on(context.resolved.run);
  check::Target target;
  target.name = "pending";
  target.codebase = config::codebase_settings(options, context.resolved.run);
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (!schemas.empty()) target.version_table.schema = schemas.front();
  target.version_table.table = options.version_table.value_or(target.version_table.table);

  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const Production production = production_of(context, options, target.version_table, aws);
  const auto codebase = std::make_shared<const check::Codebase>(
      check::read_codebase(target.codebase, aws.source(), *context.stop, *context.log));
  report::Report report =
      check::compare_codebase(target, codebase, production.table, *context.stop);
  check::add_operations(report, *codebase, target.codebase.script, production.tables,
                        report::kMostOperations, *context.stop);
  if (is_form(context.format) && !report.failure) {
    const report::PendingImpact none;
    const report::PendingImpact& impact = report.impact ? *report.impact : none;
    report::Output output =
        operations_as_output("pending", impact.revisions, impact.live, report.warnings);
    output.verdict = fmt::format("{}: {}", report::what_it_says(report), output.verdict);
    if (!impact.why_not.empty()) output.checks.push_back({"operations", impact.why_not, true});
    write_fully(1, formatted(output, context.format));
  } else if (context.format == Format::kJson) {
    write_fully(1, report::verdict_json(report));
  } else if (report.failure) {
    write_fully(2, report::to_text(report, wants_colour(2)));
  } else {
    write_fully(1, report::to_text(report, wants_colour(1)));
  }
  return gate ? check::gated_exit_code(report, *gate) : verdict::exit_code(report.status);
}

}  // namespace drift::cli
