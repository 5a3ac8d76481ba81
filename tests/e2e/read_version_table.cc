// What production says, as JSON on stdout, for the tests that need a real PostgreSQL:
//   read_version_table URL [TABLE [SCHEMA [TIMEOUT_MS]]]
// An error is {"error": {kind, message, hint, retryable}} and exit code 2. SIGTERM stops it.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/production/version_table.h"
#include "drift/sql/postgres.h"
#include "drift/sql/postgres_source.h"

namespace {

drift::Stop* stopped = nullptr;

void print(const nlohmann::json& document) { std::puts(document.dump(2).c_str()); }

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "";
  drift::production::VersionTableName name;
  if (argc > 2) name.table = argv[2];
  if (argc > 3) name.schema = argv[3];
  const long timeout = argc > 4 ? std::atol(argv[4]) : 60'000;
  try {
    drift::Stop stop{std::chrono::milliseconds{timeout}};
    stopped = &stop;
    std::signal(SIGTERM, [](int) { stopped->request(); });
    const auto source = drift::sql::open_postgres(url, stop);
    const auto table = drift::production::read_version_table(*source, name);
    print({{"exists", table.exists},
           {"schema", table.schema},
           {"table", table.table},
           {"qualified_name", table.qualified_name},
           {"rows", table.rows},
           {"elsewhere", table.elsewhere},
           {"database", table.database},
           {"warnings", table.warnings},
           {"database_name", drift::sql::database_name(url)}});
    return 0;
  } catch (const drift::Error& error) {
    print({{"error",
            {{"kind", drift::fault_name(error.fault)},
             {"message", error.what()},
             {"hint", error.hint},
             {"retryable", error.retryable}}}});
    return 2;
  }
}
