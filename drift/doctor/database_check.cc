#include "drift/doctor/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/sql/database.h"
#include "drift/sql/sql_text.h"

namespace drift::doctor {
namespace {

constexpr const char* kDatabase = "database";
constexpr const char* kVersionTable = "version_table";
constexpr const char* kRights = "database_rights";
constexpr std::size_t kShownRows = 3;

// Whether an error of reading the table says that the database answered.
bool is_about_the_table(Fault fault) {
  constexpr std::array kFaults = {Fault::kPermissionDenied, Fault::kWrongColumn, Fault::kNullRow,
                                  Fault::kTooManyRows, Fault::kSqlFailed};
  return std::find(kFaults.begin(), kFaults.end(), fault) != kFaults.end();
}

Outcome table_outcome(const std::string& about, const production::VersionTable& table) {
  Outcome outcome{kVersionTable, about, State::kOk, "", ""};
  if (!table.exists || table.rows.empty()) {
    outcome.state = State::kWarn;
    outcome.seen = table.exists ? fmt::format("{} is empty", table.qualified_name)
                                : fmt::format("there is no {}", table.qualified_name);
    outcome.action =
        "the nightly run will say unversioned: stamp the database with `alembic stamp`, or name "
        "another table with --version-table and --version-table-schema";
    return outcome;
  }
  std::vector<std::string> shown;
  for (const std::string& row : table.rows) {
    if (shown.size() < kShownRows) shown.push_back(shortened(printable(row), 40));
  }
  outcome.seen =
      fmt::format("{} has {}: {}{}", table.qualified_name, counted(table.rows.size(), "row"),
                  joined(shown), table.rows.size() > kShownRows ? ", ..." : "");
  return outcome;
}

Outcome rights_outcome(const std::string& about, const SessionFacts& facts,
                       const production::VersionTable& table) {
  const std::string role = sql::display_identifier(facts.role);
  const std::vector<std::string> may = rights_too_wide(facts, table.qualified_name);
  if (may.empty()) {
    return {kRights, about, State::kOk,
            fmt::format("role {} may write no table and create nothing", role), ""};
  }
  const std::string schema =
      sql::display_identifier(table.schema.empty() ? "public" : table.schema);
  return {kRights, about, State::kWarn, fmt::format("role {} may {}", role, fmt::join(may, "; ")),
          fmt::format("reading is enough: let a role log in that has GRANT USAGE ON SCHEMA {} and "
                      "GRANT SELECT ON {}, and nothing else",
                      schema, table.qualified_name)};
}

std::string session_words(const SessionFacts& facts) {
  const std::string tls = !facts.tls ? "TLS not told" : facts.tls->empty() ? "no TLS" : *facts.tls;
  return fmt::format(", PostgreSQL {}{}, role {}, {}",
                     facts.server_version.substr(0, facts.server_version.find(' ')),
                     facts.standby ? " (a standby)" : "", sql::display_identifier(facts.role), tls);
}

class Examination {
 public:
  Examination(const check::Target& target, sql::SqlSource& source)
      : about_(target.name), source_(source) {
    database_ = {kDatabase, about_, State::kOk, source.description(), ""};
    for (const std::string& warning : source.warnings()) {
      database_.state = State::kWarn;
      database_.seen += ", " + warning;
      // Of the kinds of warnings there are, the last one is about TLS.
      const bool reader = warning.find("reader endpoint") != std::string::npos;
      const std::size_t variable = warning.find("set SQL_API_FUNCTION=");
      database_.action = reader ? "read from the writer's endpoint"
                         : variable != std::string::npos
                             ? warning.substr(variable)
                             : "connect with sslmode=verify-full, and name the server's authority "
                               "with sslrootcert";
    }
  }

  // Of a database whose schemas have a version table each: the rights are on hundreds of tables.
  Outcomes run_tenants(const check::Target& target) {
    Outcome rights = skipped(kRights, about_, "not looked at for tenants");
    try {
      const auto all =
          production::read_tenants(source_, target.version_table.table, target.tenants);
      Outcome read{kVersionTable, about_, State::kOk,
                   fmt::format("{} can be read", counted(all.tenants.size(), "tenant")), ""};
      std::size_t unread = 0;
      for (const production::Tenant& tenant : all.tenants) {
        if (!tenant.failure || ++unread > 1) continue;
        read.state = State::kFail;
        read.seen = tenant.failure->what();
        read.action = tenant.failure->hint;
      }
      if (unread > 0) {
        read.seen = fmt::format("{} of {} cannot be read: {}", unread,
                                counted(all.tenants.size(), "tenant"), read.seen);
      }
      return {database_, std::move(read), std::move(rights)};
    } catch (const Error& error) {
      return {database_, failed(kVersionTable, about_, error), std::move(rights)};
    }
  }

