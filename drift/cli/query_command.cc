#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/config/database_settings.h"
#include "drift/config/options.h"
#include "drift/query/asking.h"
#include "drift/query/confirmation.h"
#include "drift/query/named_parameters.h"
#include "drift/query/row_writer.h"
#include "drift/query/shown_parameters.h"
#include "drift/sql/database_location.h"
#include "drift/sql_api/request.h"
#include "drift/sql_api/script.h"

namespace drift::cli {
namespace {

using query::Action;
using query::Form;
using query::kFailed;

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
           "--file names a file with statements");
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

// What the call asks for: one thing, or the statements of a file, each on its own.
struct Call {
  std::vector<query::Request> requests;
  std::vector<std::size_t> lines;  // where each statement of several begins in its file, from 1
  bool several_at_once = false;    // changes that are one transaction
};

// Those of a file. A word is one statement, so that nothing that a script pastes into it becomes a
// second one.
std::vector<sql_api::ScriptStatement> statements_in(const std::string& text, bool of_file) {
  std::vector<sql_api::ScriptStatement> script;
  try {
    if (of_file) script = sql_api::script_statements(text);
  } catch (const Error&) {
    // Whoever reads it as a statement says what is wrong.
  }
  if (script.size() < 2) return {{text, 0}};
  return script;
}

void bind_values(Call& asked, const std::vector<std::string>& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!is_utf8(params[i])) refuse(fmt::format("--param {} is not UTF-8", i + 1), "");
  }
  std::vector<std::string> statements;
  for (const query::Request& request : asked.requests) statements.push_back(request.statement);
  std::vector<query::NamedStatement> bound = query::bind_params(statements, params);
  for (std::size_t i = 0; i < bound.size(); ++i) {
    query::Request& request = asked.requests[i];
    request.written = std::exchange(request.statement, std::move(bound[i].text));
    request.params = std::move(bound[i].values);
    request.shifts = std::move(bound[i].shifts);
  }
}

// `words` are those without dashes: a statement, "-", or tables, schema NAME, count NAME, version.
// A statement may also come from --file or, where nothing is named and it is no terminal, from
// standard input.
Call read_query_words(const config::Options& call, const std::vector<std::string>& words) {
  Call asked;
  query::Request request;
  const bool mutate = call.mutate.value_or(false) || call.dry_run.value_or(false);
  for (const NamedAction& known : kActions) {
    if (words.empty() || call.file || words.front() != known.name) continue;
    const std::size_t expected = known.of_table ? 2 : 1;
    if (words.size() != expected) {
      refuse(known.of_table ? fmt::format("{} needs the name of one table", known.name)
                            : fmt::format("{} takes no further word", known.name),
             fmt::format("schema-drift query {}{}", known.name, known.of_table ? " NAME" : ""));
    }
    if (mutate || call.param) {
      const char* option = !mutate ? "--param" : call.mutate ? "--mutate" : "--dry-run";
      refuse(fmt::format("{} goes with no {}", option, known.name), "it belongs to a statement");
    }
    request.action = known.action;
    if (known.of_table) {
      request.table = words[1];
      if (!is_utf8(request.table)) refuse("the name of the table is not UTF-8", "");
    }
    asked.requests.push_back(std::move(request));
    return asked;
  }
  request.action = call.dry_run.value_or(false) ? Action::kDryRun
                   : mutate                     ? Action::kMutate
                                                : Action::kQuery;
  const std::string text = statement_of(call, words);
  require_statement(text);
  const bool of_file = call.file || words.empty() || words.front() == "-";
  auto statements = statements_in(text, of_file);
  asked.several_at_once = mutate && statements.size() > 1;
  if (asked.several_at_once) {
    if (call.param) {
      refuse("--param goes with no file of several changes",
             "put the values into the statements, or give one statement a call");
    }
    statements = {{text, 0}};
  }
  for (sql_api::ScriptStatement& statement : statements) {
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(statement.begin);
    asked.lines.push_back(1 + static_cast<std::size_t>(std::count(text.begin(), begin, '\n')));
    request.statement = std::move(statement.text);
    asked.requests.push_back(request);
  }
  bind_values(asked, call.param.value_or(std::vector<std::string>{}));
  return asked;
}

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
  if (name == "expanded") return Form::kExpanded;
  throw config::unknown_choice("--format", name, "give table, expanded, json, csv or ndjson");
}

const config::Options& one_target(const config::Resolved& resolved) {
  if (resolved.targets.size() == 1) return resolved.targets.front();
  throw Error{Fault::kUsage, "the configuration has several targets", "name one with --target"};
}

std::string shown_database(const sql::DatabaseSettings& database) {
  return database.location.empty() ? database.proxy_endpoint
                                   : sql::shown_location(database.location);
}

