#include <fmt/format.h>

#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/query_parts.h"

namespace drift::schema {
namespace {

CatalogQuery schemas() {
  return {{"schema"},
          2615,
          fmt::format(R"(
SELECT '' AS schema, n.nspname AS object, n.oid AS member, {}
FROM pg_namespace n
{}
WHERE {})",
                      described("n.nspowner", "n.nspacl", "'n'"),
                      comment_join("n.oid", "pg_namespace"), kUserSchema),
          false};
}

// The members of an extension are its own business but for what was granted on them, and its
// version is the server's.
CatalogQuery extensions() {
  return {{"extension"},
          0,
          fmt::format(R"(
SELECT '' AS schema, e.extname AS object, n.nspname AS s_schema, e.extversion AS t_version,
  pg_get_userbyid(e.extowner) AS o_owner, d.description AS c_comment
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
{}
WHERE e.extname <> 'plpgsql')",
                      comment_join("e.oid", "pg_extension")),
          false};
}

// What is granted on the members of an extension beyond what it granted itself, which
// pg_init_privs has: https://www.postgresql.org/docs/15/catalog-pg-init-privs.html. Without their
// schemas, for an extension may lie in another one.
CatalogQuery extension_members() {
  return {{"extension member"},
          0,
          R"(
WITH m AS MATERIALIZED (
  SELECT 'pg_class'::regclass AS class, oid, 0 AS sub,
    CASE relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'f' THEN 'foreign table '
      WHEN 'S' THEN 'sequence ' ELSE 'table ' END || quote_ident(relname) AS what,
    relacl AS acl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS type, relowner AS owner
  FROM pg_class WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'pg_class'::regclass, c.oid, a.attnum,
    'column ' || quote_ident(c.relname) || '.' || quote_ident(a.attname), a.attacl, 'c', c.relowner
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'pg_proc'::regclass, oid, 0, CASE prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END
    || quote_ident(proname) || '(' || coalesce((
      SELECT string_agg(quote_ident(t.typname), ', ' ORDER BY a.place)
      FROM unnest(proargtypes) WITH ORDINALITY AS a (type, place)
      JOIN pg_type t ON t.oid = a.type), '') || ')',
    proacl, 'f', proowner
  FROM pg_proc WHERE proacl IS NOT NULL
  UNION ALL
  SELECT 'pg_type'::regclass, oid, 0, 'type ' || quote_ident(typname), typacl, 'T', typowner
  FROM pg_type WHERE typacl IS NOT NULL
  UNION ALL
  SELECT 'pg_namespace'::regclass, oid, 0, 'schema ' || quote_ident(nspname), nspacl, 'n', nspowner
  FROM pg_namespace WHERE nspacl IS NOT NULL
  UNION ALL
  SELECT 'pg_language'::regclass, oid, 0, 'language ' || quote_ident(lanname), lanacl, 'l', lanowner
  FROM pg_language WHERE lanacl IS NOT NULL
  UNION ALL
  SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0,
    'foreign data wrapper ' || quote_ident(fdwname), fdwacl, 'F', fdwowner
  FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
)
SELECT '' AS schema, e.extname AS object, m.what AS name, m.acl::text AS acl,
  coalesce(i.initprivs, CASE WHEN m.sub = 0 THEN acldefault(m.type::"char", m.owner)
                             ELSE '{}' END)::text AS acl_default,
  pg_get_userbyid(m.owner) AS acl_owner
FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
JOIN m ON m.class = x.classid AND m.oid = x.objid
LEFT JOIN pg_init_privs i ON i.classoid = m.class AND i.objoid = m.oid AND i.objsubid = m.sub
WHERE x.deptype = 'e' AND x.refclassid = 'pg_extension'::regclass AND e.extname <> 'plpgsql'
  AND m.acl IS DISTINCT FROM i.initprivs)",
          true};
}

CatalogQuery languages() {
  return {
      {"language"},
      2612,
      fmt::format(R"(
SELECT '' AS schema, l.lanname AS object, l.oid AS member,
  CASE WHEN l.lanpltrusted THEN 'yes' END AS s_trusted,
  CASE WHEN l.lanplcallfoid <> 0 THEN l.lanplcallfoid::regproc::text END AS s_handler, {}
FROM pg_language l
{}
WHERE l.oid >= 16384)",
                  described("l.lanowner", "l.lanacl", "'l'"), comment_join("l.oid", "pg_language")),
      false};
}

