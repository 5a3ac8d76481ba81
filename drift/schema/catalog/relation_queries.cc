#include <fmt/format.h>

#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/query_parts.h"

namespace drift::schema {
namespace {

// Raw columns of pg_index and not pg_get_indexdef, which costs six times as much; only what is no
// plain column is deparsed. In the order of the index's columns: name or expression, collation and
// operator class where they are not the column's own and the type's default, direction.
// No index has a column of the system's, which are a third of all attributes: `attnum > 0` keeps
// them out of the join, and the kinds of table those of TOAST, one for most tables.
// https://www.postgresql.org/docs/15/catalog-pg-index.html
constexpr const char* kIndexKeys = R"(
SELECT k.indexrelid,
       string_agg(coalesce(quote_ident(a.attname), pg_get_indexdef(k.indexrelid, k.n::int, false))
         || CASE WHEN co.oid IS NOT NULL THEN ' COLLATE ' || {collation} ELSE '' END
         || CASE WHEN oc.opcdefault AND ia.attoptions IS NULL THEN ''
                 ELSE ' ' || CASE WHEN ocn.nspname = 'pg_catalog' THEN ''
                     ELSE quote_ident(ocn.nspname) || '.' END
                      || quote_ident(oc.opcname) END
         || coalesce('(' || array_to_string(ia.attoptions, ', ') || ')', '')
         || CASE k.direction & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                                 WHEN 3 THEN ' DESC' ELSE '' END, ', ' ORDER BY k.n)
         FILTER (WHERE k.n <= k.indnkeyatts) AS keys,
       string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) FILTER (WHERE k.n > k.indnkeyatts)
         AS included
FROM (SELECT indexrelid, indrelid, indnkeyatts, generate_series(1, indnatts) AS n,
             unnest(indkey::int2[]) AS att, unnest(indclass::oid[]) AS class,
             unnest(indcollation::oid[]) AS coll, unnest(indoption::int2[]) AS direction
      FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
      WHERE c.relkind IN ('r', 'p', 'm') AND x.indexrelid >= 16384) k
LEFT JOIN pg_attribute a ON a.attrelid = k.indrelid AND a.attnum = k.att AND a.attnum > 0
LEFT JOIN pg_attribute ia ON ia.attrelid = k.indexrelid AND ia.attnum = k.n
     AND ia.attoptions IS NOT NULL
LEFT JOIN pg_opclass oc ON oc.oid = k.class
LEFT JOIN pg_namespace ocn ON ocn.oid = oc.opcnamespace
LEFT JOIN pg_collation co ON co.oid = k.coll AND k.coll <> coalesce(a.attcollation, 100)
LEFT JOIN pg_namespace con ON con.oid = co.collnamespace
GROUP BY k.indexrelid)";

