#include "drift/sql_api/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/sql/json_text.h"
#include "drift/sql_api/binding.h"
#include "drift/sql_api/called_functions.h"
#include "drift/sql_api/parameters.h"
#include "drift/sql_api/row_guard.h"
#include "drift/sql_api/sql_tokens.h"
#include "drift/sql_api/type_catalog.h"

namespace drift::sql_api {
namespace {

using sql::Cell;
using sql::GroupOutcome;
using sql::ServerError;
using sql::TransactionState;

constexpr std::string_view kDeclare = "DECLARE schema_drift_page NO SCROLL CURSOR FOR ";

// Knows whether the statement's rows have begun to arrive.
class Watched : public sql::RowSink {
 public:
  explicit Watched(sql::RowSink* sink) : sink_(sink) {}
  void columns(const std::vector<sql::Column>& columns) override {
    answered = true;
    if (sink_ != nullptr) sink_->columns(columns);
  }
  sql::Wanted row(const std::vector<Cell>& row) override {
    return sink_ == nullptr ? sql::Wanted::kMore : sink_->row(row);
  }
  bool answered = false;

 private:
  sql::RowSink* sink_;
};

// What the server says it has done. Anything else would be a statement that the tokenizer
// (drift/sql_api/statement.h) took for another.
bool is_of_reading(std::string_view tag) {
  constexpr std::array<std::string_view, 6> kTags = {"SELECT", "EXPLAIN", "SHOW",
                                                     "FETCH",  "MOVE",    "DECLARE CURSOR"};
  return std::any_of(kTags.begin(), kTags.end(),
                     [&](std::string_view known) { return tag.starts_with(known); });
}

// Lengths first, so that no two reads make the same text.
std::string checksum(const PagedRead& read, std::size_t position) {
  const std::string all =
      fmt::format("schema-drift cursor 1\n{} {} {} {}\n{}{}{}", position, read.database.size(),
                  read.sql.size(), read.params.size(), read.database, read.sql, read.params);
  return aws::sha256_hex(all).substr(0, 32);
}

class Streamed : public sql::RowSink {
 public:
  Streamed(RowReceiver& receiver, const TypeCache& known) : receiver_(receiver), known_(known) {}
  void columns(const std::vector<sql::Column>& columns) override {
    std::vector<ValueType> types;
    for (const sql::Column& column : columns) {
      const auto builtin = builtin_type(column.type);
      const auto known = known_.find(column.type);
      // A type made since the statement was described is shown as PostgreSQL writes its values.
      types.push_back(builtin                 ? *builtin
                      : known != known_.end() ? known->second
                                              : ValueType{fmt::format("{}", column.type)});
    }
    receiver_.columns(columns, types);
  }
  sql::Wanted row(const std::vector<Cell>& row) override {
    receiver_.row(row);
    return sql::Wanted::kMore;
  }

 private:
  RowReceiver& receiver_;
  const TypeCache& known_;
};

// The statement is not what it was when it came before, or could not be read: what was answered is
// of no use.
struct NotAsRemembered {};

// One request that reads.
class Read {
 public:
  Read(KeptConnection& kept, const Request& request, const StatementFacts& facts,
       const ReadingLimits& limits, bool whole_rows, bool may_remember, const Stop& stop)
      : kept_(kept),
        request_(request),
        facts_(facts),
        max_bytes_(limits.bytes),
        needs_change_(limits.needs_change),
        stop_(stop) {
    BoundRequest bound =
        bind(kept, request, facts.pageable || whole_rows, may_remember && facts.pageable, stop);
    bound_ = std::move(bound.statement);
    description_ = std::move(bound.description);
    remembered_ = bound.remembered;
    text_ = bound_.text;
    asked_ = kept.functions().unknown_of(called_functions(sql_tokens(text_)));
    functions_ = function_guard(asked_, limits.allow_functions);
    if (!facts.pageable || whole_rows) return;
    if (auto guard = guarded(bound_.text, description_.columns, max_bytes_)) {
      text_ = std::move(guard->text);
      prefix_ = guard->prefix;
    }
  }

