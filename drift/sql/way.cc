#include "drift/sql/way.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "drift/aws/services/secrets.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/sql/connection_record.h"
#include "drift/sql/database_location.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {

// host() leaves out the mask that inet's own text form may have.
const char* const kWhichDatabase =
    "SELECT pg_catalog.current_database()::pg_catalog.text AS database, "
    "pg_catalog.host(pg_catalog.inet_server_addr()) AS address";

bool is_out_of_reach(const Error& error) {
  // The secret itself may not have been read in time, and no function helps there.
  const bool connecting = std::string_view(error.what()).starts_with("cannot connect to ");
  return connecting && (error.fault == Fault::kConnectionFailed || error.fault == Fault::kTimedOut);
}

std::string function_hint(const std::string& tried) {
  return fmt::format(
      "set SQL_API_FUNCTION to the name of the function that reads this database{}; to be reached "
      "directly, its security group has to let this machine in",
      tried.empty() ? "" : fmt::format(" (sql-api was asked: {})", tried));
}

std::string why_another(const ResultSet& answer, const std::string& dbname,
                        const std::vector<std::string>& addresses) {
  if (answer.rows.size() != 1 || answer.rows[0].size() != 2) return "does not say what it reads";
  // By name where there are names: JSON objects may come with their keys sorted.
  const bool turned = answer.columns.size() == 2 && answer.columns[0] == "address";
  const auto& database = answer.rows[0][turned ? 1 : 0];
  const auto& address = answer.rows[0][turned ? 0 : 1];
  if (!database) return "does not say what it reads";
  if (*database != dbname) {
    return fmt::format("reads the database {}, not {}", display_identifier(*database),
                       display_identifier(dbname));
  }
  if (!address) return "does not say which server it reads";
  if (addresses.empty()) return "may read another server: the secret's host has no address here";
  if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
    return fmt::format("reads a server at {}, and the secret's host is at {}",
                       one_line(*address, 50), fmt::join(addresses, ", "));
  }
  return {};
}

namespace {

// May block; who calls is left behind then (drift/check/side.h), as with libpq's own look-up.
std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

// "" where the function reads what the secret names, else what came of asking it.
std::string what_came_of_asking(const DatabaseSettings& function, const std::string& secret_id,
                                const aws::SessionSource& session, const Stop& stop) {
  try {
    const ConnectionRecord record =
        record_of_secret(aws::secret_value(session(), secret_id, stop), secret_id);
    const auto answer = open_function(function, session, stop)->query(kWhichDatabase);
    if (const auto* failure = std::get_if<SqlFailure>(&answer)) {
      return one_line(failure->message, 200);
    }
    const std::string why =
        why_another(std::get<ResultSet>(answer), record.dbname, addresses_of(record.host));
    return why.empty() ? "" : "it " + why;
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    return one_line(error.what(), 300);
  }
}

}  // namespace

Way find_way(const DatabaseSettings& settings, const aws::SessionSource& session, const Stop& stop,
             const Log& log) {
  if (is_function(settings)) return {settings, {}};
  try {
    return {settings, open_connection(settings, session, stop, log)};
  } catch (const Error& error) {
    if (settings.function_instead.empty() || !is_out_of_reach(error) || stop.due()) throw;
    log.info("asking the SQL API instead",
             {{"function", settings.function_instead}, {"because", error.what()}});
    Way way{settings, {}};
    way.settings.location = "lambda:" + settings.function_instead;
    // The rest is for reading, or for saying that it could not be read.
    const Stop half(stop.remaining() / 2, stop);
    const std::string secret_id = database_location(settings.location).name;
    const std::string tried = what_came_of_asking(way.settings, secret_id, session, half);
    if (!tried.empty()) {
      throw Error{error.fault, error.what(), function_hint(tried), error.retryable};
    }
    way.settings.function_instead.clear();
    way.settings.remark = fmt::format(
        "production could not be reached directly ({}), so {} was asked, whose database has the "
        "same "
        "name and the same address; set SQL_API_FUNCTION={} to ask it at once",
        error.what(), way.settings.location, settings.function_instead);
    return way;
  }
}

}  // namespace drift::sql
