#include "drift/impact/live_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/production/reading.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/sql_text.h"

namespace drift::impact {
namespace {

constexpr std::size_t kMostTables = 500;

// {tables}: rows of (name as migrations have it, a quoted name for to_regclass). The rows that come
// back are of one kind each, by `what`:
// - server: version, whether others' sessions can be seen
// - table: kind, parts, heap, total and rows (NULL: never analysed), owner, lock_timeout
// - column, constraint, index: of the tables themselves, not of their parts. A CHECK (x IS NOT
// NULL)
//   is known by its tree, for pg_get_constraintdef() waits for whoever alters the table.
// Neither to_regclass nor anything else here takes a lock on a table: what ALTER TABLE keeps for
// itself must not be waited for. https://www.postgresql.org/docs/15/catalog-pg-class.html says what
// relpages and reltuples are; reltuples is -1 (before 14: 0 with 0 pages) where nobody has counted.
// growth: by how much the statistics collector has seen more rows since; it may count some twice.
constexpr std::string_view kFacts = R"(
SELECT found.* FROM (
WITH RECURSIVE named AS (
  SELECT v.name, CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['i', 'I']::pg_catalog."char"[]) THEN x.indrelid ELSE c.oid END AS oid
  FROM (VALUES {tables}) AS v(name, quoted)
  JOIN pg_catalog.pg_class AS c
    ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(v.quoted)::pg_catalog.oid
  LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid OPERATOR(pg_catalog.=) c.oid
), tree AS (
  SELECT name, oid FROM named
  UNION
  SELECT t.name, i.inhrelid FROM tree AS t
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) t.oid
), part AS (
  SELECT t.name, t.oid, c.relkind,
         GREATEST(c.relpages, 0)::pg_catalog.float8 AS pages,
         c.reltuples::pg_catalog.float8 AS tuples,
         pg_catalog.pg_stat_get_live_tuples(c.oid)::pg_catalog.float8 AS live,
         (SELECT pg_catalog.sum(i.relpages)::pg_catalog.float8
          FROM pg_catalog.pg_class AS i
          WHERE i.oid OPERATOR(pg_catalog.=) c.reltoastrelid
             OR i.oid OPERATOR(pg_catalog.=) ANY (
                  SELECT x.indexrelid FROM pg_catalog.pg_index AS x
                  WHERE x.indrelid OPERATOR(pg_catalog.=) c.oid)) AS others,
         pg_catalog.current_setting('block_size')::pg_catalog.float8 AS block
  FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.oid
), counted AS (
  SELECT name, oid, relkind, block, pages, others, tuples,
         CASE WHEN tuples OPERATOR(pg_catalog.>) 0 AND live OPERATOR(pg_catalog.>) tuples
              THEN live OPERATOR(pg_catalog./) tuples ELSE 1 END AS growth,
         relkind OPERATOR(pg_catalog.=) ANY (ARRAY['p', 'f', 'v']::pg_catalog."char"[])
         OR tuples OPERATOR(pg_catalog.>) 0
         OR (tuples OPERATOR(pg_catalog.=) 0 AND live OPERATOR(pg_catalog.=) 0
             AND (pages OPERATOR(pg_catalog.>) 0
                  OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4
                     OPERATOR(pg_catalog.>=) 140000)) AS known
  FROM part
)
SELECT 'server'::pg_catalog.text AS what, ''::pg_catalog.text AS name,
       pg_catalog.current_setting('server_version_num') AS a,
       CASE WHEN pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
            THEN 'yes' ELSE 'no' END AS b,
       NULL::pg_catalog.text AS c, NULL::pg_catalog.text AS d, NULL::pg_catalog.text AS e,
       NULL::pg_catalog.text AS f, NULL::pg_catalog.text AS g,
       NULL::pg_catalog.text AS h
UNION ALL
SELECT 'table', named.name, c.relkind::pg_catalog.text,
       (SELECT pg_catalog.count(*)::pg_catalog.text FROM counted
        WHERE counted.name OPERATOR(pg_catalog.=) named.name
          AND counted.oid OPERATOR(pg_catalog.<>) named.oid),
       sums.heap, sums.total, sums.tuples,
       (n.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.')
         OPERATOR(pg_catalog.||) c.relname::pg_catalog.text,
       sums.growth, o.rolname::pg_catalog.text OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) COALESCE((
         SELECT pg_catalog.split_part(setting, '=', 2)
         FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS setting
         WHERE s.setrole OPERATOR(pg_catalog.=) ANY (ARRAY[o.oid, 0])
           AND s.setdatabase OPERATOR(pg_catalog.=) ANY (ARRAY[0, (
                 SELECT d.oid FROM pg_catalog.pg_database AS d
                 WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())])
           AND pg_catalog.split_part(setting, '=', 1) OPERATOR(pg_catalog.=) 'lock_timeout'
         ORDER BY s.setrole OPERATOR(pg_catalog.=) 0, s.setdatabase OPERATOR(pg_catalog.=) 0
         LIMIT 1), '')
FROM named JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) named.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) c.relowner
JOIN (SELECT name,
        CASE WHEN pg_catalog.bool_and(known) THEN pg_catalog.sum(pages OPERATOR(pg_catalog.*)
          block)::pg_catalog.int8::pg_catalog.text END AS heap,
        CASE WHEN pg_catalog.bool_and(known) THEN pg_catalog.sum((pages OPERATOR(pg_catalog.+)
          COALESCE(others, 0)) OPERATOR(pg_catalog.*) block)::pg_catalog.int8::pg_catalog.text END AS total,
        CASE WHEN pg_catalog.bool_and(known) THEN pg_catalog.sum(GREATEST(tuples, 0)) FILTER (
          WHERE relkind OPERATOR(pg_catalog.<>) 'p')::pg_catalog.int8::pg_catalog.text END AS tuples,
        pg_catalog.max(growth)::pg_catalog.text AS growth
      FROM counted GROUP BY name) AS sums ON sums.name OPERATOR(pg_catalog.=) named.name
