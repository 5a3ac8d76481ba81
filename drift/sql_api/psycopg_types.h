// The types that psycopg gives to values by what they are.
#pragma once

#include <cstdint>

namespace drift::sql {
struct JsonValue;
}

namespace drift::sql_api {

// pg_type.oid for `value` as psycopg 3 chooses it for what a JSON reader of Python makes of it: 5
// is int2, 40000 int4, then int8 and numeric; 1.0 and 1e3 are float8, true is bool, and a list is
// an array of what all its elements are. 0 where the place decides: strings, null, objects, lists
// of those, of nothing and of several types. Pure.
// https://www.psycopg.org/psycopg3/docs/basic/adapt.html
std::uint32_t type_of_value(const sql::JsonValue& value);

}  // namespace drift::sql_api
