// The name of a table as a request gives it.
#pragma once

#include <string>
#include <string_view>

namespace drift::sql_api {

struct TableName {
  std::string schema;  // "" leaves it to the search_path
  std::string table;
  // What else it may mean, tried second: a name without quotes and dots as it was written, so that
  // "Orders" finds "Orders" where there is no orders.
  std::string verbatim;
};

// `text` as SQL reads it: users, public.users, "Odd.Name", audit."Log"; what is not quoted is
// folded to lower case. `schema`, where it is not empty, is the schema, as it is written.
// It is only ever looked up. Throws Error{kUsage} for a text that is no such name.
TableName table_name(std::string_view text, std::string_view schema);

}  // namespace drift::sql_api
