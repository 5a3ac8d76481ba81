#include "drift/config/sql_api_settings.h"

#include <fmt/format.h>

#include <charconv>

#include "drift/base/error.h"
#include "drift/config/database_settings.h"
#include "drift/config/settings.h"
#include "drift/sql/database_location.h"

namespace drift::config {
namespace {

constexpr std::size_t kMostPageRows = 1'000'000;

}  // namespace

SqlApiSettings query_settings(const Options& options, bool mutate) {
  SqlApiSettings settings;
  settings.handler.database = database_settings(options);
  settings.handler.allow_mutations = mutate;
  settings.handler.audit = options.audit.value_or("");
  settings.role = role_settings(options);
  settings.listen = options.listen.value_or("127.0.0.1:0");
  settings.invocation_timeout = run_timeout(options);
  return settings;
}

SqlApiSettings sql_api_settings(const Options& options) {
  SqlApiSettings settings = query_settings(options, options.allow_mutations.value_or(false));
  const std::string& location = settings.handler.database.location;
  if (!location.empty() && sql::database_location(location).kind == sql::LocationKind::kFunction) {
    throw Error{Fault::kUsage, "the SQL API cannot be served from a function",
                "give the --database that it shall ask itself, such as "
                "postgresql://user@host/name"};
  }
  return settings;
}

std::size_t page_rows(const Options& options) {
  if (!options.page_rows) return 0;
  const std::string& text = *options.page_rows;
  std::size_t rows = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (error != std::errc{} || end != text.data() + text.size() || rows < 1 ||
      rows > kMostPageRows) {
    throw Error{Fault::kUsage, fmt::format("\"{}\" is no --page-rows", text),
                fmt::format("give a whole number from 1 to {}", kMostPageRows)};
  }
  return rows;
}

}  // namespace drift::config
