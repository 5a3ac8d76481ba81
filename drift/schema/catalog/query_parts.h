// What many of the questions to a catalog have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drift::schema {

// OIDs of catalogs, the same in every PostgreSQL.
// https://github.com/postgres/postgres/tree/master/src/include/catalog
inline constexpr std::uint32_t kClassOfTypes = 1247;
inline constexpr std::uint32_t kClassOfFunctions = 1255;
inline constexpr std::uint32_t kClassOfRelations = 1259;

// The oldest whose catalog is known.
inline constexpr int kOldestServer = 130'000;

// Changes with every change of what deparsing looks at. A row that is changed or added gets a
// transaction's number that is higher than all that were there, so that no other change can make
// good for it in the sum. A transaction's number becomes text once for all rows that it wrote.
inline constexpr const char* kFingerprint = R"(
SELECT string_agg(part, ' ' ORDER BY part) FROM (
  SELECT 'c' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT c.xmin AS x, count(*) AS n FROM pg_class c
      WHERE c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp') GROUP BY 1) g
  UNION ALL SELECT 'a' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT a.xmin AS x, count(*) AS n FROM pg_attribute a
      WHERE a.attrelid NOT IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n
        ON n.oid = c.relnamespace WHERE n.nspname ~ '^pg_(toast_)?temp') GROUP BY 1) g
  UNION ALL SELECT 'k' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_constraint GROUP BY 1) g
  UNION ALL SELECT 'p' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_proc GROUP BY 1) g
  UNION ALL SELECT 'n' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_namespace GROUP BY 1) g
  UNION ALL SELECT 'r' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_rewrite GROUP BY 1) g
  UNION ALL SELECT 't' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_trigger GROUP BY 1) g
  UNION ALL SELECT 's' || sum(n) || ':' || sum(n * x::text::bigint) AS part
    FROM (SELECT xmin AS x, count(*) AS n FROM pg_statistic_ext GROUP BY 1) g) f)";

// Of pg_namespace `n`: neither PostgreSQL's own nor anybody's temporary one. Nobody else may give
// a schema a name that begins with pg_.
inline constexpr std::string_view kUserSchema =
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

// A text[] of options in one order: "autovacuum_enabled=false, fillfactor=70".
std::string sorted_options(std::string_view column);

// The columns for owner, privileges and comment; `type` is acldefault's, in quotation marks.
std::string described(std::string_view owner, std::string_view acl, std::string_view type);

// The join that `described` takes the comment from, as `d`.
std::string comment_join(std::string_view oid, std::string_view catalog);

// The name of a collation, its schema left out where it is pg_catalog.
std::string collation_name(std::string_view collation, std::string_view its_schema);

// quote_ident(schema.nspname) || '.' || quote_ident(column), pg_catalog left out.
std::string qualified(std::string_view schema, std::string_view column);

}  // namespace drift::schema
