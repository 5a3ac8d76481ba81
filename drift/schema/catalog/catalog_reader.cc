#include "drift/schema/catalog/catalog_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <optional>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/line_sink.h"
#include "drift/schema/catalog/query_parts.h"
#include "drift/schema/catalog/version_rows.h"
#include "drift/sql/postgres.h"
#include "drift/sql/read_only_transaction.h"
#include "drift/sql/sql_source.h"

namespace drift::schema {
namespace {

constexpr int kTries = 5;

// What begin_read_only does not set and a deparser asks. An empty search_path makes every name that
// is not PostgreSQL's own a qualified one. A lock is waited for a second: whoever changes a table
// holds it for milliseconds or for long. Compiling these queries takes longer than running them,
// and so does starting others to help.
constexpr const char* kSettings =
    "SELECT pg_catalog.set_config('search_path', '', true),"
    " pg_catalog.set_config('quote_all_identifiers', 'off', true),"
    " pg_catalog.set_config('lock_timeout', '1000', true),"
    " pg_catalog.set_config('jit', 'off', true),"
    " pg_catalog.set_config('work_mem', '16MB', true),"
    " pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)";

// What another session holds so that nobody may even look.
constexpr const char* kLocked = R"(
SELECT string_agg(DISTINCT quote_ident(n.nspname) || '.' || quote_ident(c.relname), ', ')
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND n.nspname !~ '^pg_' AND l.pid <> pg_backend_pid())";

// The first value of an answer.
class OneValue : public sql::RowSink {
 public:
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    value = row.empty() ? "" : std::string(row.front().value_or(""));
    return sql::Wanted::kMore;
  }
  std::string value;
};

class Rows : public sql::RowSink {
 public:
  void columns(const std::vector<sql::Column>& columns) override {
    for (const sql::Column& column : columns) result.columns.push_back(column.name);
  }
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    auto& values = result.rows.emplace_back();
    for (const sql::Cell& cell : row) values.emplace_back(cell);
    return sql::Wanted::kMore;
  }
  sql::ResultSet result;
};

// A read-only transaction in a connection that goes on to be somebody else's.
class Transaction {
 public:
  Transaction(sql::Connection& connection, const Stop& stop, bool with_settings)
      : connection_(connection), stop_(stop) {
    sql::Group begin = sql::begin_read_only(sql::transaction_limits(stop.remaining()));
    if (with_settings) begin.push_back({kSettings, {}, nullptr});
    const auto outcome = connection_.run({begin}, stop_).front();
    if (outcome.error) {
      throw Error{Fault::kSqlFailed,
                  fmt::format("cannot begin a read-only transaction in {}: {}",
                              connection_.description(), outcome.error->message)};
    }
  }
  void end() { connection_.run({{{"ROLLBACK", {}, nullptr}}}, stop_); }

  std::optional<sql::ServerError> ask(const std::string& statement, sql::RowSink& sink) {
    return connection_.run({{{statement, {}, &sink}}}, stop_).front().error;
  }

 private:
  sql::Connection& connection_;
  const Stop& stop_;
};

// The version table's reader asks a SqlSource; the rows are read in a transaction of their own,
// before everything else and after it, so that they are those of that moment.
class VersionRowsSource : public sql::SqlSource {
 public:
  VersionRowsSource(sql::Connection& connection, const Stop& stop)
      : connection_(connection), transaction_(connection, stop, false) {}

  std::variant<sql::ResultSet, sql::SqlFailure> query(const std::string& statement) override {
    Rows rows;
    if (const auto error = transaction_.ask(statement, rows)) {
      return sql::SqlFailure{error->sqlstate, error->message};
    }
    return std::move(rows.result);
  }
  std::string description() const override { return connection_.description(); }
  std::vector<std::string> warnings() const override { return {}; }
  void end() { transaction_.end(); }

 private:
  sql::Connection& connection_;
  Transaction transaction_;
};

VersionRows read_version_rows(sql::Connection& connection, const production::VersionTableName& name,
                              const Stop& stop) {
  VersionRowsSource source(connection, stop);
  VersionRows read = schema::read_version_rows(source, name);
  source.end();
  return read;
}

[[noreturn]] void refused(const sql::Connection& connection, const sql::ServerError& error) {
  throw Error{
      Fault::kSqlFailed,
      fmt::format("reading the catalog of {} failed: {}{}", connection.description(), error.message,
                  error.sqlstate.empty() ? "" : fmt::format(" (SQLSTATE {})", error.sqlstate)),
      ""};
}

