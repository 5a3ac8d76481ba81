// The questions that read a catalog, one for each kind of thing or for a few that are alike.
//
// pg_catalog and never information_schema, which hides by role what pg_catalog shows to everybody.
// Each gives a row an object. What a column of the answer means, its name says:
//
//   schema, object, name, kind   as in drift/schema/object.h; `kind` only where there are several
//   member, member_type          the OIDs by which an extension may own it; of a composite type's
//                                attributes that is the type
//   s_x, e_x                     structural property x; e_: an expression, to be normalised
//   h_x, l_x                     structural: options that may hold secrets; the name of a locale
//   t_x, o_x, c_x                property x of tuning, owner, comment
//   acl, acl_default, acl_owner  privileges as PostgreSQL tells them
//
// NULL is the default, and left out.
// https://www.postgresql.org/docs/15/catalogs.html
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace drift::schema {

struct CatalogQuery {
  std::vector<std::string> kinds;  // what it gives; the first where there is no column `kind`
  std::uint32_t member_class = 0;  // pg_depend.classid of `member`
  std::string sql;
  // An object without any property stands for nothing.
  bool only_with_properties = false;
};

// For a server of that version, in a session whose search_path is empty.
std::vector<CatalogQuery> relation_queries(int server_version_num);
std::vector<CatalogQuery> program_queries(int server_version_num);
std::vector<CatalogQuery> type_queries(int server_version_num);
std::vector<CatalogQuery> global_queries(int server_version_num);

// All of them.
std::vector<CatalogQuery> catalog_queries(int server_version_num);

}  // namespace drift::schema
