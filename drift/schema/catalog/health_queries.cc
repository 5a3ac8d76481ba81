#include "drift/schema/catalog/health_queries.h"

#include <fmt/format.h>

#include "drift/schema/catalog/query_parts.h"
#include "drift/schema/health.h"

namespace drift::schema {
namespace {

constexpr const char* kTable = "quote_ident(n.nspname) || '.' || quote_ident(t.relname)";

// What a migration of this project did not make.
constexpr const char* kNoExtension =
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass"
    " AND e.objid = t.oid AND e.deptype = 'e')";

std::string columns(std::string_view name, std::string_view detail, std::string_view other,
                    std::string_view busy = "false") {
  return fmt::format("{} AS place, {} AS name, {} AS detail, {} AS other, {} AS busy", kTable, name,
                     detail, other, busy);
}

std::string first_of(std::string_view rows) {
  return fmt::format(
      "SELECT place, name, detail, other, busy, count(*) OVER () FROM ({}) r ORDER BY place "
      "COLLATE "
      "\"C\", name COLLATE \"C\" LIMIT {}",
      rows, kHealthSingly);
}

// While CREATE INDEX CONCURRENTLY goes on, its index is as invalid as after it failed, and it holds
// this lock; so does a VACUUM, which is why it is no proof.
std::string invalid_indexes() {
  return fmt::format(
      R"(
SELECT {}
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT x.indisvalid AND {} AND {})",
      columns(
          "quote_ident(n.nspname) || '.' || quote_ident(i.relname)",
          "CASE i.relkind WHEN 'I' THEN 'partitioned' END", "NULL",
          "EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted"
          " AND l.relation = t.oid AND l.mode = 'ShareUpdateExclusiveLock'"
          " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"),
      kUserSchema, kNoExtension);
}

// A constraint that is NOT ENFORCED (PostgreSQL 18) is not validated either, and was never meant to
// be; through to_jsonb, for those before have no such column.
std::string not_validated() {
  return fmt::format(R"(
SELECT {}
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT c.convalidated AND c.contype IN ('c', 'f') AND c.conparentid = 0
  AND to_jsonb(c) -> 'conenforced' IS DISTINCT FROM 'false'::jsonb AND {} AND {}
UNION ALL
SELECT quote_ident(n.nspname) || '.' || quote_ident(d.typname), quote_ident(c.conname), 'domain',
       NULL, false
FROM pg_constraint c JOIN pg_type d ON d.oid = c.contypid
JOIN pg_namespace n ON n.oid = d.typnamespace
WHERE NOT c.convalidated AND c.contype = 'c' AND {})",
                     columns("quote_ident(c.conname)", "NULL", "NULL"), kUserSchema, kNoExtension,
                     kUserSchema);
}

// Of a foreign key, PostgreSQL's own triggers do the work; they stand at both tables. Those of a
// partition follow its parent's. Before PostgreSQL 15 a partition's copy of any trigger was
// internal.
std::string disabled_triggers() {
  return fmt::format(R"(
SELECT {}
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_trigger p ON p.oid = g.tgparentid
WHERE g.tgenabled = 'D' AND (NOT g.tgisinternal OR (g.tgparentid <> 0 AND g.tgconstraint = 0))
  AND p.tgenabled IS DISTINCT FROM 'D' AND {} AND {}
UNION ALL
SELECT {}
FROM pg_trigger g JOIN pg_constraint c ON c.oid = g.tgconstraint AND c.contype = 'f'
JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class o ON o.oid = g.tgrelid JOIN pg_namespace m ON m.oid = o.relnamespace
WHERE g.tgenabled = 'D' AND g.tgisinternal AND c.conparentid = 0 AND {} AND {}
GROUP BY n.nspname, t.relname, c.conname)",
                     columns("quote_ident(g.tgname)", "NULL", "NULL"), kUserSchema, kNoExtension,
                     columns("quote_ident(c.conname)", "'foreign key'",
                             "min(quote_ident(m.nspname) || '.' || quote_ident(o.relname))"),
                     kUserSchema, kNoExtension);
}

std::string without_policy() {
  return fmt::format(R"(
SELECT {}
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE t.relkind IN ('r', 'p') AND t.relrowsecurity
  AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid) AND {} AND {})",
                     columns("NULL", "NULL", "NULL"), kUserSchema, kNoExtension);
}

