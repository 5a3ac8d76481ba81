// From options to what serves or asks the SQL API.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "drift/check/aws_access.h"
#include "drift/config/options.h"
#include "drift/sql_api/handler.h"

namespace drift::config {

struct SqlApiSettings {
  sql_api::HandlerSettings handler;
  check::Role role;
  std::string listen;
  std::chrono::seconds invocation_timeout{300};
};

// For `sql-api`. Throws Error{kUsage} as database_settings and run_timeout, and for a database that
// is a function.
SqlApiSettings sql_api_settings(const Options& options);

// For `query`: as above, but the database may be a function, and `mutate` decides whether a handler
// in this process lets mutations through.
SqlApiSettings query_settings(const Options& options, bool mutate);

// --page-rows; 0 where nobody asks for pages. Throws Error{kUsage} unless a whole number from 1 to
// 1000000.
std::size_t page_rows(const Options& options);

}  // namespace drift::config