CatalogQuery access_methods() {
  return {{"access method"},
          2601,
          fmt::format(R"(
SELECT '' AS schema, m.amname AS object, m.oid AS member, m.amhandler::regproc::text AS s_handler,
  CASE m.amtype WHEN 't' THEN 'table' ELSE 'index' END AS s_type, d.description AS c_comment
FROM pg_am m
{}
WHERE m.oid >= 16384)",
                      comment_join("m.oid", "pg_am")),
          false};
}

CatalogQuery transforms() {
  return {{"transform"},
          3576,
          R"(
SELECT '' AS schema, format_type(t.trftype, NULL) || ' LANGUAGE ' || l.lanname AS object,
    t.oid AS member,
  CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure::text END AS s_from_sql,
  CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure::text END AS s_to_sql
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang)",
          false};
}

std::vector<CatalogQuery> text_search() {
  const auto query = [](std::string_view columns, std::string_view from, std::string_view catalog,
                        std::string_view schema_of) {
    return fmt::format(
        "SELECT n.nspname AS schema, {} FROM {} JOIN pg_namespace n ON n.oid = {} {} WHERE {}",
        columns, from, schema_of, comment_join("x.oid", catalog), kUserSchema);
  };
  return {
      {{"text search configuration"},
       3602,
       query(R"(x.cfgname AS object, x.oid AS member,
  quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) AS s_parser,
  (SELECT string_agg(m.line, '; ' ORDER BY m.line COLLATE "C") FROM (
     SELECT tt.alias || ': ' || string_agg(quote_ident(dn.nspname) || '.'
         || quote_ident(di.dictname), ', '
                                           ORDER BY mp.mapseqno) AS line
     FROM pg_ts_config_map mp JOIN pg_ts_dict di ON di.oid = mp.mapdict
     JOIN pg_namespace dn ON dn.oid = di.dictnamespace
     JOIN ts_token_type(x.cfgparser) tt ON tt.tokid = mp.maptokentype
     WHERE mp.mapcfg = x.oid GROUP BY tt.alias) m) AS s_mappings,
  pg_get_userbyid(x.cfgowner) AS o_owner, d.description AS c_comment)",
             "pg_ts_config x JOIN pg_ts_parser p ON p.oid = x.cfgparser "
             "JOIN pg_namespace pn ON pn.oid = p.prsnamespace",
             "pg_ts_config", "x.cfgnamespace"),
       false},
      {{"text search dictionary"},
       3600,
       query("x.dictname AS object, x.oid AS member, "
             "quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) AS s_template, "
             "x.dictinitoption AS s_options, pg_get_userbyid(x.dictowner) AS o_owner, "
             "d.description AS c_comment",
             "pg_ts_dict x JOIN pg_ts_template t ON t.oid = x.dicttemplate "
             "JOIN pg_namespace tn ON tn.oid = t.tmplnamespace",
             "pg_ts_dict", "x.dictnamespace"),
       false},
      {{"text search parser"},
       3601,
       query("x.prsname AS object, x.oid AS member, x.prsstart::regproc::text AS s_start, "
             "x.prstoken::regproc::text AS s_token, x.prsend::regproc::text AS s_end, "
             "x.prslextype::regproc::text AS s_types, "
             "CASE WHEN x.prsheadline <> 0 THEN x.prsheadline::regproc::text END AS s_headline, "
             "d.description AS c_comment",
             "pg_ts_parser x", "pg_ts_parser", "x.prsnamespace"),
       false},
      {{"text search template"},
       3764,
       query("x.tmplname AS object, x.oid AS member, x.tmpllexize::regproc::text AS s_lexize, "
             "CASE WHEN x.tmplinit <> 0 THEN x.tmplinit::regproc::text END AS s_init, "
             "d.description AS c_comment",
             "pg_ts_template x", "pg_ts_template", "x.tmplnamespace"),
       false},
  };
}

// Its tables in one order, with the columns and rows that it is limited to since PostgreSQL 15.
CatalogQuery publications(int version) {
  const bool filters = version >= 150000;
  return {
      {"publication"},
      6104,
      fmt::format(
          R"(
SELECT '' AS schema, p.pubname AS object, p.oid AS member,
  CASE WHEN p.puballtables THEN 'yes' END AS s_all_tables,
  NULLIF(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
      CASE WHEN p.pubupdate THEN 'update' END,
                   CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate'
                       END),
         'insert, update, delete, truncate') AS s_publishes,
  CASE WHEN p.pubviaroot THEN 'yes' END AS s_via_root,
  (SELECT string_agg(t.name, ', ' ORDER BY t.name COLLATE "C") FROM (
     SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) {details} AS name
     FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) t) AS s_tables,
  {schemas} AS s_schemas, pg_get_userbyid(p.pubowner) AS o_owner, d.description AS c_comment
FROM pg_publication p
{comment})",
          fmt::arg("details", filters ? R"(
       || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)
       FROM unnest(r.prattrs::int2[]) k JOIN pg_attribute a ON a.attrelid = r.prrelid
           AND a.attnum = k) || ')', '')
       || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), ''))"
                                      : ""),
          fmt::arg(
              "schemas",
              filters
                  ? "(SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname) "
                    "FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid "
                    "WHERE pn.pnpubid = p.oid)"
                  : "NULL"),
          fmt::arg("comment", comment_join("p.oid", "pg_publication"))),
      false};
}

