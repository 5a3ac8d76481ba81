#include "drift/query/refusal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/base/printable.h"
#include "drift/query/row_writer.h"

namespace drift::query {
namespace {

// Characters of the line that are shown before and behind the position.
constexpr std::size_t kBefore = 50;
constexpr std::size_t kBehind = 25;

// `count` characters from `at` on, or back from it.
std::size_t forward(std::string_view text, std::size_t at, std::size_t count) {
  while (count-- > 0 && at < text.size()) at += first_character(text.substr(at)).size;
  return std::min(at, text.size());
}

std::size_t back(std::string_view text, std::size_t at, std::size_t count) {
  while (count-- > 0 && at > 0) {
    --at;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  }
  return at;
}

// A tab would move the caret away from what it points at.
std::string without_tabs(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '\t', ' ');
  return printable(plain);
}

std::string place_text(std::string_view statement, std::size_t position) {
  const std::size_t at = forward(statement, 0, position - 1);
  const std::size_t previous = at == 0 ? std::string_view::npos : statement.rfind('\n', at - 1);
  const std::size_t begin = previous == std::string_view::npos ? 0 : previous + 1;
  const std::size_t end = std::min(statement.find('\n', at), statement.size());
  const auto number = 1 + std::count(statement.begin(),
                                     statement.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
  const std::size_t from = std::max(begin, back(statement, at, kBefore));
  const std::size_t to = std::min(end, forward(statement, at, kBehind));

  const std::string head = fmt::format("LINE {}: {}{}", number, from > begin ? "..." : "",
                                       without_tabs(statement.substr(from, at - from)));
  return fmt::format("{}{}{}\n{}^\n", head, without_tabs(statement.substr(at, to - at)),
                     to < end ? "..." : "", std::string(display_width(head), ' '));
}

// Each line of what the server says on a line of its own.
void append_note(std::string& text, std::string_view name, std::string_view note) {
  for (bool first = true; !note.empty(); first = false) {
    const std::size_t end = std::min(note.find('\n'), note.size());
    text += fmt::format("  {}{} {}\n", first ? std::string(name) : std::string(name.size(), ' '),
                        first ? ":" : " ", printable(note.substr(0, end)));
    note.remove_prefix(std::min(end + 1, note.size()));
  }
}

// What the hint of an answer, which speaks of the keys of a request, is called at a command line.
std::string_view at_a_command_line(std::string_view hint) {
  struct Hint {
    std::string_view said, meant;
  };
  constexpr std::array kHints = std::to_array<Hint>({
      {"send a change as {\"sql\": \"...\"}", "--mutate runs it as a change"},
      {"send it as {\"query\": \"...\"}", "leave --mutate out"},
      {"\"timeout_ms\" gives a statement more time, up to that of the function",
       "--timeout gives a statement more time, up to that of the function where one is asked"},
      {"\"row_security\": true in the request lets the policies choose the rows",
       "ask as a role from which no policy hides rows, or as one with BYPASSRLS"},
      {"--allow-mutations allows them, and writes each to the audit log",
       "the function that was asked allows none: --allow-mutations is an option of its own"},
      {"leave \"max_rows\" out", "leave --page-rows out"},
      {"send \"params\" as an object, or write %s", "write %s or $1: --param gives them in turn"},
      {"write $1, $2, ... where the values belong, without quotes around them",
       "--param gives the values of $1, $2, ... in turn, which stand there without quotes"},
      {"send one statement a request", "give one statement a call"},
      {"send one statement", "give one"},
      {"send values as parameters, and a list as one of them: = ANY ($1)",
       "give values with --param, and a list as one of them: = ANY ($1)"},
  });
  const auto* known =
      std::find_if(kHints.begin(), kHints.end(), [&](const Hint& one) { return one.said == hint; });
  return known == kHints.end() ? hint : known->meant;
}

}  // namespace

std::string refusal_text(const sql::ApiRefusal& refusal, std::string_view statement) {
  std::string text = fmt::format("schema-drift: error: {}", printable(refusal.message));
  if (!refusal.sqlstate.empty()) text += fmt::format(" ({})", printable(refusal.sqlstate));
  text += '\n';
  if (refusal.position > 0 && !statement.empty()) text += place_text(statement, refusal.position);
  append_note(text, "detail", refusal.detail);
  append_note(text, "hint", at_a_command_line(refusal.hint));
  return text;
}

bool is_too_large(const sql::ApiRefusal& refusal) { return refusal.type == "answer_too_large"; }

bool needs_change(const sql::ApiRefusal& refusal) {
  constexpr std::string_view kReadOnlyTransaction = "25006";
  return refusal.sqlstate == kReadOnlyTransaction ||
         (refusal.type == "refused" && refusal.hint.starts_with("--allow-function "));
}

bool is_unreachable(const sql::ApiRefusal& refusal) {
  // Class 08 is PostgreSQL's own for connections, 28 for logins; 57P01 to 57P03 end or refuse them.
  // https://www.postgresql.org/docs/15/errcodes-appendix.html
  const std::string& state = refusal.sqlstate;
  const bool lost =
      state.starts_with("08") && state != "08P01";  // that one is a protocol violation
  if (lost || state.starts_with("28") || state.starts_with("57P")) return true;
  constexpr std::array<std::string_view, 8> kTypes = {
      "connection_failed", "database_authentication_failed",
      "tls_failed",        "http_failed",
      "no_credentials",    "access_denied",
      "aws_failed",        "permission_denied"};
  return state.empty() && std::find(kTypes.begin(), kTypes.end(), refusal.type) != kTypes.end();
}

}  // namespace drift::query