UNION ALL
SELECT 'column', named.name, a.attname::pg_catalog.text,
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attnotnull AND NOT EXISTS (
              SELECT 1 FROM pg_catalog.pg_constraint AS k
              WHERE k.conrelid OPERATOR(pg_catalog.=) named.oid
                AND k.contype OPERATOR(pg_catalog.=) 'n' AND NOT k.convalidated
                AND a.attnum OPERATOR(pg_catalog.=) ANY (k.conkey))
            THEN 'yes' ELSE 'no' END, NULL, NULL, NULL, NULL, NULL
FROM named JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) named.oid
WHERE a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND a.atttypid OPERATOR(pg_catalog.<>) 0
UNION ALL
SELECT 'constraint', named.name, k.conname::pg_catalog.text, k.contype::pg_catalog.text,
       CASE WHEN k.convalidated THEN 'yes' ELSE 'no' END,
       pg_catalog.array_to_string(ARRAY(
         SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid OPERATOR(pg_catalog.=) k.conrelid
           AND a.attnum OPERATOR(pg_catalog.=) ANY (k.conkey)), E'\x01'),
       CASE WHEN r.oid IS NULL THEN NULL
            WHEN pg_catalog.pg_table_is_visible(r.oid) THEN r.relname::pg_catalog.text
            ELSE (n.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.')
                 OPERATOR(pg_catalog.||) r.relname::pg_catalog.text END,
       CASE WHEN k.conrelid OPERATOR(pg_catalog.=) named.oid THEN 'no' ELSE 'yes' END,
       CASE WHEN k.contype OPERATOR(pg_catalog.=) 'c'
             AND k.conbin::pg_catalog.text OPERATOR(pg_catalog.~~)
                 '{NULLTEST :arg {VAR %} :nulltesttype 1 :argisrow false %'
            THEN 'yes' ELSE 'no' END, NULL
FROM named JOIN pg_catalog.pg_constraint AS k
  ON k.conrelid OPERATOR(pg_catalog.=) named.oid OR k.confrelid OPERATOR(pg_catalog.=) named.oid
LEFT JOIN pg_catalog.pg_class AS r ON k.contype OPERATOR(pg_catalog.=) 'f'
  AND r.oid OPERATOR(pg_catalog.=) CASE WHEN k.conrelid OPERATOR(pg_catalog.=) named.oid
                                        THEN k.confrelid ELSE k.conrelid END
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
UNION ALL
SELECT 'index', named.name,
       CASE WHEN pg_catalog.pg_table_is_visible(i.oid) THEN i.relname::pg_catalog.text
            ELSE (n.nspname::pg_catalog.text OPERATOR(pg_catalog.||) '.')
                 OPERATOR(pg_catalog.||) i.relname::pg_catalog.text END,
       CASE WHEN x.indisunique THEN 'yes' ELSE 'no' END,
       CASE WHEN x.indisvalid THEN 'yes' ELSE 'no' END,
       pg_catalog.array_to_string(ARRAY(
         SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a
         WHERE a.attrelid OPERATOR(pg_catalog.=) named.oid
           AND a.attnum OPERATOR(pg_catalog.=) ANY (x.indkey::pg_catalog.int2[])), E'\x01'),
       NULL, NULL, NULL, NULL
FROM named JOIN pg_catalog.pg_index AS x ON x.indrelid OPERATOR(pg_catalog.=) named.oid
JOIN pg_catalog.pg_class AS i ON i.oid OPERATOR(pg_catalog.=) x.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) i.relnamespace
) AS found LIMIT 50000)";

