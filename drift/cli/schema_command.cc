#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/check/schema_rules.h"
#include "drift/cli/commands.h"
#include "drift/cli/schema_command.h"
#include "drift/cli/schema_output.h"
#include "drift/config/database_settings.h"
#include "drift/config/settings.h"
#include "drift/production/tenants.h"
#include "drift/schema/catalog/catalog_reader.h"
#include "drift/schema/catalog/function_snapshot.h"
#include "drift/schema/comparison.h"
#include "drift/schema/comparison_text.h"
#include "drift/schema/rules/rules.h"
#include "drift/schema/snapshot.h"
#include "drift/schema/statements/script.h"
#include "drift/sql/database.h"
#include "drift/sql/database_location.h"
#include "drift/sql/way.h"
#include "reporters/durable_file.h"
#include "reporters/store.h"

namespace drift::cli {
const config::Options& one_target(const config::Resolved& resolved) {
  if (resolved.targets.size() == 1) return resolved.targets.front();
  throw Error{Fault::kUsage, "the configuration has several targets", "name one with --target"};
}

namespace {

production::VersionTableName version_table(const config::Options& options) {
  production::VersionTableName table;
  table.table = options.version_table.value_or(table.table);
  const auto schemas = options.version_table_schema.value_or(std::vector<std::string>{});
  if (production::names_tenants(schemas)) {
    throw Error{Fault::kUsage,
                "a snapshot has the rows of one version table, and "
                "--version-table-schema names several",
                "name one schema; the catalog is read whole in any case"};
  }
  if (!schemas.empty()) table.schema = schemas.front();
  return table;
}

}  // namespace

Taken take(const config::Options& options, const Context& context) {
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const sql::DatabaseSettings database = config::database_settings(options);
  const production::VersionTableName table = version_table(options);
  sql::Way way = sql::find_way(database, aws.source(config::role_settings(options)), *context.stop,
                               *context.log);
  if (!way.settings.remark.empty()) context.log->warning(way.settings.remark);
  if (!way.connection) {
    const sql::DatabaseLocation location = sql::database_location(way.settings.location);
    std::string text = schema::snapshot_through_function(
        aws.source(config::role_settings(options))(), location.name, table, *context.stop);
    const schema::Snapshot snapshot = schema::read_snapshot(text, printable(way.settings.location));
    return {way.settings.location, std::move(text), snapshot.header.coverage};
  }
  sql::OpenConnection opened = std::move(*way.connection);
  for (const std::string& warning : opened.connection->warnings()) context.log->warning(warning);
  for (const std::string& warning : opened.warnings) context.log->warning(warning);
  schema::Catalog catalog = schema::read_catalog(*opened.connection, table, *context.stop);
  return {opened.connection->description(),
          schema::snapshot_text(catalog.header, std::move(catalog.lines)),
          std::move(catalog.header.coverage)};
}

namespace {

// As --database says it, and not as a file may be called.
bool is_database(std::string_view word) {
  constexpr std::array<std::string_view, 5> kSchemes = {"postgresql://", "postgres://",
                                                        "lambda:", "arn:", "ssm:"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view scheme) { return word.starts_with(scheme); });
}

// s3://bucket/prefix/name as the place and the name in it.
struct Stored {
  std::unique_ptr<reporters::Store> store;
  std::string name;
};

constexpr std::string_view kBucket = "s3://";

Stored stored(const std::string& url, const Context& context) {
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const std::size_t slash = url.rfind('/');
  if (slash < kBucket.size() || slash + 1 == url.size()) {
    throw Error{Fault::kUsage, fmt::format("{} names no object", printable(url)),
                "write s3://bucket/folder/schema.json"};
  }
  return {reporters::make_store(url.substr(0, slash), config::report_options(context.resolved.run),
                                aws.source()),
          url.substr(slash + 1)};
}

int run_snapshot(const Context& context) {
  const Taken taken = take(one_target(context.resolved), context);
  for (const auto& [kind, state] : taken.coverage) {
    if (!state.starts_with(schema::kRead)) context.log->warning(kind + ' ' + state);
  }
  const std::string output = context.resolved.run.output.value_or("-");
  if (output.starts_with(kBucket)) {
    const Stored place = stored(output, context);
    place.store->replace(place.name, taken.text, {}, *context.stop);
  } else {
    write_fully(1, taken.text);
  }
  return 0;
}

std::string text_of(const std::string& path, const Context& context) {
  if (path.starts_with(kBucket)) {
    const Stored place = stored(path, context);
    std::optional<std::string> text = place.store->read(place.name, *context.stop);
    if (text) return std::move(*text);
    throw Error{Fault::kReportUnreadable, fmt::format("there is no {}", printable(path)),
                "take one: schema-drift schema snapshot --database URL -o s3://bucket/schema.json"};
  }
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > schema::kMaxSnapshotBytes) {
    throw Error{Fault::kReportUnreadable,
                fmt::format("{} is larger than {} MiB: not a snapshot", printable(path),
                            schema::kMaxSnapshotBytes >> 20U)};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file && !error) {
    text.resize(size);
    file.read(text.data(), static_cast<std::streamsize>(size));
  }
  if (!file || error) {
    throw Error{
        Fault::kReportUnreadable,
        fmt::format("cannot read {}: {}", printable(path),
                    error ? error.message() : std::strerror(errno)),
        "each side of a diff is the file of a snapshot, s3://bucket/name, or a database URL"};
  }
  return text;
}

