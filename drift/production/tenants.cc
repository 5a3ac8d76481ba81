#include "drift/production/tenants.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "drift/base/text.h"
#include "drift/production/reading.h"
#include "drift/production/version_catalog.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::production {
namespace {

constexpr std::size_t kAtOnce = 500;
// A tenant has one row for each head; a table with thousands is not Alembic's.
constexpr std::size_t kMostTenantRows = 1'000;
// Each waits for its lock, and there may be hundreds.
constexpr std::size_t kMostLockedTried = 3;

// {names} and {patterns} are arrays, {table} a literal. One row always comes back, so that the role
// is known. As version_catalog_statement, this trusts no search_path and never says "drop".
// - pg_locks tells of a table that is being rewritten or altered: to wait for it with all others in
//   one statement would make them wait, too.
constexpr std::string_view kStatement = R"(
SELECT CURRENT_USER::pg_catalog.text AS role, found.*
FROM (SELECT 1) AS always LEFT JOIN (
  SELECT n.nspname::pg_catalog.text AS schema,
         c.oid::pg_catalog.text AS oid,
         c.relkind::pg_catalog.text AS kind,
         CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE')
              THEN 'yes' ELSE 'no' END AS schema_usable,
         CASE WHEN a.attnum IS NOT NULL THEN 'yes' ELSE 'no' END AS has_version_num,
         CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT')
                OR pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
              THEN 'yes' ELSE 'no' END AS readable,
         CASE WHEN pg_catalog.row_security_active(c.oid)
              THEN 'yes' ELSE 'no' END AS rows_may_be_hidden,
         pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.text AS filenode,
         CASE WHEN EXISTS (
           SELECT 1 FROM pg_catalog.pg_locks AS l
           WHERE l.relation OPERATOR(pg_catalog.=) c.oid
             AND l.mode OPERATOR(pg_catalog.=) 'AccessExclusiveLock'::pg_catalog.text)
              THEN 'yes' ELSE 'no' END AS locked,
         pg_catalog.array_to_string(ARRAY(
           SELECT pg_catalog.quote_ident(every.attname::pg_catalog.text)
           FROM pg_catalog.pg_attribute AS every
           WHERE every.attrelid OPERATOR(pg_catalog.=) c.oid
             AND every.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
             AND every.atttypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
             AND a.attnum IS NULL
           ORDER BY every.attnum LIMIT 10), ', ') AS columns
  FROM pg_catalog.pg_namespace AS n
  LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
       AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) {table}::pg_catalog.text
  LEFT JOIN pg_catalog.pg_attribute AS a
       ON a.attrelid OPERATOR(pg_catalog.=) c.oid
       AND a.attname OPERATOR(pg_catalog.=) 'version_num'::pg_catalog.name
       AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
       AND a.atttypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
  WHERE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=)
          ANY (ARRAY[{names}]::pg_catalog.text[])
     OR (n.nspname::pg_catalog.text OPERATOR(pg_catalog.~~)
           ANY (ARRAY[{patterns}]::pg_catalog.text[])
         AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.<>) 'information_schema'
         AND pg_catalog.strpos(n.nspname::pg_catalog.text, 'pg_') OPERATOR(pg_catalog.<>) 1)
  LIMIT {limit}
) AS found ON true)";

bool is_pattern(const std::string& schema) { return schema.find('*') != std::string::npos; }

// For LIKE, whose escape is a backslash.
std::string like_pattern(const std::string& pattern) {
  std::string like;
  for (const char c : pattern) {
    if (c == '*') {
      like += '%';
    } else {
      if (c == '%' || c == '_' || c == '\\') like += '\\';
      like += c;
    }
  }
  return like;
}

std::string array_of(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += (text.empty() ? "" : ", ") + sql::quoted_literal(value);
  }
  return text;
}

struct Candidate {
  Relation relation;
  bool has_table = false;
  bool locked = false;
};

struct Catalog {
  std::string role;
  std::map<std::string, Candidate> schemas;
};

