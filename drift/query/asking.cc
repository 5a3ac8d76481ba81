#include "drift/query/asking.h"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/query/keyset.h"
#include "drift/query/refusal.h"
#include "drift/query/row_page.h"
#include "drift/sql/api_client_answer.h"

namespace drift::query {
namespace {

using Answer = sql::ApiAnswer;
using Refusal = sql::ApiRefusal;

// Of pages that nobody asked for: a page ends before the answer is too large, so this need not.
constexpr std::size_t kPageRows = 100'000;

constexpr const char* kLook =
    "it is not known whether the statement was carried out: look at the data or at the audit log "
    "before running it again";

// What was sent and not answered may have been done. "nothing was changed" would be a guess.
[[noreturn]] void throw_outcome_unknown(const Error& error) {
  const bool answered_5xx = error.fault == Fault::kAwsFailed &&
                            std::string_view(error.what()).find("HTTP 5") != std::string_view::npos;
  if (error.fault != Fault::kHttpFailed && error.fault != Fault::kTimedOut &&
      error.fault != Fault::kInterrupted && !answered_5xx) {
    throw error;
  }
  throw Error{
      error.fault,
      fmt::format("{}; it is not known whether the statement was carried out", error.what()),
      "look at the data or at the audit log before running it again"};
}

std::variant<Answer, Refusal> asked(Door& door, const Request& request, const Stop& stop) {
  const bool changes = request.action == Action::kMutate;
  std::variant<std::string, Refusal> told;
  try {
    told = door.ask(request_json(request), changes, stop);
  } catch (const Error& error) {
    if (changes) throw_outcome_unknown(error);
    throw;
  }
  if (auto* refusal = std::get_if<Refusal>(&told)) {
    if (changes) refusal->hint = kLook;
    return std::move(*refusal);
  }
  return sql::read_api_answer(std::get<std::string>(told));
}

int fail(const Asking& asking, const Request& request, Refusal refusal) {
  if (asking.takes && asking.takes(refusal)) return kFailed;
  refusal.position = original_position(request.shifts, refusal.position);
  asking.errors(
      refusal_text(refusal, request.written.empty() ? request.statement : request.written));
  return is_unreachable(refusal) ? kUnreachable : kFailed;
}

// Prints rows while they arrive.
class Printing : public sql_api::RowReceiver {
 public:
  // Pages of so many bytes, and at most so many rows.
  Printing(RowWriter& writer, std::size_t page_bytes, std::size_t page_rows)
      : writer_(writer), page_bytes_(page_bytes), page_rows_(page_rows) {}

  void columns(const std::vector<sql::Column>& columns,
               const std::vector<sql_api::ValueType>& types) override {
    page_.begin(columns, types);
    begun_ = true;
  }
  void row(const std::vector<sql::Cell>& row) override {
    page_.add(row);
    ++rows_;
    if (page_.bytes() >= page_bytes_ || page_.rows() >= page_rows_) flush();
  }
  void finish() {
    if (!begun_) return;
    if (page_.rows() > 0 || rows_ == 0) flush();
    writer_.finish(rows_);
  }

 private:
  void flush() {
    writer_.write(page_);
    page_.clear();
  }

  RowWriter& writer_;
  std::size_t page_bytes_, page_rows_;
  CellPage page_;
  std::size_t rows_ = 0;
  bool begun_ = false;
};

class Exchange {
 public:
  Exchange(const Asking& asking, Request request, const Stop& stop)
      : asking_(asking),
        request_(std::move(request)),
        stop_(stop),
        writer_(make_row_writer(asking.writer, asking.output)) {}

  int run() {
    const bool streams = request_.action == Action::kQuery && asking_.door.streams();
    return streams ? print_stream() : print_pages();
  }

 private:
  int print_stream();
  int print_pages();
  void seek_key();
  void print_affected(const Answer& answer);