struct ReadSide {
  schema::Snapshot snapshot;
  schema::NamedSide named;
  bool from_elsewhere = false;  // a database, or a bucket
};

ReadSide read_side(const std::string& word, const Context& context) {
  Taken taken;
  if (is_database(word)) {
    config::Options options = one_target(context.resolved);
    options.database = word;
    options.database_file.reset();
    taken = take(options, context);
  } else {
    taken = {word, text_of(word, context), {}};
  }
  ReadSide side;
  side.snapshot = schema::read_snapshot(std::move(taken.text), printable(taken.source));
  side.from_elsewhere = is_database(word) || word.starts_with(kBucket);
  side.named = {taken.source, side.snapshot.header, side.snapshot.root};
  return side;
}

enum class Form { kText, kJson, kHtml, kJunit, kSarif, kMarkdown };

Form form_of(const config::Options& options) {
  constexpr std::array<std::pair<std::string_view, Form>, 6> kForms = {
      {{"text", Form::kText},
       {"json", Form::kJson},
       {"html", Form::kHtml},
       {"junit", Form::kJunit},
       {"sarif", Form::kSarif},
       {"markdown", Form::kMarkdown}}};
  const std::string word = options.format.value_or("text");
  const auto* found = std::find_if(kForms.begin(), kForms.end(),
                                   [&](const auto& form) { return form.first == word; });
  if (found != kForms.end()) return found->second;
  throw config::unknown_choice("--format", word, "give text, json, html, junit, sarif or markdown");
}

std::string written(Form form, const schema::Comparison& comparison, const ReadSide& expected,
                    const ReadSide& live) {
  if (form == Form::kText) {
    return schema::comparison_text(comparison, expected.named, live.named);
  }
  if (form == Form::kJson) {
    return schema::comparison_json(comparison, expected.named, live.named);
  }
  const std::string& source = expected.named.source;
  // Whoever shows findings beside files knows those of the repository alone.
  const bool in_repository = !expected.from_elsewhere && !source.starts_with('/');
  const report::Output output =
      schema_output(comparison, expected.named, live.named, in_repository ? source : "");
  switch (form) {
    case Form::kHtml: return report::to_html(output);
    case Form::kJunit: return report::to_junit(output);
    case Form::kSarif: return report::to_sarif(output);
    default: return report::to_markdown(output);
  }
}

// Null where none are given.
std::shared_ptr<const schema::Rules> rules_of(const Context& context) {
  const config::Options& options = one_target(context.resolved);
  const check::SchemaRules rules = config::schema_rules(options);
  if (!rules.at_ref) return rules.read;
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const auto settings = config::codebase_settings(options, context.resolved.run);
  const check::OpenedRepository opened =
      check::open_codebase(settings, aws.source(), *context.stop, *context.log);
  context.log->info("rules are read", {{"file", rules.file}, {"commit", opened.tree.commit().id}});
  return check::rules_in(opened.tree, rules.file);
}

int run_diff(const Context& context, const std::vector<std::string>& words) {
  if (words.size() != 3) {
    throw Error{Fault::kUsage, "diff needs two sides",
                "schema-drift schema diff EXPECTED LIVE: each the file of a snapshot, "
                "s3://bucket/name, or a database URL"};
  }
  const Form form = form_of(context.resolved.run);
  const bool as_sql = context.resolved.run.sql.value_or(false);
  if (as_sql && form != Form::kText) {
    throw Error{Fault::kUsage, "--sql prints statements, and --format asks for something else",
                "give one of them"};
  }
  const ReadSide expected = read_side(words[1], context);
  const ReadSide live = read_side(words[2], context);
  const std::shared_ptr<const schema::Rules> rules = rules_of(context);
  schema::Comparison comparison = schema::compare(expected.snapshot, live.snapshot,
                                                  context.resolved.run.strict.value_or(false));
  if (rules) schema::apply_rules(*rules, live.snapshot, SystemClock().now(), comparison);
  for (const std::string& warning : comparison.rule_warnings) context.log->warning(warning);
  if (as_sql) {
    const schema::Script script = schema::script_of(comparison, expected.snapshot, live.snapshot);
    write_fully(1, schema::script_text(script, expected.named.source, live.named.source,
                                       live.snapshot.header.server_version_num));
  } else {
    write_fully(1, written(form, comparison, expected, live));
  }
  return schema::exit_code(comparison);
}

}  // namespace

int run_schema(const Context& context, const std::vector<std::string>& words) {
  if (!words.empty() && words.front() == "diff") return run_diff(context, words);
  // A snapshot has one form, but a wrong word is a wrong call.
  Context formed = context;
  formed.format = output_format(context.resolved.run);
  if (words.size() == 1 && words.front() == "snapshot") return run_snapshot(formed);
  if (words.size() == 1 && words.front() == "record") return run_schema_record(formed);
  if (!words.empty() && words.front() == "accept") return run_schema_accept(formed, words);
  throw Error{
      Fault::kUsage, "schema needs to know what to do",
      "schema-drift schema snapshot --database URL -o FILE, schema diff EXPECTED LIVE, schema "
      "record --expected PLACE, or schema accept TARGET --reason TEXT --expected PLACE"};
}

}  // namespace drift::cli
