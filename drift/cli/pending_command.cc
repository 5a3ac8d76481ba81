#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
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
#include "migrations/revision_address.h"

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

using migrations::RevisionGraph;

// `pending B` and `pending A:B`, as `alembic upgrade` has them: what an upgrade to B would run.
struct Question {
  std::string to;                   // "" for every head
  std::optional<std::string> from;  // stands for production's rows

  bool says_rows() const { return from && *from != "current"; }
};

Question question(const std::vector<std::string>& words, const config::Options& options) {
  if (words.empty()) return {};
  if (words.size() > 1) {
    throw Error{Fault::kUsage, fmt::format("pending does not know \"{}\"", printable(words[1])),
                "it takes one target, or one range: pending ae10:head"};
  }
  config::require_no_url("pending", "a revision or a range", words.front());
  const auto range = migrations::address_range(words.front());
  if (!range) return {words.front(), {}};
  Question question{range->to, range->from.empty() ? "base" : range->from};
  if (question.says_rows() && options.at) {
    throw Error{Fault::kUsage, "--at and a range both say what production is at",
                "leave --at out, or give pending no more than the target"};
  }
  return question;
}

std::vector<std::string> ids(const RevisionGraph& graph,
                             const std::vector<RevisionGraph::Index>& revisions) {
  std::vector<std::string> result;
  for (const auto revision : revisions) result.push_back(graph.at(revision).id);
  return result;
}

// Leaves of the graph what an upgrade to the target is about, and puts in the rows that a range
// begins with. False where the question is about all of the ref. Where the graph has problems there
// is nothing to look in.
bool narrow(const Question& question, check::Codebase& codebase, production::VersionTable& table) {
  if (!codebase.problems.empty()) return false;
  const RevisionGraph& graph = codebase.graph;
  if (question.says_rows()) {
    table.rows = ids(graph, migrations::addressed(graph, *question.from, {}));
  }
  if (question.to.empty() || question.to == "heads") return false;
  std::vector<RevisionGraph::Index> rows;
  for (const std::string& row : table.rows) {
    if (const auto found = graph.find(row)) rows.push_back(*found);
  }
  const auto targets = migrations::addressed(graph, question.to, rows);
  const auto& heads = graph.effective_heads();
  if (targets == heads) return false;
  codebase.warnings.push_back(fmt::format("as far as {} goes; the ref's own heads are {}",
                                          drift::quoted(question.to),
                                          drift::quoted(ids(graph, heads))));
  codebase.graph = migrations::up_to(graph, targets, rows);
  return true;
}

// The verdict speaks of a whole ref: `heads` is not what was asked for, and the heads that a part
// has say nothing of `alembic upgrade head`.
void speak_of_target(report::Report& report, const std::string& target) {
  constexpr std::string_view kHeads = "`alembic upgrade heads`";
  for (verdict::Finding& finding : report.findings) {
    const std::size_t found = finding.action.find(kHeads);
    if (found == std::string::npos) continue;
    finding.action.replace(found, kHeads.size(), fmt::format("`alembic upgrade {}`", target));
  }
  std::erase_if(report.warnings, [](const std::string& warning) {
    return warning.starts_with("the script directory has ");
  });
}

// `synced` is said of a whole ref: of a part of it no more than this is known.
std::string nothing_to_run(const report::Report& report, const std::string& target) {
  std::string text = fmt::format("an upgrade to {} would run nothing\n", drift::quoted(target));
  text += fmt::format(
      "  {:<12}{}\n", "applied",
      printable(joined(report.production_versions.value_or(std::vector<std::string>{"none"}))));
  for (const std::string& warning : report.warnings) {
    text += fmt::format("  {:<12}{}\n", "warning", printable(warning));
  }
  return text;
}

// Rows that are said are taken for the database's; without them its own are read, and then the
// sizes over the same connection.
Production production_of(const Context& context, const config::Options& options,
                         const production::VersionTableName& name, bool said,
                         check::AwsAccess& aws) {
  Production production;
  production.tables = tables_of(context, options);
  if (!production.tables || options.at || said) {
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

int run_pending(const Context& context, const std::vector<std::string>& words) {
  const config::Options& options = context.resolved.targets.front();
  const Question question = cli::question(words, options);
  const auto gate = fail_on(context.resolved.run);
  check::Target target;
  target.name = "pending";
  target.codebase = config::codebase_settings(options, context.resolved.run);
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (!schemas.empty()) target.version_table.schema = schemas.front();
  target.version_table.table = options.version_table.value_or(target.version_table.table);

  static const SystemClock clock;
  check::AwsAccess aws(clock);
  Production production =
      production_of(context, options, target.version_table, question.says_rows(), aws);
  auto read = std::make_shared<check::Codebase>(
      check::read_codebase(target.codebase, aws.source(), *context.stop, *context.log));
  const bool narrowed = narrow(question, *read, production.table);
  const std::shared_ptr<const check::Codebase> codebase = std::move(read);
  report::Report report =
      check::compare_codebase(target, codebase, production.table, *context.stop);
  if (narrowed) speak_of_target(report, question.to);
  check::add_operations(report, *codebase, target.codebase.script, production.tables,
                        report::kMostOperations, *context.stop);
  if (is_form(context.format) && !report.failure) {
    const report::PendingImpact none;
    const report::PendingImpact& impact = report.impact ? *report.impact : none;
    report::Output output =
        operations_as_output("pending", impact.revisions, impact.live, report.warnings);
    const bool nothing = narrowed && report.status == verdict::Status::kSynced;
    output.verdict =
        fmt::format("{}: {}",
                    nothing ? fmt::format("nothing to run for {}", drift::quoted(question.to))
                            : report::what_it_says(report),
                    output.verdict);
    if (!impact.why_not.empty()) output.checks.push_back({"operations", impact.why_not, true});
    write_fully(1, formatted(output, context.format));
  } else if (context.format == Format::kJson) {
    write_fully(1, report::verdict_json(report));
  } else if (report.failure) {
    write_fully(2, report::to_text(report, wants_colour(2)));
    if (context.resolved.run.output) write_fully(1, report::to_text(report, false));
  } else if (narrowed && report.status == verdict::Status::kSynced) {
    write_fully(1, nothing_to_run(report, question.to));
  } else {
    write_fully(1, report::to_text(report, wants_colour(1)));
  }
  return gate ? check::gated_exit_code(report, *gate) : verdict::exit_code(report.status);
}

}  // namespace drift::cli