// A prepared transaction has no session, but a lock on its own id. pg_locks is complete for
// everybody; when a transaction of another role began is not.
// https://www.postgresql.org/docs/15/monitoring-stats.html#MONITORING-STATS-VIEWS
constexpr std::string_view kHolders = R"(
SELECT found.* FROM (
WITH RECURSIVE tree AS (
  SELECT v.name, c.oid
  FROM (VALUES {tables}) AS v(name, quoted)
  JOIN pg_catalog.pg_class AS c
    ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(v.quoted)::pg_catalog.oid
  UNION
  SELECT t.name, i.inhrelid FROM tree AS t
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) t.oid
), held AS (
  SELECT DISTINCT t.name, l.mode, COALESCE(l.pid, 0) AS pid, a.state, a.backend_type,
         a.application_name,
         EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-)
           CASE WHEN l.pid IS NULL THEN x.prepared ELSE a.xact_start END
           )::pg_catalog.float8 AS seconds
  FROM tree AS t
  JOIN pg_catalog.pg_locks AS l ON l.relation OPERATOR(pg_catalog.=) t.oid AND l.granted
   AND l.database OPERATOR(pg_catalog.=) (
         SELECT d.oid FROM pg_catalog.pg_database AS d
         WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
  LEFT JOIN pg_catalog.pg_locks AS own ON l.pid IS NULL AND own.pid IS NULL
   AND own.locktype OPERATOR(pg_catalog.=) 'transactionid'
   AND own.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction
  LEFT JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction OPERATOR(pg_catalog.=) own.transactionid
  WHERE COALESCE(l.pid, 0) OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
)
SELECT DISTINCT ON (name, mode) name, mode, pid::pg_catalog.text AS pid,
       seconds::pg_catalog.text AS seconds,
       CASE WHEN pid OPERATOR(pg_catalog.=) 0 THEN 'prepared transaction'
            WHEN backend_type OPERATOR(pg_catalog.=) 'autovacuum worker' THEN 'autovacuum'
            ELSE state END AS state, application_name,
       pg_catalog.count(*) OVER (PARTITION BY name, mode)::pg_catalog.text AS count
FROM held ORDER BY name, mode, seconds DESC NULLS FIRST
) AS found LIMIT 5000)";