// An index serves whose first columns are those of the key, in any order. One with a predicate
// counts as one that serves: most leave out NULL alone, and whether it does cannot be told cheaply.
std::string without_index() {
  return fmt::format(
      R"(
SELECT {}
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class o ON o.oid = c.confrelid JOIN pg_namespace m ON m.oid = o.relnamespace
WHERE c.contype = 'f' AND c.conparentid = 0 AND {} AND {}
  AND NOT EXISTS (SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                  JOIN pg_am a ON a.oid = i.relam AND a.amname IN ('btree', 'hash')
                  WHERE x.indrelid = c.conrelid AND x.indisvalid
                    AND (x.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey))",
      columns("quote_ident(c.conname)",
              "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)"
              " FROM unnest(c.conkey) WITH ORDINALITY k(att, n)"
              " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.att)",
              "quote_ident(m.nspname) || '.' || quote_ident(o.relname)"),
      kUserSchema, kNoExtension);
}

std::string writable_version_tables() {
  return fmt::format(
      R"(
SELECT {}
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN (SELECT oid AS relation, relacl AS acl FROM pg_class WHERE relkind IN ('r', 'p', 'v')
      UNION ALL SELECT attrelid, attacl FROM pg_attribute WHERE attacl IS NOT NULL) g
     ON g.relation = t.oid
JOIN LATERAL aclexplode(g.acl) r ON r.grantee = 0
     AND r.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
WHERE t.relkind IN ('r', 'p', 'v') AND t.relname = $1 AND ($2 = '' OR n.nspname = $2) AND {}
GROUP BY n.nspname, t.relname)",
      columns("NULL", "string_agg(DISTINCT r.privilege_type, ', ' ORDER BY r.privilege_type)",
              "NULL"),
      kUserSchema);
}

}  // namespace

std::vector<HealthQuery> health_queries() {
  // A grant to PUBLIC has no name before its "=".
  // https://www.postgresql.org/docs/15/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE
  return {{kInvalidIndex, first_of(invalid_indexes()), "SELECT FROM pg_index WHERE NOT indisvalid"},
          {kNotValidated, first_of(not_validated()),
           "SELECT FROM pg_constraint WHERE NOT convalidated"},
          {kTriggerDisabled, first_of(disabled_triggers()),
           "SELECT FROM pg_trigger WHERE tgenabled = 'D'"},
          {kNoPolicy, first_of(without_policy()), "SELECT FROM pg_class WHERE relrowsecurity"},
          {kNoForeignKeyIndex, first_of(without_index()), ""},
          {kVersionTableWritable, first_of(writable_version_tables()),
           "SELECT FROM pg_class t WHERE relname = $1 AND (relacl::text ~ '[{,]\"?=' OR EXISTS"
           " (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attacl IS NOT NULL))"}};
}

std::string glance_query() {
  std::string conditions;
  for (const HealthQuery& query : health_queries()) {
    if (query.possible.empty()) continue;
    conditions += fmt::format("{}EXISTS ({})", conditions.empty() ? "" : ", ", query.possible);
  }
  return "SELECT " + conditions;
}

// An integer column often has a bigint sequence: that was how `serial` made it before PostgreSQL
// 10. What ends beyond 2^53 no application comes to.
std::string sequence_query() {
  return fmt::format(R"(
SELECT * FROM (
  SELECT s.seqrelid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
    CASE WHEN a.attname IS NOT NULL THEN quote_ident(tn.nspname) || '.' || quote_ident(t.relname)
      || '.' || quote_ident(a.attname) END AS place,
    CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END AS first,
    CASE WHEN s.seqincrement > 0 THEN least(s.seqmax, w.highest)
         ELSE greatest(s.seqmin, w.lowest) END AS last
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
       AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
  LEFT JOIN pg_class t ON t.oid = o.refobjid
  LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
  LEFT JOIN (VALUES ('int2'::regtype, -32768::bigint, 32767::bigint),
                    ('int4'::regtype, -2147483648, 2147483647)) w(type, lowest, highest)
       ON w.type = a.atttypid
  WHERE {}
    AND NOT (s.seqcycle AND (w.highest IS NULL
                             OR (s.seqmax <= w.highest AND s.seqmin >= w.lowest)))) q
WHERE last BETWEEN -9007199254740992 AND 9007199254740992)",
                     kUserSchema);
}

// https://www.postgresql.org/docs/15/view-pg-sequences.html
const char* const kSequenceValues = R"(
WITH held AS MATERIALIZED (
  SELECT DISTINCT relation FROM pg_locks
  WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
    AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
SELECT seq, CASE WHEN may_read AND NOT is_held THEN pg_sequence_last_value(seq) END,
  CASE WHEN is_held THEN 'locked' WHEN NOT may_read THEN 'no right' END
FROM (SELECT seq, has_sequence_privilege(seq, 'SELECT, USAGE') AS may_read,
             EXISTS (SELECT FROM held WHERE relation = seq) AS is_held
      FROM unnest($1::oid[]) seq) s)";

}  // namespace drift::schema
