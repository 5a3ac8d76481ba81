#include <fmt/format.h>

#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/sql/postgres.h"
#include "drift/sql/read_only_transaction.h"
#include "drift/sql/sql_source.h"

namespace drift::sql {
namespace {

// What one answer may weigh. 100,000 revision ids are under 4 MiB.
constexpr std::size_t kMaxAnswerBytes = 16U << 20U;

class Collector : public RowSink {
 public:
  explicit Collector(const std::string& database) : database_(database) {}

  void columns(const std::vector<Column>& columns) override {
    for (const Column& column : columns) result.columns.push_back(column.name);
  }
  Wanted row(const std::vector<Cell>& row) override {
    auto& values = result.rows.emplace_back();
    values.reserve(row.size());
    for (const Cell& cell : row) {
      values.emplace_back(cell);
      if (cell) weight_ += cell->size();
    }
    if (weight_ <= kMaxAnswerBytes) return Wanted::kMore;
    throw Error{Fault::kTooManyRows,
                fmt::format("{} answers with more than {} MiB", database_, kMaxAnswerBytes >> 20U)};
  }

  ResultSet result;

 private:
  const std::string& database_;
  std::size_t weight_ = 0;
};

class PostgresSource : public SqlSource {
 public:
  PostgresSource(std::shared_ptr<Connection> connection, std::vector<std::string> warnings,
                 const Stop& stop)
      : connection_(std::move(connection)), warnings_(connection_->warnings()), stop_(stop) {
    warnings_.insert(warnings_.end(), warnings.begin(), warnings.end());
  }

  void begin_anew() override {
    end_first_ = begun_;
    begun_ = failed_ = false;
  }

  std::variant<ResultSet, SqlFailure> query(const std::string& statement) override {
    if (failed_) throw Error{Fault::kInternal, "a failed transaction was asked again"};
    Collector collector(connection_->description());
    const GroupOutcome outcome =
        connection_->run(groups({statement, {}, &collector}), stop_).back();
    failed_ = outcome.state != TransactionState::kOpen;
    const bool began = begun_ || outcome.tags.size() >= kToBegin;
    begun_ = true;
    if (outcome.error && !began) {
      throw Error{Fault::kSqlFailed, fmt::format("cannot begin a read-only transaction in {}: {}",
                                                 description(), outcome.error->message)};
    }
    if (outcome.error) return SqlFailure{outcome.error->sqlstate, outcome.error->message};
    if (failed_) throw Error{Fault::kInternal, "a statement ended the read-only transaction"};
    if (collector.result.columns.empty()) return SqlFailure{"", "the statement gives no rows"};
    return std::move(collector.result);
  }
  std::string description() const override { return connection_->description(); }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  // The transaction begins with its first statement, so that nobody waits for the server to say
  // that it has. They are one group: where it cannot begin, the statement is passed over.
  std::vector<Group> groups(const Statement& statement) {
    if (begun_) return {{statement}};
    Group first = begin_read_only(transaction_limits(stop_.remaining()));
    first.push_back(statement);
    if (!std::exchange(end_first_, false)) return {std::move(first)};
    return {{{"ROLLBACK", {}, nullptr}}, std::move(first)};
  }

  static constexpr std::size_t kToBegin = 2;  // the statements of begin_read_only
  std::shared_ptr<Connection> connection_;
  std::vector<std::string> warnings_;
  const Stop& stop_;
  bool begun_ = false;
  bool end_first_ = false;  // a transaction that is still open
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<SqlSource> read_through(std::shared_ptr<Connection> connection,
                                        std::vector<std::string> warnings, const Stop& stop) {
  return std::make_unique<PostgresSource>(std::move(connection), std::move(warnings), stop);
}

}  // namespace drift::sql
