#include "drift/shell/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/query/asking.h"
#include "drift/query/confirmation.h"
#include "drift/query/named_parameters.h"
#include "drift/query/refusal.h"
#include "drift/query/shown_parameters.h"
#include "drift/shell/history_file.h"
#include "drift/shell/interrupts.h"
#include "drift/shell/line_editor.h"
#include "drift/shell/paged_output.h"
#include "drift/shell/statement_buffer.h"
#include "drift/shell/table_details.h"
#include "drift/shell/table_names.h"
#include "drift/sql_api/statement.h"

namespace drift::shell {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kHelp =
    "A statement ends with a semicolon, and may have several lines; Ctrl-C cancels it.\n"
    "  \\d            tables and views        \\d NAME       one of them: columns, keys, indexes\n"
    "  \\dt           tables and views        \\i FILE       the statements of a file, in turn\n"
    "  \\x            a line for each value   \\timing       how long each statement takes\n"
    "  \\set N VALUE  what stands for :N      \\unset N      takes it back\n"
    "  \\?            this                    \\q            ends the session, as does Ctrl-D\n";

constexpr std::chrono::seconds kCompletionTime{2};
constexpr std::chrono::seconds kNamesAge{60};

void print_error(std::string_view text) { write_fully(2, text); }

void print_error(const Error& error) {
  print_error(query::refusal_text({error.what(), "", "", "", error.hint, 0}, ""));
}

class Running {
 public:
  explicit Running(const Session& session)
      : session_(session),
        writer_(session.writer),
        history_(session.state_folder),
        editor_([this](std::string_view before, std::string_view after) {
          return complete(buffer_.text(), before, after, names());
        }) {
    if (writer_.form != query::Form::kExpanded) plain_ = writer_.form;
    for (const std::string& line : history_.lines()) editor_.remember(line);
  }

  int run() {
    if (const int code = greet(); code != query::kDone) return code;
    while (!over_ && !Interrupts::ended()) {
      Stop stop;
      TypedLine line;
      {
        const InterruptedBy interrupted{stop};
        const char* mark = buffer_.empty() ? "=> " : "-> ";
        line = editor_.read(printable(session_.name) + mark, stop);
      }
      switch (line.how) {
        case TypedLine::How::kLine: take(line.text); break;
        case TypedLine::How::kEndOfInput:
          write_fully(1, "\n");
          over_ = true;
          break;
        case TypedLine::How::kInterrupted:
          buffer_.clear();
          typed_.clear();
          break;
      }
    }
    return query::kDone;
  }

 private:
  int greet() {
    std::string version;
    query::Request request;
    request.action = query::Action::kVersion;
    Stop stop;
    const InterruptedBy interrupted{stop};
    const Stop part{session_.timeout, stop};
    const auto told = session_.door.ask(query::request_json(request), false, part);
    const auto answer =
        std::holds_alternative<std::string>(told)
            ? sql::read_api_answer(std::get<std::string>(told))
            : std::variant<sql::ApiAnswer, sql::ApiRefusal>(std::get<sql::ApiRefusal>(told));
    if (const auto* refusal = std::get_if<sql::ApiRefusal>(&answer)) {
      print_error(query::refusal_text(*refusal, ""));
      if (query::is_unreachable(*refusal)) return query::kUnreachable;
    } else {
      const auto& rows = std::get<sql::ApiAnswer>(answer).rows;
      if (!rows.empty() && !rows.front().empty()) version = rows.front().front().text;
    }
    version = version.substr(0, version.find(" on "));
    write_fully(1,
                fmt::format("{}{}{}\n{} \\? lists commands.\n", printable(session_.where),
                            version.empty() ? "" : ", ", printable(version),
                            session_.changes ? "Changes are tried, and made after a yes."
                                             : "Statements only read; --mutate lets changes in."));
    return query::kDone;
  }