// Never subconninfo, which holds a password, and which only a superuser may read. PostgreSQL 13
// shows other roles neither OID nor synchronous_commit.
CatalogQuery subscriptions(int version) {
  const bool shown = version >= 140000;
  return {{"subscription"},
          6100,
          fmt::format(
              R"(
SELECT '' AS schema, s.subname AS object, NULL AS member,
  CASE WHEN NOT s.subenabled THEN 'yes' END AS s_disabled,
  (SELECT string_agg(p, ', ' ORDER BY p COLLATE "C")
      FROM unnest(s.subpublications) AS p) AS s_publications,
  CASE WHEN s.subslotname IS DISTINCT FROM s.subname THEN
       coalesce(s.subslotname, 'NONE') END AS s_slot,
  {} pg_get_userbyid(s.subowner) AS o_owner
FROM pg_subscription s {}
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))",
              shown ? "CASE WHEN s.subsynccommit <> 'off' THEN s.subsynccommit END AS "
                      "s_synchronous_commit, d.description AS c_comment,"
                    : "",
              shown ? comment_join("s.oid", "pg_subscription") : ""),
          false};
}

std::vector<CatalogQuery> foreign() {
  return {
      {{"foreign data wrapper"},
       2328,
       fmt::format(R"(
SELECT '' AS schema, f.fdwname AS object, f.oid AS member,
  CASE WHEN f.fdwhandler <> 0 THEN f.fdwhandler::regproc::text END AS s_handler,
  CASE WHEN f.fdwvalidator <> 0 THEN f.fdwvalidator::regproc::text END AS s_validator,
  f.fdwoptions::text AS h_options, {}
FROM pg_foreign_data_wrapper f
{})",
                   described("f.fdwowner", "f.fdwacl", "'F'"),
                   comment_join("f.oid", "pg_foreign_data_wrapper")),
       false},
      {{"foreign server"},
       1417,
       fmt::format(R"(
SELECT '' AS schema, s.srvname AS object, s.oid AS member, f.fdwname AS s_wrapper,
    s.srvtype AS s_type,
  s.srvversion AS s_version, s.srvoptions::text AS h_options, {}
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
{})",
                   described("s.srvowner", "s.srvacl", "'S'"),
                   comment_join("s.oid", "pg_foreign_server")),
       false},
      // The view shows everybody who is mapped, and nobody's password but one's own.
      {{"user mapping"},
       0,
       R"(
SELECT '' AS schema, m.srvname AS object,
  CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END AS name
FROM pg_user_mappings m)",
       false},
  };
}

// Those of a schema add to the default, those of all schemas replace it.
CatalogQuery default_privileges() {
  return {{"default privileges"},
          0,
          fmt::format(R"(
SELECT coalesce(n.nspname, '') AS schema,
  quote_ident(pg_get_userbyid(a.defaclrole)) || ' on ' || CASE a.defaclobjtype
    WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
    WHEN 'n' THEN 'schemas' ELSE 'large objects' END AS object,
  a.defaclacl::text AS acl,
  CASE WHEN a.defaclnamespace = 0 THEN
    acldefault(CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole)::text
    ELSE '{{}}' END AS acl_default,
  pg_get_userbyid(a.defaclrole) AS acl_owner
FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace)"),
          true};
}

}  // namespace

std::vector<CatalogQuery> global_queries(int version) {
  std::vector<CatalogQuery> queries = {
      schemas(),           extensions(), extension_members(),   languages(),
      access_methods(),    transforms(), publications(version), subscriptions(version),
      default_privileges()};
  for (CatalogQuery& query : text_search()) queries.push_back(std::move(query));
  for (CatalogQuery& query : foreign()) queries.push_back(std::move(query));
  return queries;
}

std::vector<CatalogQuery> catalog_queries(int version) {
  std::vector<CatalogQuery> queries;
  for (const auto part : {relation_queries, program_queries, type_queries, global_queries}) {
    for (CatalogQuery& query : part(version)) queries.push_back(std::move(query));
  }
  return queries;
}

}  // namespace drift::schema