  std::string whole() {
    RowLimits limits{max_bytes_};
    limits.envelope = request_.envelope;
    limits.single = request_.action == Action::kExecuteQueryOne;
    if (limits.single) limits.rows = 1;
    AnswerRows rows(request_.rows, limits, kept_.types());
    sql::Statement statement = statement_of(text_, &rows);
    statement.most_row_bytes = most_row_bytes(max_bytes_);
    if (auto error = ask({std::move(statement)}, rows)) {
      return error_in(*std::move(error), prefix_);
    }
    if (!rows.too_large()) {
      if (auto answer = closed(request_.envelope, rows.take_json(), max_bytes_))
        return *std::move(answer) + "}";
    }
    throw Error{Fault::kTooManyRows, fmt::format("the answer is larger than {} bytes", max_bytes_),
                facts_.pageable
                    ? "ask for fewer rows or columns, or page: \"max_rows\" in the request, "
                      "then \"cursor\" with the next_cursor of each answer"
                    : "ask for less"};
  }

  // A cursor that lives as long as the request's transaction; the next page passes over the rows
  // before it, so the pages agree only where the statement puts its rows in one order.
  std::string page(std::size_t most_rows) {
    if (!facts_.pageable) {
      throw Error{Fault::kUnsupported, fmt::format("the rows of {} cannot be paged", facts_.verb),
                  "leave \"max_rows\" out"};
    }
    const PagedRead paged{kept_.get(stop_).description(), request_.sql,
                          sql::json_text(request_.params)};
    const std::size_t from = request_.cursor.empty() ? 0 : position_of(request_.cursor, paged);
    AnswerRows rows(request_.rows, {max_bytes_, most_rows, true, false}, kept_.types());
    sql::Group group = {statement_of(std::string(kDeclare) + text_, nullptr)};
    if (from > 0) {
      group.push_back({fmt::format("MOVE FORWARD {} IN schema_drift_page", from), {}, nullptr});
    }
    // One more than the page holds tells whether another page follows.
    group.push_back({fmt::format("FETCH FORWARD {} FROM schema_drift_page", most_rows + 1),
                     {},
                     &rows,
                     most_row_bytes(max_bytes_)});
    if (auto error = ask(group, rows))
      return error_in(*std::move(error), kDeclare.size() + prefix_);
    if (rows.too_large()) throw row_too_large();
    const bool more = rows.more();
    const std::size_t next = from + rows.row_count();
    std::string json = rows.take_json() + ",\"next_cursor\":";
    if (more) {
      sql::append_json_string(json, page_cursor(paged, next));
    } else {
      json += "null";
    }
    return json + "}";
  }

  std::optional<std::string> stream(RowReceiver& receiver) {
    std::vector<std::uint32_t> unknown;
    for (const sql::Column& column : description_.columns) {
      const bool known = builtin_type(column.type) || kept_.types().count(column.type) > 0;
      if (!known) unknown.push_back(column.type);
    }
    learn_types(kept_.get(stop_), kept_.types(), unknown, stop_);
    Streamed rows(receiver, kept_.types());
    const auto error = told({statement_of(text_, &rows)});
    if (!error) return {};
    return error_in(*error, 0);
  }

 private:
  sql::Statement statement_of(std::string text, sql::RowSink* sink) const {
    sql::Statement statement;
    statement.text = std::move(text);
    statement.parameters = bound_.parameters;
    statement.sink = sink;
    statement.types = bound_.value_types;
    return statement;
  }

  // With the types of the rows that only the catalog knows. An error of a statement that was
  // cancelled because `rows` has enough is none.
  std::optional<ServerError> ask(const sql::Group& statements, AnswerRows& rows) {
    auto error = told(statements);
    if (error && !rows.has_enough()) return error;
    finish_rows(kept_.get(stop_), kept_.types(), rows, stop_);
    return {};
  }

  // What the server says against `statements`. Throws for a function that may not be called.
  std::optional<ServerError> told(const sql::Group& statements) {
    sql::Group group;
    if (functions_) group.push_back(*functions_);
    sql::Description now;
    if (remembered_) {
      sql::Statement question;
      question.text = bound_.text;
      question.types = bound_.value_types;
      question.describe = &now;
      group.push_back(std::move(question));
    }
    group.insert(group.end(), statements.begin(), statements.end());
    auto error = read(kept_, group, {request_.row_security, request_.timeout}, stop_);
    if (remembered_ && now != description_) {
      kept_.descriptions().forget(name_of(bound_));
      throw NotAsRemembered{};
    }
    if (error) {
      auto refusal = refused_function(*error);
      // https://www.postgresql.org/docs/15/errcodes-appendix.html: read_only_sql_transaction
      const bool changes = refusal || error->sqlstate == "25006";
      if (changes && needs_change_ != nullptr) *needs_change_ = true;
      if (refusal && needs_change_ == nullptr) throw *std::move(refusal);
    } else {
      kept_.functions().remember(asked_);
    }
    return error;
  }