  // Of a target that stands for other databases of its server.
  Outcomes run_template() {
    constexpr const char* kWhy = "the run asks databases_from, and checks what it names";
    return {database_, skipped(kVersionTable, about_, kWhy), skipped(kRights, about_, kWhy)};
  }

  Outcomes run(const production::VersionTableName& name) {
    std::optional<production::VersionTable> table;
    Outcome read;
    try {
      table = production::read_version_table(source_, name);
      read = table_outcome(about_, *table);
    } catch (const Error& error) {
      // A function of the SQL API is reached for the first time here.
      if (!is_about_the_table(error.fault) && error.fault != Fault::kTimedOut) {
        return {failed(kDatabase, about_, error),
                skipped(kVersionTable, about_, "the database could not be reached"),
                skipped(kRights, about_, "the database could not be reached")};
      }
      read = failed(kVersionTable, about_, error);
    }
    if (!table)
      return {database_, read, skipped(kRights, about_, "the version table was not read")};
    Outcome rights = ask_rights(*table);
    return {database_, std::move(read), std::move(rights)};
  }

 private:
  Outcome ask_rights(const production::VersionTable& table) {
    try {
      const auto answer = source_.query(session_facts_statement(table));
      if (const auto* failure = std::get_if<sql::SqlFailure>(&answer)) {
        return {kRights, about_, State::kUnknown,
                fmt::format("the server did not tell: {}", failure->message), ""};
      }
      const SessionFacts facts = parse_session_facts(std::get<sql::ResultSet>(answer));
      database_.seen += session_words(facts);
      return rights_outcome(about_, facts, table);
    } catch (const Error& error) {
      return not_known(kRights, about_, error);
    }
  }

