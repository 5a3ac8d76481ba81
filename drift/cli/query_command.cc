#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/config/database_settings.h"
#include "drift/config/options.h"
#include "drift/query/confirmation.h"
#include "drift/query/door.h"
#include "drift/query/keyset.h"
#include "drift/query/refusal.h"
#include "drift/query/row_page.h"
#include "drift/query/row_writer.h"
#include "drift/query/shown_parameters.h"
#include "drift/sql/api_client_answer.h"
#include "drift/sql/database_location.h"
#include "drift/sql_api/request.h"

namespace drift::cli {
namespace {

using query::Action;
using query::Form;

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
  throw Error{Fault::kUsage, what, hint};
}

constexpr const char* kOneStatement = "give one statement: schema-drift query 'SELECT ...'";

// All of it, or more bytes than a statement may have, of which a character takes four at most.
std::string text_of(int fd, const std::string& name) {
  std::string text;
  std::array<char, 64u << 10> piece;
  while (text.size() <= 4 * sql_api::kMaxSqlCharacters) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) refuse("interrupted while reading " + name, "nothing was run");
    if (got < 0) refuse(fmt::format("cannot read {}: {}", name, std::strerror(errno)), "");
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string text_of_file(const std::string& path) {
  if (path == "-") return text_of(0, "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    refuse(fmt::format("cannot read {}: {}", printable(path), std::strerror(errno)),
           "--file names a file with one statement");
  }
  std::string text;
  try {
    text = text_of(fd, printable(path));
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);
  return text;
}

std::string statement_of(const config::Options& call, const std::vector<std::string>& words) {
  if (call.file) {
    if (!words.empty())
      refuse("a statement was given twice: in a file and as a word", kOneStatement);
    return text_of_file(*call.file);
  }
  if (words.size() > 1) {
    refuse(fmt::format("query was given {} words", words.size()),
           "put the statement in quotation marks: schema-drift query 'SELECT ...'");
  }
  if (words.empty()) {
    if (::isatty(0) == 1) refuse("no statement was given", kOneStatement);
    return text_of(0, "standard input");
  }
  return words.front() == "-" ? text_of(0, "standard input") : words.front();
}

void require_statement(const std::string& statement) {
  if (statement.find_first_not_of(" \t\r\n") == std::string::npos) {
    refuse("the statement is empty", kOneStatement);
  }
  if (characters(statement) > sql_api::kMaxSqlCharacters) {
    refuse(fmt::format("the statement is longer than {} characters", sql_api::kMaxSqlCharacters),
           "the SQL API takes no longer one");
  }
  if (const std::size_t at = first_invalid_utf8(statement); at != std::string_view::npos) {
    refuse(fmt::format("the statement is not UTF-8 (at byte {})", at + 1),
           "convert it: iconv -f LATIN1 -t UTF-8");
  }
}

struct NamedAction {
  std::string_view name;
  Action action;
  bool of_table;
};
constexpr std::array<NamedAction, 4> kActions = {{{"tables", Action::kTables, false},
                                                  {"schema", Action::kSchema, true},
                                                  {"count", Action::kCount, true},
                                                  {"version", Action::kVersion, false}}};

// `words` are those without dashes: a statement, "-", or tables, schema NAME, count NAME, version.
// A statement may also come from --file or, where nothing is named and it is no terminal, from
// standard input.
query::Request read_query_words(const config::Options& call,
                                const std::vector<std::string>& words) {
  query::Request request;
  const bool mutate = call.mutate.value_or(false);
  for (const NamedAction& known : kActions) {
    if (words.empty() || call.file || words.front() != known.name) continue;
    const std::size_t expected = known.of_table ? 2 : 1;
    if (words.size() != expected) {
      refuse(known.of_table ? fmt::format("{} needs the name of one table", known.name)
                            : fmt::format("{} takes no further word", known.name),
             fmt::format("schema-drift query {}{}", known.name, known.of_table ? " NAME" : ""));
    }
    if (mutate || call.param) {
      refuse(fmt::format("{} goes with no {}", mutate ? "--mutate" : "--param", known.name),
             "it belongs to a statement");
    }
    request.action = known.action;
    if (known.of_table) {
      request.table = words[1];
      if (!is_utf8(request.table)) refuse("the name of the table is not UTF-8", "");
    }
    return request;
  }
  request.action = mutate ? Action::kMutate : Action::kQuery;
  request.statement = statement_of(call, words);
  require_statement(request.statement);
  request.params = call.param.value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < request.params.size(); ++i) {
    if (!is_utf8(request.params[i])) refuse(fmt::format("--param {} is not UTF-8", i + 1), "");
  }
  return request;
}

