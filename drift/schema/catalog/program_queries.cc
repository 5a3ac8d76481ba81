#include <fmt/format.h>

#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/query_parts.h"

namespace drift::schema {
namespace {

// By the types of its input arguments, as PostgreSQL tells two of one name apart.
constexpr const char* kSignature = "p.proname || '(' || oidvectortypes(p.proargtypes) || ')'";

// Since PostgreSQL 14 a procedure's arguments are told with IN, which every one is that says
// nothing else.
CatalogQuery functions(int version) {
  return {{"function", "procedure"},
          kClassOfFunctions,
          fmt::format(R"(
SELECT n.nspname AS schema, {signature} AS object, p.oid AS member,
  CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
  CASE p.prokind WHEN 'p' THEN regexp_replace(pg_get_function_arguments(p.oid), '(^|, )IN ',
                        '\1', 'g')
                 ELSE pg_get_function_arguments(p.oid) END AS e_arguments,
  pg_get_function_result(p.oid) AS s_result,
  l.lanname AS s_language,
  CASE WHEN {sql_body} IS NULL THEN p.prosrc END AS s_body, {sql_body} AS e_sql_body,
  p.probin AS s_library,
  CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END AS s_volatility,
  CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS s_parallel,
  CASE WHEN p.proisstrict THEN 'yes' END AS s_strict,
  CASE WHEN p.prosecdef THEN 'yes' END AS s_security_definer,
  CASE WHEN p.proleakproof THEN 'yes' END AS s_leakproof,
  CASE WHEN p.prokind = 'w' THEN 'yes' END AS s_window,
  CASE WHEN p.prosupport <> 0 THEN p.prosupport::regproc::text END AS s_support,
  {config} AS s_settings,
  CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END
       THEN p.procost::text END AS t_cost,
  CASE WHEN p.proretset AND p.prorows <> 1000 THEN p.prorows::text END AS t_rows,
  {described}
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
{comment}
WHERE p.prokind <> 'a' AND {user_schema}
  AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid
                                            AND i.deptype = 'i'))",
                      fmt::arg("signature", kSignature),
                      fmt::arg("sql_body",
                               version >= 140000 ? "pg_get_function_sqlbody(p.oid)" : "NULL::text"),
                      fmt::arg("config", sorted_options("p.proconfig")),
                      fmt::arg("described", described("p.proowner", "p.proacl", "'f'")),
                      fmt::arg("comment", comment_join("p.oid", "pg_proc")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery aggregates() {
  return {{"aggregate"},
          kClassOfFunctions,
          fmt::format(R"(
SELECT n.nspname AS schema, {signature} AS object, p.oid AS member,
  pg_get_function_arguments(p.oid) AS s_arguments,
  g.aggtransfn::regprocedure::text AS s_transition,
  format_type(g.aggtranstype, NULL) AS s_state_type,
  CASE WHEN g.aggfinalfn <> 0 THEN g.aggfinalfn::regprocedure::text END AS s_final,
  CASE WHEN g.aggcombinefn <> 0 THEN g.aggcombinefn::regprocedure::text END AS s_combine,
  CASE WHEN g.aggserialfn <> 0 THEN g.aggserialfn::regprocedure::text END AS s_serialize,
  CASE WHEN g.aggdeserialfn <> 0 THEN g.aggdeserialfn::regprocedure::text END AS s_deserialize,
  CASE WHEN g.aggmtransfn <> 0 THEN g.aggmtransfn::regprocedure::text END AS s_moving_transition,
  CASE WHEN g.aggminvtransfn <> 0 THEN g.aggminvtransfn::regprocedure::text END AS s_moving_inverse,
  CASE WHEN g.aggmfinalfn <> 0 THEN g.aggmfinalfn::regprocedure::text END AS s_moving_final,
  CASE WHEN g.aggmtranstype <> 0 THEN format_type(g.aggmtranstype, NULL) END AS s_moving_state_type,
  g.agginitval AS s_initial, g.aggminitval AS s_moving_initial,
  CASE WHEN g.aggfinalextra THEN 'yes' END AS s_final_extra,
  CASE WHEN g.aggfinalmodify <> CASE g.aggkind WHEN 'n' THEN 'r' ELSE 'w'
      END THEN g.aggfinalmodify::text END AS s_final_modify,
  CASE WHEN g.aggsortop <> 0 THEN g.aggsortop::regoperator::text END AS s_sort_operator,
  CASE g.aggkind WHEN 'o' THEN 'ordered-set' WHEN 'h' THEN 'hypothetical' END AS s_aggregate_kind,
  CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END AS s_parallel,
  {described}
FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid
JOIN pg_namespace n ON n.oid = p.pronamespace
{comment}
WHERE {user_schema})",
                      fmt::arg("signature", kSignature),
                      fmt::arg("described", described("p.proowner", "p.proacl", "'f'")),
                      fmt::arg("comment", comment_join("p.oid", "pg_proc")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery triggers() {
  return {{"trigger"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, t.tgname AS name, c.oid AS member,
  pg_get_triggerdef(t.oid) AS e_definition,
  CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always'
      END AS s_enabled,
  CASE WHEN t.tgparentid <> 0 THEN 'yes' END AS s_inherited,
  d.description AS c_comment
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
{comment}
WHERE (NOT t.tgisinternal OR t.tgparentid <> 0 AND t.tgconstraint = 0) AND {user_schema})",
                      fmt::arg("comment", comment_join("t.oid", "pg_trigger")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery rules() {
  return {{"rule"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, r.rulename AS name, c.oid AS member,
  pg_get_ruledef(r.oid) AS e_definition,
  CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always'
      END AS s_enabled,
  d.description AS c_comment
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
{comment}
WHERE r.rulename <> '_RETURN' AND {user_schema})",
                      fmt::arg("comment", comment_join("r.oid", "pg_rewrite")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery policies() {
  return {{"policy"},
          kClassOfRelations,
          fmt::format(R"(
SELECT n.nspname AS schema, c.relname AS object, p.polname AS name, c.oid AS member,
  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                WHEN 'd' THEN 'DELETE' END AS s_command,
  CASE WHEN NOT p.polpermissive THEN 'yes' END AS s_restrictive,
  (SELECT NULLIF(string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END,
      ', '
                 ORDER BY CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text
                     END COLLATE "C"), 'PUBLIC')
   FROM unnest(p.polroles) AS r) AS s_roles,
  pg_get_expr(p.polqual, p.polrelid) AS e_using,
  pg_get_expr(p.polwithcheck, p.polrelid) AS e_with_check,
  d.description AS c_comment
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
{comment}
WHERE {user_schema})",
                      fmt::arg("comment", comment_join("p.oid", "pg_policy")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery statistics() {
  return {{"statistics"},
          3381,
          fmt::format(R"(
SELECT n.nspname AS schema, s.stxname AS object, s.oid AS member,
  pg_get_statisticsobjdef(s.oid) AS e_definition,
  CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END AS t_target,
  pg_get_userbyid(s.stxowner) AS o_owner, d.description AS c_comment
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
{comment}
WHERE {user_schema})",
                      fmt::arg("comment", comment_join("s.oid", "pg_statistic_ext")),
                      fmt::arg("user_schema", kUserSchema)),
          false};
}

CatalogQuery event_triggers() {
  return {{"event trigger"},
          3466,
          fmt::format(R"(
SELECT '' AS schema, e.evtname AS object, e.oid AS member, e.evtevent AS s_event,
  e.evtfoid::regprocedure::text AS s_function,
  CASE e.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'on replicas' WHEN 'A' THEN 'always'
      END AS s_enabled,
  {tags} AS s_tags, pg_get_userbyid(e.evtowner) AS o_owner, d.description AS c_comment
FROM pg_event_trigger e
{comment})",
                      fmt::arg("tags", sorted_options("e.evttags")),
                      fmt::arg("comment", comment_join("e.oid", "pg_event_trigger"))),
          false};
}

}  // namespace

std::vector<CatalogQuery> program_queries(int version) {
  return {functions(version), aggregates(), triggers(),      rules(),
          policies(),         statistics(), event_triggers()};
}

}  // namespace drift::schema