  std::string about_;
  sql::SqlSource& source_;
  Outcome database_;
};

}  // namespace

Outcomes examine_database(const check::Target& target, const check::Run& run, const Stop& stop) {
  std::unique_ptr<sql::SqlSource> source;
  try {
    source = sql::open_database(target.database, run.aws->source(target.role), stop, *run.log);
  } catch (const Error& error) {
    return {failed(kDatabase, target.name, error),
            skipped(kVersionTable, target.name, "the database could not be reached"),
            skipped(kRights, target.name, "the database could not be reached")};
  }
  Examination examination(target, *source);
  if (!target.databases_from.empty()) return examination.run_template();
  if (!target.tenants.empty()) return examination.run_tenants(target);
  return examination.run(target.version_table);
}

namespace {

// {table} and {schema} are literals.
// - The words for rights are put together by concat, and two columns of pg_roles are read through
//   to_jsonb, for the sake of the functions that search for words (see the header).
// - has_table_privilege with several rights asks for any of them.
//   https://www.postgresql.org/docs/15/functions-info.html#FUNCTIONS-INFO-ACCESS-TABLE
// - pg_has_role with MEMBER is true also for what SET ROLE would give, with USAGE only for what is
//   inherited; since 16 a membership may forbid SET ROLE.
//   https://www.postgresql.org/docs/16/functions-info.html#FUNCTIONS-INFO-ACCESS-TABLE
// - pg_stat_ssl shows everybody their own session.
constexpr std::string_view kStatement = R"(
SELECT CURRENT_USER::pg_catalog.text AS role,
  pg_catalog.current_setting('server_version') AS server_version,
  (SELECT CASE WHEN s.ssl THEN s.version ELSE '' END FROM pg_catalog.pg_stat_ssl AS s
   WHERE s.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()) AS tls,
  pg_catalog.pg_is_in_recovery()::pg_catalog.text AS standby,
  r.rolsuper::pg_catalog.text AS superuser,
  r.rolbypassrls::pg_catalog.text AS bypasses_row_security,
  pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.->>) pg_catalog.concat('rolcr', 'eaterole')
    AS makes_roles,
  pg_catalog.to_jsonb(r) OPERATOR(pg_catalog.->>) pg_catalog.concat('rolcr', 'eatedb')
    AS makes_databases,
  r.rolreplication::pg_catalog.text AS replicates,
  pg_catalog.has_database_privilege(pg_catalog.current_database(),
    pg_catalog.concat('CR', 'EATE'))::pg_catalog.text AS makes_schemas,
  pg_catalog.array_to_string(ARRAY(
    SELECT pg_catalog.quote_ident(n.nspname::pg_catalog.text)
    FROM pg_catalog.pg_namespace AS n
    WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
      AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
      AND pg_catalog.has_schema_privilege(n.oid, pg_catalog.concat('CR', 'EATE'))
    ORDER BY n.nspname LIMIT 10), E'\n') AS makes_objects,
  pg_catalog.array_to_string(ARRAY(
    SELECT m.rolname::pg_catalog.text FROM pg_catalog.pg_roles AS m
    WHERE m.oid OPERATOR(pg_catalog.<>) r.oid
      AND (m.rolsuper OR m.rolname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY[
        'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
        'pg_write_server_files', 'pg_maintain', 'rds_superuser', 'cloudsqlsuperuser',
        'azure_pg_admin', pg_catalog.concat('pg_ex', 'ecute_server_program'),
        pg_catalog.concat('pg_cr', 'eate_subscription')]::pg_catalog.text[]))
      AND pg_catalog.pg_has_role(m.oid, 'MEMBER')
    ORDER BY m.rolname LIMIT 10), E'\n') AS member_of,
  pg_catalog.array_to_string(ARRAY(
    SELECT m.rolname::pg_catalog.text FROM pg_catalog.pg_roles AS m
    WHERE m.oid OPERATOR(pg_catalog.<>) r.oid
      AND NOT pg_catalog.pg_has_role(m.oid, 'USAGE')
      AND CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4
                    OPERATOR(pg_catalog.>=) 160000
               THEN pg_catalog.pg_has_role(m.oid, pg_catalog.concat('SE', 'T'))
               ELSE pg_catalog.pg_has_role(m.oid, 'MEMBER') END
      AND EXISTS (
        SELECT 1 FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=)
            ANY (ARRAY['r', 'p']::pg_catalog.text[])
          AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
          AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
          AND (pg_catalog.has_table_privilege(m.oid, c.oid, pg_catalog.concat(
                 'INS', 'ERT, UPD', 'ATE, DEL', 'ETE, TRUN', 'CATE'))
               OR pg_catalog.has_any_column_privilege(m.oid, c.oid, pg_catalog.concat(
                 'INS', 'ERT, UPD', 'ATE'))))
    ORDER BY m.rolname LIMIT 10), E'\n') AS may_become,
  COALESCE(t.owned, 'false') AS owns_version_table,
  t.writes AS version_table,
  (SELECT pg_catalog.count(*)::pg_catalog.text FROM (
    SELECT 1 FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::pg_catalog.text[])
      AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
      AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.name
      AND (t.oid IS NULL OR c.oid OPERATOR(pg_catalog.<>) t.oid)
      AND (pg_catalog.has_table_privilege(c.oid, pg_catalog.concat(
             'INS', 'ERT, UPD', 'ATE, DEL', 'ETE, TRUN', 'CATE'))
           OR pg_catalog.has_any_column_privilege(c.oid, pg_catalog.concat(
             'INS', 'ERT, UPD', 'ATE')))
    LIMIT 1000) AS written) AS other_tables
FROM pg_catalog.pg_roles AS r LEFT JOIN (
  SELECT c.oid, pg_catalog.pg_has_role(c.relowner, 'USAGE')::pg_catalog.text AS owned,
    pg_catalog.array_to_string(ARRAY(
      SELECT p.word FROM pg_catalog.unnest(ARRAY[
        pg_catalog.concat('INS', 'ERT'), pg_catalog.concat('UPD', 'ATE'),
        pg_catalog.concat('DEL', 'ETE'), pg_catalog.concat('TRUN', 'CATE')])
        WITH ORDINALITY AS p(word, position)
      WHERE CASE WHEN pg_catalog.has_table_privilege(c.oid, p.word) THEN true
                 WHEN p.position OPERATOR(pg_catalog.<=) 2::pg_catalog.int8
                 THEN pg_catalog.has_any_column_privilege(c.oid, p.word)
                 ELSE false END
      ORDER BY p.position), E'\n') AS writes
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) {table}::pg_catalog.text
    AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) {schema}::pg_catalog.text
) AS t ON true
WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER)";