using Answer = sql::ApiAnswer;
using Refusal = sql::ApiRefusal;

// Of pages that nobody asked for: a page ends before the answer is too large, so this need not.
constexpr std::size_t kPageRows = 100'000;
constexpr int kFailed = 1;
constexpr int kUnreachable = 2;
constexpr int kPagesMayDiffer = 4;
constexpr int kReaderGone = 141;  // 128 + SIGPIPE: what the shell sees of others in that place

// Whoever read our output has gone (head, a pager), and wants no more.
struct ReaderGone {};

void print(std::string_view text) {
  if (!write_unless_closed(1, text)) throw ReaderGone{};
}

Form form_of(const config::Options& options) {
  const std::string name = options.format.value_or("table");
  if (name == "table" || name == "text") return Form::kTable;
  if (name == "json") return Form::kJson;
  if (name == "csv") return Form::kCsv;
  if (name == "ndjson") return Form::kNdjson;
  throw config::unknown_choice("--format", name, "give table, json, csv or ndjson");
}

const config::Options& one_target(const config::Resolved& resolved) {
  if (resolved.targets.size() == 1) return resolved.targets.front();
  throw Error{Fault::kUsage, "the configuration has several targets", "name one with --target"};
}

std::string shown_database(const sql::DatabaseSettings& database) {
  return database.location.empty() ? database.proxy_endpoint
                                   : sql::shown_location(database.location);
}

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

class Query {
 public:
  Query(const Context& context, const config::Options& call, query::Request request)
      : context_(context), call_(call), request_(std::move(request)) {}

  int run();

 private:
  bool can_be_paged() const { return request_.action == Action::kQuery && request_.page_rows == 0; }
  bool changes() const { return request_.action == Action::kMutate; }
  std::variant<Answer, Refusal> ask(query::Door& door) const;
  void seek_key(query::Door& door);
  int print_pages(query::Door& door, query::RowWriter& writer);
  int print_stream(query::Door& door, query::RowWriter& writer);
  int fail(Refusal refusal) const;
  void print_affected(const Answer& answer, query::RowWriter& writer) const;

  const Context& context_;
  const config::Options& call_;
  query::Request request_;
  Form form_ = Form::kTable;
  std::optional<query::Keyset> keyset_;  // where pages go on behind a key
};

std::variant<Answer, Refusal> Query::ask(query::Door& door) const {
  std::variant<std::string, Refusal> told;
  try {
    told = door.ask(query::request_json(request_), changes(), *context_.stop);
  } catch (const Error& error) {
    if (changes()) throw_outcome_unknown(error);
    throw;
  }
  if (auto* refusal = std::get_if<Refusal>(&told)) {
    if (changes()) {
      refusal->hint =
          "it is not known whether the statement was carried out: look at the data or at the audit "
          "log before running it again";
    }
    return std::move(*refusal);
  }
  return sql::read_api_answer(std::get<std::string>(told));
}

int Query::fail(Refusal refusal) const {
  write_fully(2, query::refusal_text(refusal, request_.statement));
  return query::is_unreachable(refusal) ? kUnreachable : kFailed;
}

void Query::print_affected(const Answer& answer, query::RowWriter& writer) const {
  const std::string& rows = *answer.affected_rows;
  if (form_ == Form::kTable) {
    print(fmt::format("({} row{} affected)\n", rows, rows == "1" ? "" : "s"));
  } else if (answer.columns.empty()) {
    Answer alone;
    alone.columns = {"affected_rows"};
    alone.rows.push_back({{sql::JsonValue::Kind::kNumber, rows, {}, {}}});
    writer.write(query::AnswerPage(alone));
    writer.finish(1);
  }
}