  void take(const std::string& line) {
    if (trimmed(line).empty() && buffer_.empty()) return;
    editor_.remember(line);
    typed_.push_back(line);
    const std::string_view word = trimmed(line);
    if (word.starts_with('\\') && (buffer_.empty() || !buffer_.inside_quotes())) {
      guarded(false, [&](const Stop& stop) { command(word, stop); });
      remember();
      return;
    }
    if (buffer_.empty() && (word == "quit" || word == "exit")) {
      over_ = true;
      return;
    }
    for (const std::string& statement : buffer_.add(line)) {
      if (!guarded(timing_, [&](const Stop& stop) { ask(statement, stop); })) break;
    }
    if (buffer_.empty()) remember();
  }

  void remember() {
    const std::string why = history_.add(std::exchange(typed_, {}));
    if (why.empty() || std::exchange(told_of_history_, true)) return;
    session_.log.warning("what is typed is not remembered: " + why);
  }

  // Does it until Ctrl-C; what fails is printed.
  template <typename Doing>
  bool guarded(bool timed, Doing doing) {
    Stop stop;
    const InterruptedBy interrupted{stop};
    const auto begin = steady_clock::now();
    try {
      doing(stop);
    } catch (const PagerLeft&) {
      return false;
    } catch (const Error& error) {
      print_error(error);
      return false;
    }
    const std::chrono::duration<double, std::milli> took = steady_clock::now() - begin;
    if (timed) write_fully(1, fmt::format("Time: {:.3f} ms\n", took.count()));
    return true;
  }

  query::Asking asking(PagedOutput& output) const {
    return {session_.door,
            session_.log,
            writer_,
            session_.page_rows,
            [&output](std::string_view text) { output.write(text); },
            [&output](std::string_view text) {
              output.finish();
              print_error(text);
            }};
  }

  void ask_and_page(query::Request request, const Stop& stop,
                    std::optional<query::Form> form = {}) {
    PagedOutput output;
    const Stop part{session_.timeout, stop};
    query::Asking asked = asking(output);
    asked.writer.form = form.value_or(writer_.form);
    query::ask_and_print(asked, std::move(request), part);
    output.finish();
  }

  // False where changes are allowed and only one can carry the statement out.
  bool read(const query::Request& request, const Stop& stop) {
    bool only_change = false;
    PagedOutput output;
    const Stop part{session_.timeout, stop};
    query::Asking asked = asking(output);
    asked.takes = [&](const sql::ApiRefusal& refusal) {
      only_change = session_.changes && query::needs_change(refusal);
      return only_change;
    };
    query::ask_and_print(asked, request, part);
    output.finish();
    return !only_change;
  }

  query::Request request_of(const std::string& statement) const {
    query::Request request;
    query::NamedStatement bound = query::bind_names(statement, values_, "\\set {} VALUE");
    request.statement = std::move(bound.text);
    request.params = std::move(bound.values);
    request.shifts = std::move(bound.shifts);
    request.written = statement;
    return request;
  }

  void ask(const std::string& statement, const Stop& stop) {
    query::Request request = request_of(statement);
    bool changes = false;
    try {
      changes = sql_api::statement_facts(request.statement, session_.definitions).kind !=
                sql_api::StatementKind::kRead;
    } catch (const Error&) {
      // Whoever is asked refuses it, too, and says so.
    }
    if (!changes) {
      if (!read(request, stop)) change(std::move(request), stop);
      return;
    }
    if (!session_.changes) {
      throw Error{Fault::kUnsupported,
                  "the statement changes something, and this session only reads",
                  "schema-drift query --mutate begins one that asks before each change"};
    }
    change(std::move(request), stop);
  }

  void change(query::Request request, const Stop& stop) {
    request.action = query::Action::kMutate;
    request.actor = session_.actor;
    const query::Confirmation confirmation;
    PagedOutput output;
    const query::Asking asked = asking(output);
    {
      const Stop part{session_.timeout, stop};
      const query::Trial trial = query::try_change(asked, request, part);
      if (trial.failed) return;
      if (!confirmation.ask(query::shown_to_confirm(request), session_.where, trial.sentence,
                            stop)) {
        write_fully(1, "not run\n");
        return;
      }
    }
    const Stop part{session_.timeout, stop};
    query::ask_and_print(asked, std::move(request), part);
    output.finish();
    names_at_ = {};
  }