Catalog read_catalog(sql::SqlSource& source, const std::string& table,
                     const std::vector<std::string>& schemas, const std::string& database) {
  std::vector<std::string> names, patterns;
  for (const std::string& schema : schemas) {
    if (is_pattern(schema)) {
      patterns.push_back(like_pattern(schema));
    } else {
      names.push_back(schema);
    }
  }
  const sql::ResultSet answer =
      ask(source,
          fmt::format(kStatement, fmt::arg("table", sql::quoted_literal(table)),
                      fmt::arg("names", array_of(names)), fmt::arg("patterns", array_of(patterns)),
                      fmt::arg("limit", kMaxTenants + 1)),
          "the catalog of " + database, "");
  constexpr std::array<std::string_view, 11> kColumns = {
      "role",          "schema",          "oid",      "kind",
      "schema_usable", "has_version_num", "readable", "rows_may_be_hidden",
      "filenode",      "locked",          "columns"};
  const auto require = [](bool condition) {
    if (condition) return;
    throw Error{Fault::kSqlFailed, "the catalog's answer has an unexpected shape"};
  };
  std::array<std::size_t, kColumns.size()> at{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    at[i] = i;
    if (answer.columns.empty()) continue;
    const auto found = std::find(answer.columns.begin(), answer.columns.end(), kColumns[i]);
    require(found != answer.columns.end());
    at[i] = static_cast<std::size_t>(found - answer.columns.begin());
  }
  require(!answer.rows.empty());
  if (answer.rows.size() > kMaxTenants) {
    throw Error{Fault::kTooManyRows,
                fmt::format("more than {} schemas of {} are tenants", kMaxTenants, database),
                "give several targets, each with a pattern for a part of them"};
  }
  Catalog catalog;
  for (const auto& row : answer.rows) {
    require(row.size() == kColumns.size() && row[at[0]]);
    catalog.role = *row[at[0]];
    if (!row[at[1]]) continue;
    Candidate candidate;
    Relation& relation = candidate.relation;
    relation.schema = *row[at[1]];
    relation.name = table;
    candidate.has_table = row[at[2]].has_value();
    if (candidate.has_table) {
      require(row[at[3]] && row[at[3]]->size() == 1);
      relation.oid = *row[at[2]];
      relation.kind = row[at[3]]->front();
    }
    const auto yes = [&](std::size_t column) { return row[at[column]] == "yes"; };
    relation.schema_usable = yes(4);
    relation.has_version_num = yes(5);
    relation.readable = yes(6);
    relation.rows_may_be_hidden = yes(7);
    relation.filenode = row[at[8]].value_or("");
    candidate.locked = yes(9);
    relation.columns = row[at[10]].value_or("");
    catalog.schemas.emplace(relation.schema, std::move(candidate));
  }
  return catalog;
}

// The tenants whose tables are there and may be read.
class Rows {
 public:
  Rows(sql::SqlSource& source, const std::string& role) : source_(source), role_(role) {}

  // Of several at once; where that fails, of half as many, until it is known whose fault it is.
  void read(const std::vector<std::pair<Tenant*, const Candidate*>>& some) {
    if (some.empty()) return;
    source_.begin_anew();
    auto answer = source_.query(statement(some));
    if (auto* rows = std::get_if<sql::ResultSet>(&answer)) {
      take(some, *rows);
      return;
    }
    if (some.size() == 1) {
      some.front().first->failure = failed(std::get<sql::SqlFailure>(answer),
                                           some.front().second->relation.display_name(), role_);
      return;
    }
    const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
    read({some.begin(), middle});
    read({middle, some.end()});
  }

 private:
  static std::string statement(const std::vector<std::pair<Tenant*, const Candidate*>>& some) {
    std::string text;
    for (std::size_t i = 0; i < some.size(); ++i) {
      const Relation& relation = some[i].second->relation;
      text += fmt::format(
          "{}(SELECT '{}' AS tenant, pg_catalog.left(v.version_num::pg_catalog.text, {}) AS "
          "version_num FROM {}.{} AS v LIMIT {})",
          i == 0 ? "" : " UNION ALL ", i, kMaxRowBytes + 1, sql::quoted_identifier(relation.schema),
          sql::quoted_identifier(relation.name), kMostTenantRows + 1);
    }
    return text;
  }

  void take(const std::vector<std::pair<Tenant*, const Candidate*>>& some,
            const sql::ResultSet& rows) {
    const auto shape = [](bool right) {
      if (right) return;
      throw Error{Fault::kSqlFailed, "reading the tenants gave rows of another shape"};
    };
    const bool turned = !rows.columns.empty() && rows.columns.front() == "version_num";
    for (const auto& row : rows.rows) {
      shape(row.size() == 2 && row[turned ? 1 : 0].has_value());
      const std::string& number = *row[turned ? 1 : 0];
      std::size_t index = some.size();
      std::from_chars(number.data(), number.data() + number.size(), index);
      shape(index < some.size());
      Tenant& tenant = *some[index].first;
      if (tenant.failure) continue;
      try {
        tenant.table.rows.push_back(version_num(row[turned ? 0 : 1], tenant.table.qualified_name));
        if (tenant.table.rows.size() > kMostTenantRows) {
          throw Error{Fault::kTooManyRows,
                      fmt::format("{} holds more than {} rows", tenant.table.qualified_name,
                                  kMostTenantRows),
                      "it is not Alembic's: --version-table names another table, as in env.py"};
        }
      } catch (const Error& error) {
        tenant.failure = error;
      }
    }
    refuse_rewritten(some);
  }