CatalogQuery tables() {
  return {{"table", "foreign table"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, c.oid AS member,
  CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
  CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS e_partitioned_by,
  CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS e_partition_bound,
  parents.names AS s_inherits,
  CASE c.relpersistence WHEN 'u' THEN 'yes' END AS s_unlogged,
  CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS s_of_type,
  CASE WHEN am.amname <> 'heap' THEN am.amname END AS s_access_method,
  CASE WHEN c.relrowsecurity THEN 'yes' END AS s_row_security,
  CASE WHEN c.relforcerowsecurity THEN 'yes' END AS s_row_security_forced,
  srv.srvname AS s_server, ft.ftoptions::text AS h_options,
  CASE WHEN c.relkind <> 'f' THEN CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing'
    WHEN 'i' THEN 'index' END END
    AS t_replica_identity,
  {options} AS t_options, ts.spcname AS t_tablespace,
  {described}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (SELECT i.inhrelid, string_agg(quote_ident(pn.nspname) || '.' || quote_ident(p.relname),
    ', '
                                         ORDER BY i.inhseqno) AS names
           FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                AND p.relkind IN ('r', 'p', 'f')
           JOIN pg_namespace pn ON pn.oid = p.relnamespace GROUP BY i.inhrelid) parents
     ON parents.inhrelid = c.oid
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
LEFT JOIN pg_foreign_server srv ON srv.oid = ft.ftserver
{comment}
WHERE c.relkind IN ('r', 'p', 'f') AND {user_schema})",
                      fmt::arg("options", sorted_options("c.reloptions")),
                      fmt::arg("described", described("c.relowner", "c.relacl", "'r'")),
                      fmt::arg("comment", comment_join("c.oid", "pg_class")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

// A default names no column, and to look up those of its table takes three times as long as
// the rest (and a lock). Few columns have a collation of their own: asked for each of them, and not
// joined to all.
CatalogQuery columns(int version) {
  return {{"column", "attribute"},
          kClassOfRelations,
          fmt::format(
              R"(
SELECT n.nspname AS schema, c.relname AS object, a.attname AS name,
  c.oid AS member, CASE c.relkind WHEN 'c' THEN c.reltype END AS member_type,
  CASE c.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END AS kind,
  format_type(a.atttypid, a.atttypmod) AS s_type,
  CASE WHEN a.attnotnull THEN 'yes' END AS s_not_null,
  CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0) END AS e_default,
  CASE a.attgenerated WHEN 's' THEN 'stored: ' || pg_get_expr(ad.adbin, ad.adrelid)
                      WHEN 'v' THEN 'virtual: ' ||
                        pg_get_expr(ad.adbin, ad.adrelid) END AS e_generated,
  CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS s_identity,
  {collation_column} AS s_collation,
  CASE WHEN NOT a.attislocal THEN 'yes' END AS s_inherited,
  a.attfdwoptions::text AS h_options,
  CASE WHEN a.attstorage <> t.typstorage THEN
    CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main'
                      ELSE 'extended' END END AS t_storage,
  {compression} AS t_compression,
  CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END AS t_statistics,
  {options} AS t_options,
  a.attacl::text AS acl, '{{}}' AS acl_default,
  CASE WHEN a.attacl IS NOT NULL THEN pg_get_userbyid(c.relowner) END AS acl_owner,
  d.description AS c_comment
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
LEFT JOIN pg_description d ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass
                          AND d.objsubid = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND {user_schema})",
              fmt::arg("collation_column",
                       fmt::format("CASE WHEN a.attcollation <> t.typcollation THEN (SELECT {} "
                                   "FROM pg_collation co JOIN pg_namespace con ON con.oid = "
                                   "co.collnamespace WHERE co.oid = a.attcollation) END",
                                   collation_name("co", "con"))),
              fmt::arg("compression",
                       version >= 140000
                           ? "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"
                           : "NULL"),
              fmt::arg("options", sorted_options("a.attoptions")),
              fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery indexes(int version) {
  return {{"index"},
          kClassOfRelations,
          fmt::format(
              R"(
SELECT n.nspname AS schema, t.relname AS object, i.relname AS name, t.oid AS member,
  CASE WHEN x.indisunique THEN 'yes' END AS s_unique,
  CASE WHEN am.amname <> 'btree' THEN am.amname END AS s_method,
  k.keys AS e_keys, k.included AS s_include,
  pg_get_expr(x.indpred, x.indrelid) AS e_where,
  CASE WHEN {nulls_not_distinct} THEN 'yes' END AS s_nulls_not_distinct,
  CASE WHEN NOT x.indisvalid THEN 'yes' END AS s_invalid,
  CASE WHEN NOT x.indisready THEN 'yes' END AS s_not_ready,
  con.conname AS s_constraint,
  CASE WHEN i.relispartition THEN 'yes' END AS s_inherited,
  CASE WHEN x.indisclustered THEN 'yes' END AS t_clustered,
  CASE WHEN x.indisreplident THEN 'yes' END AS t_replica_identity,
  {options} AS t_options, ts.spcname AS t_tablespace, d.description AS c_comment
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_am am ON am.oid = i.relam
JOIN ({keys}) k ON k.indexrelid = x.indexrelid
LEFT JOIN pg_constraint con ON con.conindid = x.indexrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace ts ON ts.oid = i.reltablespace
{comment}
WHERE t.relkind IN ('r', 'p', 'm') AND {user_schema})",
              fmt::arg("nulls_not_distinct", version >= 150000 ? "x.indnullsnotdistinct" : "false"),
              fmt::arg("keys",
                       fmt::format(kIndexKeys, fmt::arg("collation", collation_name("co", "con")))),
              fmt::arg("options", sorted_options("i.reloptions")),
              fmt::arg("comment", comment_join("i.oid", "pg_class")),
              fmt::arg("user_schema", kUserSchema)),
          false};
}

// A positive list of kinds: PostgreSQL 18 made one of what is a property of columns (n).
CatalogQuery constraints() {
  return {{"constraint"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, con.conname AS name, c.oid AS member,
  pg_get_constraintdef(con.oid) AS e_definition,
  CASE WHEN NOT con.convalidated THEN 'yes' END AS s_not_validated,
  CASE WHEN NOT con.conislocal OR con.conparentid <> 0 THEN 'yes' END AS s_inherited,
  d.description AS c_comment
FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
{comment}
WHERE con.contype IN ('c', 'f', 'p', 'u', 'x') AND {user_schema}
UNION ALL
SELECT n.nspname, t.typname, con.conname, NULL, pg_get_constraintdef(con.oid),
  CASE WHEN NOT con.convalidated THEN 'yes' END, NULL, d.description
FROM pg_constraint con JOIN pg_type t ON t.oid = con.contypid
JOIN pg_namespace n ON n.oid = t.typnamespace
{comment}
WHERE con.contype = 'c' AND {user_schema}
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid
                                            AND e.deptype = 'e'))",
                      fmt::arg("comment", comment_join("con.oid", "pg_constraint")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery views() {
  return {{"view", "materialized view"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, c.oid AS member,
  CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
  pg_get_viewdef(c.oid) AS e_definition,
  CASE c.relkind WHEN 'v' THEN {options} END AS s_options,
  CASE c.relkind WHEN 'm' THEN {options} END AS t_options,
  CASE WHEN am.amname <> 'heap' THEN am.amname END AS s_access_method,
  ts.spcname AS t_tablespace,
  {described}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am am ON am.oid = c.relam
LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
{comment}
WHERE c.relkind IN ('v', 'm') AND {user_schema})",
                      fmt::arg("options", sorted_options("c.reloptions")),
                      fmt::arg("described", described("c.relowner", "c.relacl", "'r'")),
                      fmt::arg("comment", comment_join("c.oid", "pg_class")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

// Never last_value, which every row moves. The bounds of the type are the default of the bounds.
constexpr const char* kSequenceProperties = R"(
  CASE WHEN s.seqincrement <> 1 THEN s.seqincrement::text END AS s_increment,
  CASE WHEN s.seqstart <> CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END
       THEN s.seqstart::text END AS s_start,
  CASE WHEN s.seqmin <> CASE WHEN s.seqincrement > 0 THEN 1 WHEN s.seqtypid = 'int2'::regtype
                             THEN -32768
                             WHEN s.seqtypid = 'int4'::regtype THEN -2147483648
                             ELSE -9223372036854775808 END
       THEN s.seqmin::text END AS s_minimum,
  CASE WHEN s.seqmax <> CASE WHEN s.seqincrement < 0 THEN -1 WHEN s.seqtypid = 'int2'::regtype
                             THEN 32767
                             WHEN s.seqtypid = 'int4'::regtype THEN 2147483647
                             ELSE 9223372036854775807 END
       THEN s.seqmax::text END AS s_maximum,
  CASE WHEN s.seqcache <> 1 THEN s.seqcache::text END AS s_cache,
  CASE WHEN s.seqcycle THEN 'yes' END AS s_cycle)";

CatalogQuery sequences() {
  return {{"sequence"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, c.oid AS member, {properties},
  CASE WHEN s.seqtypid <> 'bigint'::regtype THEN format_type(s.seqtypid, NULL) END AS s_type,
  CASE WHEN a.attname IS NOT NULL THEN quote_ident(tn.nspname) || '.' || quote_ident(t.relname)
      || '.'
                                       || quote_ident(a.attname) END AS s_owned_by,
  CASE c.relpersistence WHEN 'u' THEN 'yes' END AS s_unlogged,
  {described}
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
     AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = o.refobjid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
{comment}
WHERE o.deptype IS DISTINCT FROM 'i' AND {user_schema})",
                      fmt::arg("properties", kSequenceProperties),
                      fmt::arg("described", described("c.relowner", "c.relacl", "'s'")),
                      fmt::arg("comment", comment_join("c.oid", "pg_class")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

// The sequence behind an identity column has no life of its own: not even its name counts.
CatalogQuery identities() {
  return {{"identity"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, t.relname AS object, a.attname AS name, t.oid AS member, {properties}
FROM pg_sequence s
JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = s.seqrelid AND o.objsubid = 0
     AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype = 'i'
JOIN pg_class t ON t.oid = o.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
WHERE {user_schema})",
                      fmt::arg("properties", kSequenceProperties),
                      fmt::arg("user_schema", kUserSchema)),
          true};
}

}  // namespace

std::vector<CatalogQuery> relation_queries(int version) {
  return {tables(), columns(version), indexes(version), constraints(),
          views(),  sequences(),      identities()};
}

}  // namespace drift::schema