using Row = std::vector<std::optional<std::string>>;

std::string cell(const Row& row, std::size_t place) {
  return place < row.size() ? row[place].value_or("") : "";
}

template <typename Number>
std::optional<Number> number(const Row& row, std::size_t place) {
  const std::string text = cell(row, place);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{}) return std::nullopt;
  return value;
}

std::vector<std::string> names(const std::string& text) {
  std::vector<std::string> all;
  if (text.empty()) return all;
  for (const std::string_view one : split(text, '\x01')) all.emplace_back(one);
  return all;
}

// "5s", "2min", "5000": https://www.postgresql.org/docs/15/config-setting.html
std::optional<std::uint64_t> milliseconds_of(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0) return std::nullopt;
  const std::string_view unit = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const auto& [name, factor] :
       {std::pair{"", 1.0}, std::pair{"ms", 1.0}, std::pair{"us", 0.001}, std::pair{"s", 1e3},
        std::pair{"min", 6e4}, std::pair{"h", 3.6e6}, std::pair{"d", 8.64e7}}) {
    if (unit == name) return static_cast<std::uint64_t>(value * factor);
  }
  return std::nullopt;
}

pending::Lock lock_of(const std::string& mode) {
  using pending::Lock;
  for (const auto& [name, lock] : {
           std::pair{"AccessShareLock", Lock::kAccessShare},
           std::pair{"RowShareLock", Lock::kRowShare},
           std::pair{"RowExclusiveLock", Lock::kRowExclusive},
           std::pair{"ShareUpdateExclusiveLock", Lock::kShareUpdateExclusive},
           std::pair{"ShareLock", Lock::kShare},
           std::pair{"ShareRowExclusiveLock", Lock::kShareRowExclusive},
           std::pair{"ExclusiveLock", Lock::kExclusive},
           std::pair{"AccessExclusiveLock", Lock::kAccessExclusive},
       }) {
    if (mode == name) return lock;
  }
  return Lock::kNone;
}

void take_table(LiveTables& live, const Row& row) {
  LiveTable& table = live.tables[cell(row, 1)];
  const std::string kind = cell(row, 2);
  table.kind = kind.empty() ? 'r' : kind[0];
  table.parts = number<std::size_t>(row, 3).value_or(0);
  table.heap_bytes = number<std::uint64_t>(row, 4);
  table.total_bytes = number<std::uint64_t>(row, 5);
  table.rows = number<std::uint64_t>(row, 6);
  table.name = cell(row, 7);
  table.growth = std::max(number<double>(row, 8).value_or(1), 1.0);
  const std::string owner = cell(row, 9);
  const std::size_t blank = std::min(owner.rfind(' '), owner.size());
  table.owner = owner.substr(0, blank);
  if (blank < owner.size()) table.lock_timeout_ms = milliseconds_of(owner.substr(blank + 1));
}

void take_constraint(LiveTables& live, const Row& row) {
  const std::string table = cell(row, 1);
  const std::string type = cell(row, 3);
  LiveConstraint one;
  one.name = cell(row, 2);
  one.type = type.empty() ? ' ' : type[0];
  one.validated = cell(row, 4) == "yes";
  one.columns = names(cell(row, 5));
  one.other = cell(row, 6);
  one.incoming = cell(row, 7) == "yes";
  if (one.type == 'f') {
    live.catalog.foreign_keys.push_back({one.incoming ? one.other : table, one.name, one.columns,
                                         one.incoming ? table : one.other});
  }
  if (cell(row, 8) == "yes" && one.columns.size() == 1) {
    live.catalog.not_null_checks.push_back({table, one.name, one.columns[0], one.validated});
  }
  live.tables[table].constraints.push_back(std::move(one));
}

void take_index(LiveTables& live, const Row& row) {
  const std::string table = cell(row, 1);
  LiveIndex one{cell(row, 2), cell(row, 3) == "yes", cell(row, 4) == "yes", names(cell(row, 5))};
  live.catalog.indexes.push_back({one.name, table});
  live.tables[table].indexes.push_back(std::move(one));
}

