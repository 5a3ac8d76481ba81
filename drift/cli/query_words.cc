#include "drift/cli/query_words.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/sql_api/request.h"

namespace drift::cli {
namespace {

using query::Action;

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
  throw Error{Fault::kUsage, what, hint};
}

constexpr const char* kOneStatement = "give one statement: schema-drift query 'SELECT ...'";

// All of it, or one byte more than a statement may have.
std::string text_of(int fd, const std::string& name) {
  std::string text;
  std::array<char, 64u << 10> piece;
  while (text.size() <= sql_api::kMaxSqlBytes) {
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
  if (statement.size() > sql_api::kMaxSqlBytes) {
    refuse(fmt::format("the statement is longer than {} bytes", sql_api::kMaxSqlBytes),
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

}  // namespace

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

}  // namespace drift::cli
