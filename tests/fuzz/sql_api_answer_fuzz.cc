// What the SQL API's function returns, and what a secret holds, is somebody else's text: no bytes
// may do more than be refused, and no refusal may repeat a value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/api_error.h"
#include "drift/sql/connection_record.h"

namespace {

using drift::Error;
using drift::sql::ResultSet;
using drift::sql::SqlFailure;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_showable(std::string_view text) {
  require(!text.empty());
  require(drift::printable(text) == text);
}

void read_answer(const std::string& payload) {
  try {
    const auto answer = drift::sql::sql_api_answer(payload);
    if (const auto* failure = std::get_if<SqlFailure>(&answer)) {
      require_showable(failure->message);
      require(failure->sqlstate.empty() || failure->sqlstate.size() == 5);
      return;
    }
    const ResultSet& result = std::get<ResultSet>(answer);
    for (const auto& row : result.rows) {
      require(row.size() == result.rows.front().size());
      require(result.columns.empty() || row.size() == result.columns.size());
      for (const auto& value : row) {
        require(!value || (drift::is_utf8(*value) && value->find('\0') == std::string::npos));
      }
    }
  } catch (const Error& error) {
    require(error.fault == drift::Fault::kSqlApiFailed);
    require_showable(error.what());
    require(!error.hint.empty());
  }
}

// What query prints: as wide as its columns, whatever came.
void read_any_answer(const std::string& payload) {
  try {
    const auto read = drift::sql::read_api_answer(payload);
    const auto* answer = std::get_if<drift::sql::ApiAnswer>(&read);
    if (answer == nullptr) return;
    for (const auto& row : answer->rows) require(row.size() == answer->columns.size());
  } catch (const Error& error) {
    require(error.fault == drift::Fault::kSqlApiFailed);
    require_showable(error.what());
  }
}

void read_secret(const std::string& text) {
  try {
    const auto record = drift::sql::record_of_secret(text, "prod/database");
    for (const auto& [keyword, value] : drift::sql::connection_options(record, true)) {
      require(!value.empty() && value.find('\0') == std::string::npos);
    }
  } catch (const Error& error) {
    require(error.fault == drift::Fault::kConfiguration);
    require_showable(error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_answer(text);
  read_any_answer(text);
  read_secret(text);
  const auto failure = drift::sql::function_failure(text, text);
  require_showable(failure.message);
  require(drift::printable(failure.log_end) == failure.log_end);
  return 0;
}
