#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/cli/commands.h"
#include "drift/cli/schema_command.h"
#include "drift/config/database_settings.h"
#include "drift/production/tenants.h"
#include "drift/production/version_table.h"
#include "drift/sql/database.h"

namespace drift::cli {
namespace {

using migrations::RevisionGraph;

// A version row, and the revision that it names at the ref.
struct Row {
  std::string id;
  const migrations::Revision* revision = nullptr;  // null where the ref has none of that id
  bool is_head = false;                            // an effective one
};

// The repository, where one was named or the folder is one.
struct Ref {
  std::optional<check::Codebase> codebase;
  std::string name;
  std::string why_not;  // "" where nobody asked for one
};

production::VersionTableName version_table(const config::Options& options) {
  production::VersionTableName table;
  table.table = options.version_table.value_or(table.table);
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (production::names_tenants(schemas)) {
    throw Error{Fault::kUsage,
                "current reads one version table, and --version-table-schema names several",
                "name one schema; status reads all of them"};
  }
  if (!schemas.empty()) table.schema = schemas.front();
  return table;
}

// A folder that is no repository of migrations is none of ours unless it was named.
Ref read_ref(const Context& context, const config::Options& options, check::AwsAccess& aws) {
  const bool named = options.repository || options.ref || options.alembic_ini ||
                     options.script_location || options.versions_path;
  const auto settings = config::codebase_settings(options, context.resolved.run);
  Ref ref;
  ref.name = settings.ref.empty() ? "HEAD" : settings.ref;
  try {
    ref.codebase = check::read_codebase(settings, aws.source(), *context.stop, *context.log);
  } catch (const Error& error) {
    if (named) throw;
    ref.why_not = error.what();
    return ref;
  }
  if (ref.codebase->problems.empty()) return ref;
  const migrations::Problem& first = ref.codebase->problems.front();
  if (named) throw Error{first.kind, first.message, first.hint};
  ref.why_not = first.message;
  ref.codebase.reset();
  return ref;
}

std::vector<Row> rows_at(const production::VersionTable& table, const Ref& ref) {
  std::vector<Row> rows;
  for (const std::string& id : table.rows) {
    Row row{id};
    if (ref.codebase) {
      const RevisionGraph& graph = ref.codebase->graph;
      if (const auto found = graph.find(id)) {
        const auto& heads = graph.effective_heads();
        row.revision = &graph.at(*found);
        row.is_head = std::find(heads.begin(), heads.end(), *found) != heads.end();
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// Nothing where a row is not of the ref: what it has among its ancestors is not written there.
std::optional<std::size_t> pending_count(const std::vector<Row>& rows, const Ref& ref) {
  if (!ref.codebase) return std::nullopt;
  std::vector<RevisionGraph::Index> known;
  for (const Row& row : rows) {
    if (row.revision == nullptr) return std::nullopt;
    known.push_back(ref.codebase->graph.find(row.id).value());
  }
  return ref.codebase->graph.pending(known).size();
}

std::string as_text(const production::VersionTable& table, const std::vector<Row>& rows,
                    const Ref& ref) {
  std::string text;
  if (!table.exists) {
    // Whether a migration ever ran is not known: it may have noted that elsewhere.
    text = fmt::format("{} is not there{}\n", printable(table.qualified_name),
                       table.elsewhere.empty()
                           ? ""
                           : fmt::format("; there is {}", drift::quoted(table.elsewhere, 3)));
  } else if (rows.empty()) {
    text = fmt::format("{} is empty\n", printable(table.qualified_name));
  }
  const std::string at = printable(ref.name);
  for (const Row& row : rows) {
    text += printable(row.id);
    if (row.revision != nullptr) {
      if (row.is_head) text += " (head)";
      if (!row.revision->message.empty()) text += "  " + shortened(row.revision->message);
    } else if (ref.codebase) {
      text += fmt::format("  (not at {}: schema-drift explain {} looks for it elsewhere)", at,
                          printable(row.id));
    }
    text += '\n';
  }
  text += fmt::format("  {:<12}{}, {}\n", "production", printable(table.database),
                      printable(table.qualified_name));
  if (!ref.codebase) {
    return text + fmt::format("  {:<12}none: {}\n", "repository", printable(ref.why_not));
  }
  text += fmt::format("  {:<12}{} at {} ({})\n", "repository",
                      printable(ref.codebase->repository.url()), at,
                      ref.codebase->commit.id.substr(0, 12));
  if (const auto pending = pending_count(rows, ref)) {
    text += fmt::format("  {:<12}{}\n", "pending",
                        *pending == 0 ? "nothing" : counted(*pending, "revision"));
  }
  return text;
}

std::string as_json(const production::VersionTable& table, const std::vector<Row>& rows,
                    const Ref& ref) {
  nlohmann::ordered_json document;
  document["database"] = valid_utf8(table.database);
  document["version_table"] = valid_utf8(table.qualified_name);
  document["exists"] = table.exists;
  document["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json one;
    one["revision"] = valid_utf8(row.id);
    one["at_ref"] = nullptr;
    one["is_head"] = nullptr;
    one["message"] = nullptr;
    one["path"] = nullptr;
    if (ref.codebase) {
      one["at_ref"] = row.revision != nullptr;
      if (row.revision != nullptr) {
        one["is_head"] = row.is_head;
        one["message"] = valid_utf8(row.revision->message);
        one["path"] = valid_utf8(row.revision->path);
      }
    }
    document["rows"].push_back(std::move(one));
  }
  document["repository"] = nullptr;
  document["ref"] = nullptr;
  document["commit"] = nullptr;
  document["pending_count"] = nullptr;
  if (ref.codebase) {
    document["repository"] = valid_utf8(ref.codebase->repository.url());
    document["ref"] = valid_utf8(ref.name);
    document["commit"] = ref.codebase->commit.id;
    if (const auto pending = pending_count(rows, ref)) document["pending_count"] = *pending;
  }
  document["warnings"] = nlohmann::ordered_json::array();
  for (const std::string& warning : table.warnings) {
    document["warnings"].push_back(valid_utf8(warning));
  }
  return document.dump(2) + "\n";
}

}  // namespace

int run_current(const Context& context) {
  const config::Options& options = one_target(context.resolved);
  const production::VersionTableName name = version_table(options);
  const sql::DatabaseSettings database = config::database_settings(options);
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const auto source = sql::open_database(database, aws.source(config::role_settings(options)),
                                         *context.stop, *context.log);
  const production::VersionTable table = production::read_version_table(*source, name);
  const Ref ref = read_ref(context, options, aws);
  const std::vector<Row> rows = rows_at(table, ref);
  if (context.format == Format::kJson) {
    write_fully(1, as_json(table, rows, ref));
    return 0;
  }
  for (const std::string& warning : table.warnings) context.log->warning(warning);
  write_fully(1, as_text(table, rows, ref));
  return 0;
}

}  // namespace drift::cli