  const Asking& asking_;
  Request request_;
  const Stop& stop_;
  std::unique_ptr<RowWriter> writer_;
  std::optional<Keyset> keyset_;  // where pages go on behind a key
};

// {"affected_rows": null, "dry_run": true}: it went well, and PostgreSQL tells no number.
bool is_uncounted_trial(const Answer& answer) {
  return !answer.affected_rows && answer.columns == std::vector<std::string>{"dry_run"};
}

void Exchange::print_affected(const Answer& answer) {
  const bool known = answer.affected_rows.has_value();
  const std::string rows = answer.affected_rows.value_or("");
  const Form form = asking_.writer.form;
  if (form == Form::kTable || form == Form::kExpanded) {
    const bool tried = request_.action == Action::kDryRun;
    const char* what = tried ? "would be affected; it was taken back" : "affected";
    asking_.output(known ? fmt::format("({} row{} {})\n", rows, rows == "1" ? "" : "s", what)
                         : "(it runs, and how many rows are affected is not told; it was taken "
                           "back)\n");
  } else if (answer.columns.empty() || !known) {
    using Kind = sql::JsonValue::Kind;
    Answer alone;
    alone.columns = {"affected_rows"};
    alone.rows.push_back({{known ? Kind::kNumber : Kind::kNull, rows, {}, {}}});
    writer_->write(AnswerPage(alone));
    writer_->finish(1);
  }
}

void Exchange::seek_key() {
  if (!request_.params.empty()) return;
  keyset_ = find_keyset(asking_.door, request_.statement, stop_);
  if (keyset_) request_.statement = page_statement(*keyset_, true);
}

int Exchange::print_pages() {
  if (request_.action == Action::kQuery) request_.page_rows = asking_.page_rows;
  if (request_.page_rows > 0) seek_key();
  std::size_t rows = 0;
  for (;;) {
    auto told = asked(asking_.door, request_, stop_);
    if (auto* refusal = std::get_if<Refusal>(&told)) {
      const bool can_be_paged = request_.action == Action::kQuery && request_.page_rows == 0;
      if (!is_too_large(*refusal) || !can_be_paged) {
        return fail(asking_, request_, std::move(*refusal));
      }
      // Each page is a statement of its own.
      asking_.log.warning(
          "the rows are more than one answer of the function holds: they are read in pages, each "
          "of which sees the table as it is then");
      request_.page_rows = kPageRows;
      seek_key();
      continue;
    }
    const Answer& answer = std::get<Answer>(told);
    if (request_.action == Action::kDryRun && is_uncounted_trial(answer)) {
      print_affected(answer);
      return kDone;
    }
    rows += answer.rows.size();
    const bool has_rows = !answer.columns.empty() || !answer.affected_rows;
    if (has_rows) writer_->write(AnswerPage(answer));
    if (!answer.cut_off.empty()) {
      return fail(
          asking_, request_,
          {fmt::format("the SQL API answered only a part of the rows ({} is set)", answer.cut_off),
           "", "", "", "raise the number of rows that the function returns", 0});
    }
    if (answer.next_cursor.empty()) {
      if (has_rows) writer_->finish(rows);
      if (answer.affected_rows) print_affected(answer);
      if (request_.cursor.empty()) return kDone;
      asking_.log.warning(
          "the pages may not agree: rows that others inserted or deleted in between move those "
          "behind them, which are then missing or twice; a direct connection reads all rows of one "
          "moment");
      return kPagesMayDiffer;
    }
    if (keyset_ && !answer.rows.empty()) {
      if (auto key = last_key(*keyset_, answer)) {
        request_.params = *std::move(key);
        request_.statement = page_statement(*keyset_, false);
        continue;
      }
      keyset_.reset();
    }
    if (answer.next_cursor == request_.cursor) {
      throw Error{Fault::kSqlApiFailed, "the SQL API gave the same cursor twice",
                  "the rows that were printed are not all"};
    }
    request_.cursor = answer.next_cursor;
  }
}

int Exchange::print_stream() {
  // The columns of a table are as wide as its first page needs.
  const bool table = asking_.writer.form == Form::kTable;
  Printing rows(*writer_, table ? 4u << 20 : 64u << 10,
                asking_.page_rows > 0 ? asking_.page_rows : SIZE_MAX);
  if (auto refusal = asking_.door.stream(request_json(request_), rows, stop_)) {
    return fail(asking_, request_, *std::move(refusal));
  }
  rows.finish();
  return kDone;
}

// A function that does not know the request, and so has done nothing. The handler in this process
// knows it.
bool knows_no_dry_run(const Door& door, const Refusal& refusal) {
  return !door.streams() && refusal.sqlstate.empty() &&
         (refusal.type.empty() || refusal.type == "invalid_request");
}

}  // namespace

int ask_and_print(const Asking& asking, Request request, const Stop& stop) {
  return Exchange(asking, std::move(request), stop).run();
}

Trial try_change(const Asking& asking, Request request, const Stop& stop) {
  request.action = Action::kDryRun;
  auto told = asked(asking.door, request, stop);
  if (auto* refusal = std::get_if<Refusal>(&told)) {
    if (knows_no_dry_run(asking.door, *refusal)) {
      return {"How many rows it would change is not known: the function tries no change first.",
              {}};
    }
    return {"", fail(asking, request, std::move(*refusal))};
  }
  const auto& affected = std::get<Answer>(told).affected_rows;
  constexpr std::string_view kTaken =
      "Tried and taken back, but for values that sequences gave; others may change rows until "
      "then.";
  if (!affected)
    return {fmt::format("It runs; how many rows it changes is not told. {}", kTaken), {}};
  return {fmt::format("{} row{} would change. {}", *affected, *affected == "1" ? "" : "s", kTaken),
          {}};
}

}  // namespace drift::query