  void command(std::string_view text, const Stop& stop) {
    const std::size_t blank = std::min(text.find_first_of(" \t"), text.size());
    std::string_view name = text.substr(0, blank);
    std::string argument(trimmed(text.substr(blank)));
    while (argument.ends_with(';')) argument.pop_back();
    if (name.ends_with(';')) name.remove_suffix(1);
    if (name == "\\q") {
      over_ = true;
    } else if (name == "\\?") {
      write_fully(1, kHelp);
    } else if (name == "\\x") {
      const bool expanded = writer_.form == query::Form::kExpanded;
      writer_.form = expanded ? plain_ : query::Form::kExpanded;
      write_fully(1, fmt::format("Expanded display is {}.\n", expanded ? "off" : "on"));
    } else if (name == "\\timing") {
      timing_ = !timing_;
      write_fully(1, fmt::format("Timing is {}.\n", timing_ ? "on" : "off"));
    } else if (name == "\\dt" || (name == "\\d" && argument.empty())) {
      query::Request request;
      request.action = query::Action::kTables;
      ask_and_page(std::move(request), stop, query::Form::kTable);
    } else if (name == "\\d") {
      PagedOutput output;
      const Stop part{session_.timeout, stop};
      query::Asking of_table = asking(output);
      of_table.writer.form = query::Form::kTable;
      describe_table(of_table, argument, part);
      output.finish();
    } else if (name == "\\i") {
      run_file(argument, stop);
    } else if (name == "\\set") {
      set(argument);
    } else if (name == "\\unset") {
      values_.erase(argument);
    } else {
      throw Error{Fault::kUsage, fmt::format("unknown command {}", shortened(name)),
                  "\\? lists those that there are"};
    }
  }

  void set(const std::string& argument) {
    const std::size_t blank = std::min(argument.find_first_of(" \t"), argument.size());
    const std::string name = argument.substr(0, blank);
    if (name.empty()) {
      for (const auto& [known, value] : values_) {
        write_fully(1, fmt::format("{} = {}\n", printable(known), printable(value)));
      }
      return;
    }
    values_[name] = std::string(trimmed(std::string_view(argument).substr(blank)));
  }

  void run_file(const std::string& path, const Stop& stop) {
    if (path.empty()) throw Error{Fault::kUsage, "\\i needs the name of a file", "\\i FILE"};
    const auto text = whole_file(path);
    if (!text) {
      throw Error{Fault::kUsage, fmt::format("cannot read {}", printable(path)),
                  "\\i names a file with statements"};
    }
    StatementBuffer file;
    for (const std::string& statement : file.add(*text + "\n;")) {
      stop.check("running the statements of a file");
      ask(statement, stop);
    }
    if (!file.empty()) {
      throw Error{Fault::kUsage,
                  fmt::format("{} ends inside of a quote or a comment", printable(path)),
                  "nothing of it was run"};
    }
  }

  const std::vector<TableName>& names() {
    const auto now = steady_clock::now();
    if (!names_at_ || now - *names_at_ > kNamesAge) {
      const Stop stop{kCompletionTime};
      names_ = table_names(session_.door, stop);
      names_at_ = steady_clock::now();
    }
    return names_;
  }

  const Session& session_;
  query::WriterSettings writer_;
  query::Form plain_ = query::Form::kTable;  // what \x goes back to
  StatementBuffer buffer_;
  std::vector<std::string> typed_;  // the lines of what waits in the buffer
  HistoryFile history_;
  std::map<std::string, std::string> values_;  // of \set
  std::vector<TableName> names_;
  std::optional<steady_clock::time_point> names_at_;
  LineEditor editor_;
  bool timing_ = false, over_ = false, told_of_history_ = false;
};

}  // namespace

int run_session(const Session& session) {
  const Interrupts interrupts;
  return Running(session).run();
}

}  // namespace drift::shell
