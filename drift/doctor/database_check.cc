#include "drift/doctor/database_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "drift/base/printable.h"
#include "drift/doctor/session_facts.h"
#include "drift/sql/database.h"
#include "drift/sql/sql_text.h"

namespace drift::doctor {
namespace {

constexpr const char* kDatabase = "database";
constexpr const char* kVersionTable = "version_table";
constexpr const char* kRights = "database_rights";
constexpr std::size_t kShownRows = 3;

// Whether an error of reading the table says that the database answered.
bool is_about_the_table(Fault fault) {
  constexpr std::array kFaults = {Fault::kPermissionDenied, Fault::kWrongColumn, Fault::kNullRow,
                                  Fault::kTooManyRows, Fault::kSqlFailed};
  return std::find(kFaults.begin(), kFaults.end(), fault) != kFaults.end();
}

Outcome table_outcome(const std::string& about, const production::VersionTable& table) {
  Outcome outcome{kVersionTable, about, State::kOk, "", ""};
  if (!table.exists || table.rows.empty()) {
    outcome.state = State::kWarn;
    outcome.seen = table.exists ? fmt::format("{} is empty", table.qualified_name)
                                : fmt::format("there is no {}", table.qualified_name);
    outcome.action =
        "the nightly run will say unversioned: stamp the database with `alembic stamp`, or name "
        "another table with --version-table and --version-table-schema";
    return outcome;
  }
  std::vector<std::string> shown;
  for (const std::string& row : table.rows) {
    if (shown.size() < kShownRows) shown.push_back(shortened(printable(row), 40));
  }
  outcome.seen = fmt::format("{} has {} row{}: {}{}", table.qualified_name, table.rows.size(),
                             table.rows.size() == 1 ? "" : "s", fmt::join(shown, ", "),
                             table.rows.size() > kShownRows ? ", ..." : "");
  return outcome;
}

Outcome rights_outcome(const std::string& about, const SessionFacts& facts,
                       const production::VersionTable& table) {
  const std::string role = sql::display_identifier(facts.role);
  const std::vector<std::string> may = rights_too_wide(facts, table.qualified_name);
  if (may.empty()) {
    return {kRights, about, State::kOk,
            fmt::format("role {} may write no table and create nothing", role), ""};
  }
  const std::string schema =
      sql::display_identifier(table.schema.empty() ? "public" : table.schema);
  return {kRights, about, State::kWarn, fmt::format("role {} may {}", role, fmt::join(may, "; ")),
          fmt::format("reading is enough: let a role log in that has GRANT USAGE ON SCHEMA {} and "
                      "GRANT SELECT ON {}, and nothing else",
                      schema, table.qualified_name)};
}

std::string session_words(const SessionFacts& facts) {
  const std::string tls = !facts.tls ? "TLS not told" : facts.tls->empty() ? "no TLS" : *facts.tls;
  return fmt::format(", PostgreSQL {}{}, role {}, {}",
                     facts.server_version.substr(0, facts.server_version.find(' ')),
                     facts.standby ? " (a standby)" : "", sql::display_identifier(facts.role), tls);
}

class Examination {
 public:
  Examination(const check::Target& target, sql::SqlSource& source)
      : about_(target.name), source_(source) {
    database_ = {kDatabase, about_, State::kOk, source.description(), ""};
    for (const std::string& warning : source.warnings()) {
      database_.state = State::kWarn;
      database_.seen += ", " + warning;
      // Of the two kinds of warnings there are, the other one is about TLS.
      const bool reader = warning.find("reader endpoint") != std::string::npos;
      database_.action = reader
                             ? "read from the writer's endpoint"
                             : "connect with sslmode=verify-full, and name the server's authority "
                               "with sslrootcert";
    }
  }

  Outcomes run(const production::VersionTableName& name) {
    std::optional<production::VersionTable> table;
    Outcome read;
    try {
      table = production::read_version_table(source_, name);
      read = table_outcome(about_, *table);
    } catch (const Error& error) {
      // A function of the SQL API is reached for the first time here.
      if (!is_about_the_table(error.fault) && error.fault != Fault::kTimedOut) {
        return {failed(kDatabase, about_, error),
                skipped(kVersionTable, about_, "the database could not be reached"),
                skipped(kRights, about_, "the database could not be reached")};
      }
      read = failed(kVersionTable, about_, error);
    }
    if (!table)
      return {database_, read, skipped(kRights, about_, "the version table was not read")};
    Outcome rights = ask_rights(*table);
    return {database_, std::move(read), std::move(rights)};
  }

 private:
  Outcome ask_rights(const production::VersionTable& table) {
    try {
      const auto answer = source_.query(session_facts_statement(table));
      if (const auto* failure = std::get_if<sql::SqlFailure>(&answer)) {
        return {kRights, about_, State::kUnknown,
                fmt::format("the server did not tell: {}", failure->message), ""};
      }
      const SessionFacts facts = parse_session_facts(std::get<sql::ResultSet>(answer));
      database_.seen += session_words(facts);
      return rights_outcome(about_, facts, table);
    } catch (const Error& error) {
      return not_known(kRights, about_, error);
    }
  }

  std::string about_;
  sql::SqlSource& source_;
  Outcome database_;
};

}  // namespace

Outcomes examine_database(const check::Target& target, const check::Run& run, const Stop& stop) {
  std::unique_ptr<sql::SqlSource> source;
  try {
    source = sql::open_database(target.database, run.aws->source(target.role), stop, *run.log);
  } catch (const Error& error) {
    return {failed(kDatabase, target.name, error),
            skipped(kVersionTable, target.name, "the database could not be reached"),
            skipped(kRights, target.name, "the database could not be reached")};
  }
  return Examination(target, *source).run(target.version_table);
}

}  // namespace drift::doctor