std::string one_value(Transaction& transaction, const sql::Connection& connection,
                      const std::string& statement) {
  OneValue sink;
  if (const auto error = transaction.ask(statement, sink)) refused(connection, *error);
  return sink.value;
}

class Reading {
 public:
  Reading(sql::Connection& connection, const Stop& stop) : connection_(connection), stop_(stop) {}

  // The catalog as one moment had it; nothing where it moved while it was read.
  std::optional<Catalog> attempt();
  // Why there was none: what the server said, or that the catalog is another one now.
  const std::string& moved() const { return moved_; }

 private:
  // Whether all that is asked for was there to the end.
  bool read(Transaction& transaction, const CatalogQuery& query);

  sql::Connection& connection_;
  const Stop& stop_;
  ExtensionMembers members_;
  Catalog catalog_;
  std::string moved_ = "the catalog is not what it was before";
};

// Class 55 is "not in this state", and 55P03 a lock that is not to be had; 57014 is what a
// statement_timeout says, or a person. https://www.postgresql.org/docs/15/errcodes-appendix.html
bool is_locked(const std::string& sqlstate) { return sqlstate == "55P03"; }

// What deparsing says of a thing that is not there any more.
bool has_vanished(const std::string& sqlstate) {
  return sqlstate == "XX000" || sqlstate.starts_with("42") || sqlstate == "3F000";
}

bool Reading::read(Transaction& transaction, const CatalogQuery& query) {
  const std::size_t before = catalog_.lines.size();
  LineSink sink(query, members_, catalog_.lines);
  OneValue nothing;
  transaction.ask("SAVEPOINT kind", nothing);
  const auto error = transaction.ask(query.sql, sink);
  if (!error) {
    transaction.ask("RELEASE SAVEPOINT kind", nothing);
    for (const std::string& kind : query.kinds) catalog_.header.coverage[kind] = kRead;
    return true;
  }
  catalog_.lines.resize(before);
  if (transaction.ask("ROLLBACK TO SAVEPOINT kind", nothing)) refused(connection_, *error);
  std::string why;
  if (is_locked(error->sqlstate)) {
    const std::string locked = one_value(transaction, connection_, kLocked);
    why = locked.empty() ? "another session held a lock"
                         : fmt::format("locked by another session: {}", locked);
  } else if (error->sqlstate == "42501") {
    why = error->message;
  } else if (has_vanished(error->sqlstate)) {
    moved_ = error->message;
    return false;
  } else {
    refused(connection_, *error);
  }
  for (const std::string& kind : query.kinds) {
    catalog_.header.coverage[kind] = "not checked: " + why;
  }
  return true;
}

std::optional<Catalog> Reading::attempt() {
  Transaction transaction(connection_, stop_, true);
  const std::string version =
      one_value(transaction, connection_, "SELECT current_setting('server_version_num')");
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  if (number < kOldestServer) {
    throw Error{
        Fault::kUnsupported,
        fmt::format("{} is PostgreSQL {}, and the schemas of PostgreSQL 13 and later are read",
                    connection_.description(), number / 10'000),
        ""};
  }
  catalog_.header.server_version_num = number;
  const std::string before = one_value(transaction, connection_, kFingerprint);
  if (const auto error = transaction.ask(ExtensionMembers::kQuery, members_)) {
    refused(connection_, *error);
  }
  for (const CatalogQuery& query : catalog_queries(number)) {
    if (read(transaction, query)) continue;
    transaction.end();
    return {};
  }
  transaction.end();
  // Meanwhile the server looks at its catalog once more.
  const auto sorted = std::async(std::launch::async | std::launch::deferred, [this] {
    std::sort(catalog_.lines.begin(), catalog_.lines.end());
  });
  Transaction later(connection_, stop_, true);
  const std::string after = one_value(later, connection_, kFingerprint);
  later.end();
  sorted.wait();
  if (before != after) return {};
  return std::move(catalog_);
}

}  // namespace

Catalog read_catalog(sql::Connection& connection, const production::VersionTableName& name,
                     const Stop& stop) {
  const VersionRows first = read_version_rows(connection, name, stop);
  std::string moved;
  for (int i = 0; i < kTries; ++i) {
    Reading reading(connection, stop);
    std::optional<Catalog> catalog = reading.attempt();
    if (!catalog) {
      moved = reading.moved();
      continue;
    }
    const VersionRows last = read_version_rows(connection, name, stop);
    take_over_rows(first, last, connection.description(), catalog->header);
    return std::move(*catalog);
  }
  throw never_still(connection.description(), kTries, moved);
}

}  // namespace drift::schema
