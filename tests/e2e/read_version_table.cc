// What production says, as JSON on stdout, for the tests that need a real PostgreSQL:
//   read_version_table URL [TABLE [SCHEMA [TIMEOUT_MS]]]
// READ_THROUGH=sql-api reads through the SQL API's handler instead: a request and an answer as JSON
// for each statement, as through a Lambda function, so that both ways are held to the same tests.
// An error is {"error": {kind, message, hint, retryable}} and exit code 2. SIGTERM stops it.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/production/version_table.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/postgres.h"
#include "drift/sql/sql_source.h"
#include "drift/sql_api/handler.h"

namespace {

drift::Stop* stopped = nullptr;

using drift::sql::ResultSet;
using drift::sql::SqlFailure;

class HandlerSource : public drift::sql::SqlSource {
 public:
  HandlerSource(drift::sql_api::HandlerSettings settings, const drift::Stop& stop)
      : where_(drift::sql::Connection(drift::sql::url_options(settings.database.location), stop)
                   .description()),
        stop_(stop),
        handler_(std::move(settings), {}, clock_,
                 std::make_shared<drift::Log>(drift::LogFormat::kText, drift::LogLevel::kError)) {}

  std::variant<ResultSet, SqlFailure> query(const std::string& statement) override {
    drift::sql_api::Call call;
    call.payload = nlohmann::json{{"query", statement}}.dump();
    return drift::sql::sql_api_answer(handler_.answer(call, stop_));
  }
  std::string description() const override { return where_; }
  std::vector<std::string> warnings() const override { return {}; }

 private:
  std::string where_;
  const drift::Stop& stop_;
  drift::SystemClock clock_;
  drift::sql_api::Handler handler_;
};

std::unique_ptr<drift::sql::SqlSource> open(const std::string& url, const drift::Stop& stop) {
  const char* through = std::getenv("READ_THROUGH");
  if (through == nullptr) {
    return drift::sql::read_through(
        std::make_unique<drift::sql::Connection>(drift::sql::url_options(url), stop), {}, stop);
  }
  drift::sql_api::HandlerSettings settings;
  settings.database.location = url;
  return std::make_unique<HandlerSource>(settings, stop);
}

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
    const auto source = open(url, stop);
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