  Error row_too_large() const {
    return {Fault::kTooManyRows, fmt::format("one row alone is larger than {} bytes", max_bytes_),
            "ask for fewer columns, or for a part of a long value"};
  }

  // With the position that it has in the statement as it was sent.
  std::string error_in(ServerError error, std::size_t prefix) const {
    if (is_of_row_guard(error)) throw row_too_large();
    error.position =
        bound_.original_position(error.position - static_cast<int>(prefix), request_.sql);
    return error_answer(error);
  }

  KeptConnection& kept_;
  const Request& request_;
  const StatementFacts& facts_;
  std::size_t max_bytes_;
  bool* needs_change_;
  const Stop& stop_;
  BoundStatement bound_;
  sql::Description description_;  // where the server was asked for it
  bool remembered_ = false;       // it was asked before, and has to say so again
  std::vector<CalledFunction> asked_;
  std::optional<sql::Statement> functions_;  // what asks
  std::string text_;                         // guarded, where that can be
  std::size_t prefix_ = 0;
};

}  // namespace

sql::TransactionLimits limits_of(const ReadOptions& options, const Stop& stop) {
  constexpr std::chrono::minutes kLongest{15};  // as long as a function may run
  return sql::transaction_limits(stop.remaining(), options.timeout.value_or(kLongest));
}

std::optional<ServerError> read(KeptConnection& kept, const sql::Group& statements,
                                const ReadOptions& options, const Stop& stop) {
  const bool was_kept = kept.kept();
  sql::Group group = sql::begin_read_only(limits_of(options, stop), options.row_security);
  Watched watched(statements.back().sink);
  group.insert(group.end(), statements.begin(), statements.end());
  if (statements.back().sink != nullptr) group.back().sink = &watched;
  const sql::Group end = {{"ROLLBACK", {}, nullptr}};
  std::vector<GroupOutcome> outcomes;
  try {
    outcomes = kept.get(stop).run({group, end}, stop);
  } catch (const Error& error) {
    kept.drop();
    const bool again = was_kept && !watched.answered && error.fault == Fault::kConnectionFailed;
    if (!again) throw;
    outcomes = kept.get(stop).run({group, end}, stop);
  } catch (...) {
    kept.drop();
    throw;
  }
  kept.used();
  const GroupOutcome& told = outcomes.front();
  const GroupOutcome& ended = outcomes.back();
  const bool only_read =
      std::all_of(told.tags.begin() + (told.tags.empty() ? 0 : 1), told.tags.end(), is_of_reading);
  if (!only_read || ended.error || ended.nothing_to_end || ended.state != TransactionState::kNone) {
    kept.drop();
    throw Error{Fault::kInternal, "the statement did not stay in its read-only transaction",
                "its result is not shown; the connection was closed"};
  }
  return told.error;
}

void finish_rows(sql::Connection& connection, TypeCache& types, AnswerRows& rows,
                 const Stop& stop) {
  if (rows.unknown_types().empty()) return;
  learn_types(connection, types, rows.unknown_types(), stop);
  rows.resolve();
}

std::string page_cursor(const PagedRead& read, std::size_t position) {
  return base64_encoded(fmt::format("{}.{}", position, checksum(read, position)));
}

std::size_t position_of(const std::string& cursor, const PagedRead& read) {
  const std::string text = base64_decoded(cursor).value_or("");
  std::size_t position = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (failure == std::errc{} && page_cursor(read, position) == cursor) return position;
  throw Error{Fault::kUsage, "the cursor does not belong to this statement",
              "send back the next_cursor of the page before, with the same statement and "
              "parameters, or none to begin again"};
}

std::string reading_answer(KeptConnection& kept, const Request& request,
                           const StatementFacts& facts, const ReadingLimits& limits,
                           const Stop& stop) {
  const auto answer = [&](bool may_remember) {
    Read read(kept, request, facts, limits, false, may_remember, stop);
    return request.max_rows ? read.page(*request.max_rows) : read.whole();
  };
  try {
    return answer(true);
  } catch (const NotAsRemembered&) {
    return answer(false);
  }
}

std::optional<std::string> stream_rows(KeptConnection& kept, const Request& request,
                                       const StatementFacts& facts, const ReadingLimits& limits,
                                       RowReceiver& rows, const Stop& stop) {
  return Read(kept, request, facts, limits, true, false, stop).stream(rows);
}

}  // namespace drift::sql_api