void Query::seek_key(query::Door& door) {
  if (!request_.params.empty()) return;
  keyset_ = query::find_keyset(door, request_.statement, *context_.stop);
  if (keyset_) request_.statement = query::page_statement(*keyset_, true);
}

int Query::print_pages(query::Door& door, query::RowWriter& writer) {
  if (request_.page_rows > 0) seek_key(door);
  std::size_t rows = 0;
  for (;;) {
    auto told = ask(door);
    if (auto* refusal = std::get_if<Refusal>(&told)) {
      if (!query::is_too_large(*refusal) || !can_be_paged()) return fail(std::move(*refusal));
      // Each page is a statement of its own.
      context_.log->warning(
          "the rows are more than one answer of the function holds: they are read in pages, each "
          "of "
          "which sees the table as it is then");
      request_.page_rows = kPageRows;
      seek_key(door);
      continue;
    }
    const Answer& answer = std::get<Answer>(told);
    rows += answer.rows.size();
    const bool has_rows = !answer.columns.empty() || !answer.affected_rows;
    if (has_rows) writer.write(query::AnswerPage(answer));
    if (!answer.cut_off.empty()) {
      return fail(
          {fmt::format("the SQL API answered only a part of the rows ({} is set)", answer.cut_off),
           "", "", "", "raise the number of rows that the function returns", 0});
    }
    if (answer.next_cursor.empty()) {
      if (has_rows) writer.finish(rows);
      if (answer.affected_rows) print_affected(answer, writer);
      if (request_.cursor.empty()) return 0;
      context_.log->warning(
          "the pages may not agree: rows that others inserted or deleted in between move those "
          "behind them, which are then missing or twice; a direct connection reads all rows of one "
          "moment");
      return kPagesMayDiffer;
    }
    if (keyset_ && !answer.rows.empty()) {
      if (auto key = query::last_key(*keyset_, answer)) {
        request_.params = *std::move(key);
        request_.statement = query::page_statement(*keyset_, false);
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

// Prints rows while they arrive.
class Printing : public sql_api::RowReceiver {
 public:
  // Pages of so many bytes, and at most so many rows.
  Printing(query::RowWriter& writer, std::size_t page_bytes, std::size_t page_rows)
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

  query::RowWriter& writer_;
  std::size_t page_bytes_, page_rows_;
  query::CellPage page_;
  std::size_t rows_ = 0;
  bool begun_ = false;
};

int Query::print_stream(query::Door& door, query::RowWriter& writer) {
  // The columns of a table are as wide as its first page needs.
  const std::size_t page_rows = std::exchange(request_.page_rows, 0);
  Printing rows(writer, form_ == Form::kTable ? 4u << 20 : 64u << 10,
                page_rows > 0 ? page_rows : SIZE_MAX);
  if (auto refusal = door.stream(query::request_json(request_), rows, *context_.stop)) {
    return fail(*std::move(refusal));
  }
  rows.finish();
  return 0;
}

int Query::run() {
  const config::Options& options = one_target(context_.resolved);
  form_ = form_of(context_.resolved.run);
  request_.page_rows = config::page_rows(context_.resolved.run);
  const config::SqlApiSettings settings = config::query_settings(options, changes());
  // Threads of an exchange that is given up may outlive this call.
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const auto door =
      query::open_door(settings.handler, aws.source(settings.role), clock, context_.log);
  if (changes()) {
    request_.actor = user_at_host();
    if (!call_.yes.value_or(false) &&
        !query::confirmed(query::with_parameters(request_.statement, request_.params),
                          shown_database(settings.handler.database), *context_.stop)) {
      write_fully(2, "not run\n");
      return kFailed;
    }
  }
  const bool terminal = ::isatty(1) == 1;
  const auto writer = query::make_row_writer({form_, wants_colour(1), terminal}, print);
  return request_.action == Action::kQuery && door->streams() ? print_stream(*door, *writer)
                                                              : print_pages(*door, *writer);
}

}  // namespace

int run_query(const Context& context, const config::Options& call,
              const std::vector<std::string>& words) {
  try {
    return Query(context, call, read_query_words(call, words)).run();
  } catch (const ReaderGone&) {
    return kReaderGone;
  }
}

}  // namespace drift::cli