void take(LiveTables& live, const Row& row) {
  const std::string what = cell(row, 0);
  if (what == "server") {
    live.server_version = number<int>(row, 2).value_or(0) / 10'000;
    live.sees_sessions = cell(row, 3) == "yes";
  } else if (what == "table") {
    take_table(live, row);
  } else if (what == "column") {
    live.catalog.columns.push_back(
        {cell(row, 1), cell(row, 2), cell(row, 3), cell(row, 4) == "yes"});
  } else if (what == "constraint") {
    take_constraint(live, row);
  } else if (what == "index") {
    take_index(live, row);
  }
}

void take_holder(LiveTables& live, const Row& row) {
  const auto table = live.tables.find(cell(row, 0));
  if (table == live.tables.end()) return;
  LockHolder holder;
  holder.lock = lock_of(cell(row, 1));
  holder.pid = number<std::int64_t>(row, 2).value_or(0);
  holder.seconds = number<double>(row, 3);
  holder.state = cell(row, 4);
  holder.program = cell(row, 5);
  holder.count = number<std::size_t>(row, 6).value_or(1);
  if (holder.lock != pending::Lock::kNone) table->second.holders.push_back(std::move(holder));
}

// ('users', '"users"'), ('app.users', '"app"."users"')
std::string values_of(const std::set<std::string>& all, std::size_t& left_out) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : all) {
    if (name.empty() || name.find('\0') != std::string::npos) continue;
    if (count == kMostTables) {
      ++left_out;
      continue;
    }
    ++count;
    const std::size_t dot = name.find('.');
    std::string quoted =
        sql::quoted_identifier(name.substr(dot == std::string::npos ? 0 : dot + 1));
    if (dot != std::string::npos) {
      quoted = sql::quoted_identifier(name.substr(0, dot)) + "." + quoted;
    }
    text += fmt::format("{}({}::pg_catalog.text, {}::pg_catalog.text)", text.empty() ? "" : ", ",
                        sql::quoted_literal(name), sql::quoted_literal(quoted));
  }
  return text;
}

std::string with_tables(std::string_view statement, const std::string& tables) {
  std::string text(statement);
  constexpr std::string_view kPlace = "{tables}";
  return text.replace(text.find(kPlace), kPlace.size(), tables);
}

void ask(sql::SqlSource& source, const Concerned& concerned, LiveTables& live) {
  std::set<std::string> all = concerned.tables;
  all.insert(concerned.indexes.begin(), concerned.indexes.end());
  const std::string tables = values_of(all, live.left_out);
  live.database = source.description();
  if (tables.empty()) {
    live.read = true;
    return;
  }
  constexpr const char* kWhat = "the sizes of tables";
  for (const Row& row : production::ask(source, with_tables(kFacts, tables), kWhat, "").rows) {
    take(live, row);
  }
  live.read = true;
  for (const Row& row :
       production::ask(source, with_tables(kHolders, tables), "the locks of sessions", "").rows) {
    take_holder(live, row);
  }
}

}  // namespace

Concerned concerned_by(const std::vector<pending::Operation>& operations) {
  Concerned concerned;
  for (const pending::Operation& operation : operations) {
    for (const auto& [table, lock] : operation.locks) concerned.tables.insert(table);
    if (!operation.table.empty()) concerned.tables.insert(operation.table);
    if (operation.table.empty() && !operation.index.empty()) {
      concerned.indexes.insert(operation.index);
    }
  }
  return concerned;
}

LiveTables read_live_tables(sql::SqlSource& source, const Concerned& concerned) {
  LiveTables live;
  live.asked = true;
  try {
    ask(source, concerned, live);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    live.why_not = error.what();
  } catch (const std::exception& error) {
    live.why_not = error.what();
  }
  return live;
}

}  // namespace drift::impact
