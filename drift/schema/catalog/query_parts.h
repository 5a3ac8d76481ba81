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
// good for it in the sum.
inline constexpr const char* kFingerprint = R"(
SELECT string_agg(part, ' ' ORDER BY part) FROM (
  SELECT 'c' || count(*) || ':' || sum(c.xmin::text::bigint) AS part FROM pg_class c
   WHERE c.relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp')
  UNION ALL SELECT 'a' || count(*) || ':' || sum(a.xmin::text::bigint) FROM pg_attribute a
   WHERE a.attrelid NOT IN (SELECT c.oid FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname ~ '^pg_(toast_)?temp')
  UNION ALL SELECT 'k' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_constraint
  UNION ALL SELECT 'p' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_proc
  UNION ALL SELECT 'n' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_namespace
  UNION ALL SELECT 'r' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_rewrite
  UNION ALL SELECT 't' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_trigger
  UNION ALL SELECT 's' || count(*) || ':' || sum(xmin::text::bigint) FROM pg_statistic_ext) f)";

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
