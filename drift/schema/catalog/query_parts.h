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
