#include "drift/schema/catalog/query_parts.h"

#include <fmt/format.h>

namespace drift::schema {

std::string sorted_options(std::string_view column) {
  return fmt::format(
      "CASE WHEN {0} IS NOT NULL THEN (SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") "
      "FROM unnest({0}) AS o) END",
      column);
}

std::string described(std::string_view owner, std::string_view acl, std::string_view type) {
  return fmt::format(
      "pg_get_userbyid({0}) AS o_owner, {1}::text AS acl, "
      "CASE WHEN {1} IS NOT NULL THEN acldefault({2}, {0})::text END AS acl_default, "
      "CASE WHEN {1} IS NOT NULL THEN pg_get_userbyid({0}) END AS acl_owner, "
      "d.description AS c_comment",
      owner, acl, type);
}

std::string comment_join(std::string_view oid, std::string_view catalog) {
  return fmt::format(
      "LEFT JOIN pg_description d ON d.objoid = {} AND d.classoid = '{}'::regclass "
      "AND d.objsubid = 0",
      oid, catalog);
}

std::string qualified(std::string_view schema, std::string_view column) {
  return fmt::format(
      "CASE WHEN {0}.nspname = 'pg_catalog' THEN '' ELSE quote_ident({0}.nspname) || '.' END || "
      "quote_ident({1})",
      schema, column);
}

std::string collation_name(std::string_view collation, std::string_view its_schema) {
  return qualified(its_schema, fmt::format("{}.collname", collation));
}

}  // namespace drift::schema