// The words and what they are asked of.
class Run {
 public:
  Run(const Context& context, const config::Options& call, Call asked)
      : context_(context), call_(call), asked_(std::move(asked)) {}

  int run();

 private:
  bool confirmed(const query::Asking& asking, const query::Request& request,
                 const std::string& where, int& code) const;
  int ask_all(const query::Asking& asking) const;

  const Context& context_;
  const config::Options& call_;
  Call asked_;
};

// Whether the change may be made; else `code` is what to end with.
bool Run::confirmed(const query::Asking& asking, const query::Request& request,
                    const std::string& where, int& code) const {
  if (call_.yes.value_or(false)) return true;
  const query::Confirmation confirmation;
  const query::Trial trial = query::try_change(asking, request, *context_.stop);
  code = trial.failed.value_or(kFailed);
  if (trial.failed) return false;
  if (confirmation.ask(query::shown_to_confirm(request), where, trial.sentence, *context_.stop)) {
    return true;
  }
  write_fully(2, "not run\n");
  return false;
}

int Run::ask_all(const query::Asking& asking) const {
  int code = query::kDone;
  for (std::size_t i = 0; i < asked_.requests.size(); ++i) {
    const int one = query::ask_and_print(asking, asked_.requests[i], *context_.stop);
    if (one != query::kDone) code = one;
    if (one == query::kDone || one == query::kPagesMayDiffer) continue;
    if (asked_.requests.size() > 1) {
      write_fully(2, fmt::format("  statement {} of {}, in line {}; those behind it were not run\n",
                                 i + 1, asked_.requests.size(), asked_.lines[i]));
    }
    return one;
  }
  return code;
}

int Run::run() {
  const config::Options& options = one_target(context_.resolved);
  const Form form = form_of(context_.resolved.run);
  const Action action = asked_.requests.front().action;
  const bool changes = action == Action::kMutate || action == Action::kDryRun;
  config::SqlApiSettings settings = config::query_settings(options, changes);
  if (asked_.several_at_once) settings.handler.allow_scripts = true;
  // Threads of an exchange that is given up may outlive this call.
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const auto door =
      query::open_door(settings.handler, aws.source(settings.role), clock, context_.log);
  const query::Asking asking{*door,
                             *context_.log,
                             {form, wants_colour(1), ::isatty(1) == 1},
                             config::page_rows(context_.resolved.run),
                             print,
                             [](std::string_view text) { write_fully(2, text); }};
  if (changes) {
    query::Request& change = asked_.requests.front();
    change.actor = user_at_host();
    int code = kFailed;
    const std::string where = shown_database(settings.handler.database);
    if (action == Action::kMutate && !confirmed(asking, change, where, code)) return code;
  }
  return ask_all(asking);
}

// Nothing is asked, and there is somebody to ask for it.
bool begins_session(const Context& context, const config::Options& call,
                    const std::vector<std::string>& words) {
  return context.run_session != nullptr && words.empty() && !call.file && ::isatty(0) == 1 &&
         ::isatty(1) == 1;
}

// What the prompt calls the database.
std::string name_of(const sql::DatabaseSettings& database) {
  if (database.location.empty()) return database.database_name;
  const sql::DatabaseLocation location = sql::database_location(database.location);
  if (location.kind == sql::LocationKind::kPostgres) {
    const std::string name =
        database.dbname.empty() ? sql::database_name(database.location) : database.dbname;
    if (!name.empty()) return name;
  }
  return location.kind == sql::LocationKind::kFunction ? location.name : "sql";
}

int run_session(const Context& context, const config::Options& call) {
  for (const auto& [given, option] :
       {std::pair{call.param.has_value(), "--param"}, std::pair{call.yes.value_or(false), "--yes"},
        std::pair{call.dry_run.value_or(false), "--dry-run"}}) {
    if (given) refuse(fmt::format("{} needs a statement", option), kOneStatement);
  }
  const config::Options& options = one_target(context.resolved);
  const Form form = form_of(context.resolved.run);
  const bool changes = call.mutate.value_or(false);
  const config::SqlApiSettings settings = config::query_settings(options, changes);
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  const auto door =
      query::open_door(settings.handler, aws.source(settings.role), clock, context.log);
  return context.run_session({*door,
                              *context.log,
                              {form, wants_colour(1), true},
                              config::page_rows(context.resolved.run),
                              shown_database(settings.handler.database),
                              name_of(settings.handler.database),
                              user_at_host(),
                              changes,
                              settings.handler.allow_ddl,
                              settings.invocation_timeout,
                              config::state_folder()});
}

}  // namespace

int run_query(const Context& context, const config::Options& call,
              const std::vector<std::string>& words) {
  if (begins_session(context, call, words)) return run_session(context, call);
  try {
    return Run(context, call, read_query_words(call, words)).run();
  } catch (const ReaderGone&) {
    return kReaderGone;
  }
}

}  // namespace drift::cli