  // To a snapshot from before it a table that was truncated or rewritten looks empty (see
  // version_table.cc).
  void refuse_rewritten(const std::vector<std::pair<Tenant*, const Candidate*>>& some) {
    std::map<std::string, std::pair<Tenant*, std::string>> empty;
    std::string oids;
    for (const auto& [tenant, candidate] : some) {
      if (tenant->failure || !tenant->table.rows.empty()) continue;
      if (candidate->relation.filenode.empty()) continue;
      empty[candidate->relation.oid] = {tenant, candidate->relation.filenode};
      oids += (oids.empty() ? "" : ", ") + sql::quoted_literal(candidate->relation.oid);
    }
    if (empty.empty()) return;
    const sql::ResultSet answer = ask(
        source_,
        fmt::format("SELECT o.oid AS oid, pg_catalog.pg_relation_filenode(o.oid::pg_catalog.oid)"
                    "::pg_catalog.text AS filenode "
                    "FROM pg_catalog.unnest(ARRAY[{}]::pg_catalog.text[]) AS o(oid)",
                    oids),
        "the tenants that have no row", role_);
    const bool turned = !answer.columns.empty() && answer.columns.front() == "filenode";
    for (const auto& row : answer.rows) {
      if (row.size() != 2 || !row[turned ? 1 : 0]) continue;
      const auto found = empty.find(*row[turned ? 1 : 0]);
      if (found == empty.end()) continue;
      if (row[turned ? 0 : 1] == found->second.second) empty.erase(found);
    }
    for (const auto& [oid, one] : empty) {
      one.first->failure = Error{
          Fault::kSqlFailed,
          fmt::format("{} was rewritten while it was being read", one.first->table.qualified_name),
          "a migration may be running: run again when it has finished", true};
    }
  }

  sql::SqlSource& source_;
  const std::string role_;
};

Tenant tenant_of(const std::string& schema, const std::string& table) {
  Tenant tenant;
  tenant.schema = tenant.table.schema = schema;
  tenant.table.table = table;
  tenant.table.qualified_name =
      sql::display_identifier(schema) + "." + sql::display_identifier(table);
  return tenant;
}

}  // namespace

bool names_tenants(const std::vector<std::string>& schemas) {
  return schemas.size() > 1 || (schemas.size() == 1 && is_pattern(schemas.front()));
}

Tenants read_tenants(sql::SqlSource& source, const std::string& table,
                     const std::vector<std::string>& schemas) {
  if (table.empty()) throw Error{Fault::kUsage, "the name of the version table is empty"};
  Tenants found;
  found.database = source.description();
  found.warnings = source.warnings();
  const Catalog catalog = read_catalog(source, table, schemas, found.database);

  std::set<std::string> named;
  std::vector<std::string> like;
  for (const std::string& schema : schemas) {
    if (!is_pattern(schema)) named.insert(schema);
    if (is_pattern(schema) && schema != "*") like.push_back(schema);
  }
  // Only a pattern of '*' alone asks for the table to be there.
  const bool all_by_table =
      like.empty() && std::find(schemas.begin(), schemas.end(), "*") != schemas.end();
  std::size_t without = 0;
  for (const auto& [schema, candidate] : catalog.schemas) {
    if (all_by_table && !candidate.has_table && named.count(schema) == 0) {
      ++without;
      continue;
    }
    found.tenants.push_back(tenant_of(schema, table));
    named.erase(schema);
  }
  for (const std::string& missing : named) found.tenants.push_back(tenant_of(missing, table));
  std::sort(found.tenants.begin(), found.tenants.end(),
            [](const Tenant& a, const Tenant& b) { return a.schema < b.schema; });
  if (found.tenants.empty()) {
    throw Error{Fault::kSqlFailed,
                fmt::format("{} has no schema that {} takes{}", found.database, quoted(schemas),
                            all_by_table ? " and that has the version table" : ""),
                "look at --version-table-schema and --version-table, and at the database"};
  }
  if (without > 0) {
    found.warnings.push_back(fmt::format(
        "{} without {} {} not taken for {}: a pattern such as tenant_* says which schemas are",
        counted(without, "schema"), sql::display_identifier(table), without == 1 ? "was" : "were",
        without == 1 ? "a tenant" : "tenants"));
  }

  using Some = std::vector<std::pair<Tenant*, const Candidate*>>;
  Some free, locked;
  for (Tenant& tenant : found.tenants) {
    const auto known = catalog.schemas.find(tenant.schema);
    if (known == catalog.schemas.end() || !known->second.has_table) continue;
    tenant.table.exists = true;
    try {
      require_readable(known->second.relation, catalog.role);
      (known->second.locked ? locked : free).emplace_back(&tenant, &known->second);
    } catch (const Error& error) {
      tenant.failure = error;
    }
  }
  Rows rows(source, catalog.role);
  for (std::size_t i = 0; i < free.size(); i += kAtOnce) {
    const auto begin = free.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = free.begin() + static_cast<std::ptrdiff_t>(std::min(free.size(), i + kAtOnce));
    rows.read({begin, end});
  }
  for (std::size_t i = 0; i < locked.size(); ++i) {
    if (i < kMostLockedTried) {
      rows.read({locked[i]});
      continue;
    }
    locked[i].first->failure =
        failed({"55P03", ""}, locked[i].second->relation.display_name(), catalog.role);
  }
  for (Tenant& tenant : found.tenants)
    std::sort(tenant.table.rows.begin(), tenant.table.rows.end());
  return found;
}

}  // namespace drift::production