constexpr std::array<std::string_view, 16> kColumns = {
    "role",       "server_version",        "tls",           "standby",
    "superuser",  "bypasses_row_security", "makes_roles",   "makes_databases",
    "replicates", "makes_schemas",         "makes_objects", "member_of",
    "may_become", "owns_version_table",    "version_table", "other_tables"};

void require(bool condition) {
  if (condition) return;
  throw Error{Fault::kSqlFailed, "the answer about the role's rights has an unexpected shape"};
}

std::vector<std::string> lines(const std::optional<std::string>& text) {
  std::vector<std::string> found;
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    found.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return found;
}

}  // namespace

std::string session_facts_statement(const production::VersionTable& table) {
  return fmt::format(kStatement, fmt::arg("table", sql::quoted_literal(table.table)),
                     fmt::arg("schema", sql::quoted_literal(table.schema)));
}

SessionFacts parse_session_facts(const sql::ResultSet& answer) {
  require(answer.rows.size() == 1 && answer.rows[0].size() == kColumns.size());
  // By name where there are names: JSON objects may come with their keys sorted.
  const auto value = [&](std::string_view name) -> const std::optional<std::string>& {
    auto at = std::find(kColumns.begin(), kColumns.end(), name) - kColumns.begin();
    if (!answer.columns.empty()) {
      const auto found = std::find(answer.columns.begin(), answer.columns.end(), name);
      require(found != answer.columns.end());
      at = found - answer.columns.begin();
    }
    return answer.rows[0][static_cast<std::size_t>(at)];
  };
  const auto yes = [&](std::string_view name) { return value(name) == "true"; };
  require(value("role") && value("server_version") && value("superuser"));
  SessionFacts facts;
  facts.role = *value("role");
  facts.server_version = *value("server_version");
  facts.tls = value("tls");
  facts.standby = yes("standby");
  facts.superuser = yes("superuser");
  facts.bypasses_row_security = yes("bypasses_row_security");
  facts.makes_roles = yes("makes_roles");
  facts.makes_databases = yes("makes_databases");
  facts.replicates = yes("replicates");
  facts.makes_schemas = yes("makes_schemas");
  facts.makes_objects = lines(value("makes_objects"));
  facts.member_of = lines(value("member_of"));
  for (std::string& role : lines(value("may_become"))) {
    const auto& known = facts.member_of;
    if (std::find(known.begin(), known.end(), role) == known.end()) {
      facts.may_become.push_back(std::move(role));
    }
  }
  facts.owns_version_table = yes("owns_version_table");
  facts.version_table = lines(value("version_table"));
  const std::string count = value("other_tables").value_or("");
  const auto [end, error] =
      std::from_chars(count.data(), count.data() + count.size(), facts.other_tables);
  require(error == std::errc{} && end == count.data() + count.size());
  return facts;
}

std::vector<std::string> rights_too_wide(const SessionFacts& facts, const std::string& table) {
  if (facts.superuser) return {"do anything (it is a superuser)"};
  std::vector<std::string> may;
  if (facts.owns_version_table) {
    may.push_back(fmt::format("do anything with {} (it owns it)", table));
  } else if (!facts.version_table.empty()) {
    may.push_back(fmt::format("{} on {}", fmt::join(facts.version_table, ", "), table));
  }
  if (facts.other_tables > 0) {
    may.push_back(
        fmt::format("write {}{}", facts.other_tables >= 1000 ? "at least " : "",
                    counted(static_cast<std::uint64_t>(facts.other_tables), "other table")));
  }
  if (!facts.makes_objects.empty()) {
    may.push_back(fmt::format("CREATE in schema {}", fmt::join(facts.makes_objects, ", ")));
  }
  if (facts.makes_schemas) may.emplace_back("CREATE schemas in the database");
  if (facts.makes_databases) may.emplace_back("CREATE databases (CREATEDB)");
  if (facts.makes_roles) may.emplace_back("CREATE roles (CREATEROLE)");
  if (facts.replicates) may.emplace_back("replicate everything (REPLICATION)");
  if (facts.bypasses_row_security) may.emplace_back("read past row level security (BYPASSRLS)");
  if (!facts.member_of.empty()) {
    may.push_back(fmt::format("act as {}", fmt::join(facts.member_of, ", ")));
  }
  if (!facts.may_become.empty()) {
    may.push_back(
        fmt::format("become {} by SET ROLE, which may write", fmt::join(facts.may_become, ", ")));
  }
  return may;
}

}  // namespace drift::doctor
