// What PostgreSQL tells of one thing in several ways, told in one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drift/schema/object.h"

namespace drift::schema {

// The elements of a one-dimensional array in PostgreSQL's text format: {a,"b c"}.
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
std::vector<std::string> array_elements(std::string_view text);

// What `acl` (an aclitem[] as text) gives that `by_default` (acldefault's) does not, a property of
// facet privilege for each role: "privileges of app": "SELECT, UPDATE*" (* with grant option),
// "ALL", or "none" for what the default gave. The owner is "@owner", and who granted does not
// count. Sorted by name.
// https://www.postgresql.org/docs/15/ddl-priv.html
std::vector<Property> privileges(std::string_view acl, std::string_view by_default,
                                 std::string_view owner);

// What such a property's value names, and whether it comes with grant option: {"SELECT": false,
// "UPDATE": true}. "none" names nothing, and "ALL" is itself.
std::map<std::string, bool> rights_named(std::string_view value);

// An expression as PostgreSQL deparses it, with the cast of a whole array pushed into its elements:
// `(ARRAY['a'::varchar])::text[]` becomes `ARRAY[('a'::varchar)::text]`, which is what it becomes
// anyhow once it was dumped and restored. No cast is ever taken away.
std::string pushed_casts(std::string_view expression);

// CREATE STATISTICS with its columns and expressions in the order of their bytes: PostgreSQL tells
// them in that of the table's columns, which does not count. Unchanged where it is none.
// https://www.postgresql.org/docs/15/catalog-pg-statistic-ext.html (stxkeys)
std::string sorted_statistics(std::string_view definition);

// "en_US.utf8" for "en_US.UTF-8": the C library takes both, and knows no difference.
std::string locale_spelling(std::string_view locale);

// Options that may hold a password, as "name=value" in an array's text: the names, each with 16
// bits of a salted SHA-256 of its value, by which a change is seen and nothing can be guessed.
// Sorted. `salt` tells apart what has the same value elsewhere.
std::string hidden_options(std::string_view options, std::string_view salt);

}  // namespace drift::schema
