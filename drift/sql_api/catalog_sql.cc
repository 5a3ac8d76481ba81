#include "drift/sql_api/catalog_sql.h"

namespace drift::sql_api {

const char* const kTablesSql = R"(
SELECT pg_catalog.concat(pg_catalog.quote_ident(n.nspname::pg_catalog.text), '.',
                         pg_catalog.quote_ident(c.relname::pg_catalog.text)) AS name,
       n.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS "table",
       CASE c.relkind::pg_catalog.text
         WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
         WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END AS kind
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND CASE WHEN $1::pg_catalog.text IS NULL
           THEN NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
                AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.<>) 'information_schema'
           ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
ORDER BY n.nspname, c.relname)";

const char* const kColumnsSql = R"(
WITH found AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
    AND ((c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2) OR (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $3))
    AND CASE WHEN $1::pg_catalog.text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
             ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
  ORDER BY CASE WHEN c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2 THEN 0 ELSE 1 END
  LIMIT 1
)
SELECT c.nspname::pg_catalog.text AS schema, c.relname::pg_catalog.text AS "table",
       CASE c.relkind::pg_catalog.text
         WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
         WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END AS kind,
       a.attname::pg_catalog.text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS "default",
       pg_catalog.array_position(k.conkey, a.attnum) AS primary_key,
       CASE a.attidentity::pg_catalog.text WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END
         AS identity,
       a.attgenerated::pg_catalog.text OPERATOR(pg_catalog.<>) '' AS generated,
       pg_catalog.col_description(c.oid, a.attnum) AS comment
FROM found AS c
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid OPERATOR(pg_catalog.=) c.oid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
LEFT JOIN pg_catalog.pg_constraint AS k
  ON k.conrelid OPERATOR(pg_catalog.=) c.oid AND k.contype::pg_catalog.text OPERATOR(pg_catalog.=) 'p'
ORDER BY a.attnum)";

// A table further down the search_path that another one of its name hides is not visible either.
const char* const kFindSql = R"(
WITH found AS (
  SELECT n.nspname, c.relname,
         pg_catalog.pg_table_is_visible(c.oid) AS visible
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','v','m','f'])
    AND ((c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2) OR (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $3))
    AND CASE WHEN $1::pg_catalog.text IS NULL THEN true
             ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1 END
  ORDER BY CASE WHEN c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2 THEN 0 ELSE 1 END, CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN 0 ELSE 1 END, n.nspname
  LIMIT 20
)
SELECT nspname::pg_catalog.text AS schema, relname::pg_catalog.text AS "table",
       CASE WHEN $1::pg_catalog.text IS NULL THEN visible ELSE true END AS found
FROM found)";

}  // namespace drift::sql_api
