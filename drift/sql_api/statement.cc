#include "drift/sql_api/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {
namespace {

constexpr std::array<std::string_view, 6> kReads = {"select", "with",    "values",
                                                    "table",  "explain", "show"};
constexpr std::array<std::string_view, 4> kWrites = {"insert", "update", "delete", "merge"};
// A procedure cannot end the transaction that calls it.
// https://www.postgresql.org/docs/15/sql-call.html#id-1.9.3.52.7
constexpr std::string_view kCall = "call";

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return sql::one_line(text, 40);
}

template <std::size_t kSize>
bool holds(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The verb of what follows WITH, and whether any part of it writes.
struct WithParts {
  std::string verb;
  bool writes = false;
};
WithParts with_parts(const std::vector<Token>& tokens, std::size_t at) {
  WithParts parts;
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    const Token& token = tokens[at];
    if (token.is_symbol("(")) ++depth;
    if (token.is_symbol(")")) --depth;
    if (token.kind != TokenKind::kWord) continue;
    const bool write = holds(kWrites, token.text);
    // name AS (DELETE ..., name AS NOT MATERIALIZED (DELETE ...; a column may be called delete.
    if (write && at > 1 && tokens[at - 1].is_symbol("(") &&
        (tokens[at - 2].is_word("as") || tokens[at - 2].is_word("materialized"))) {
      parts.writes = true;
    }
    // WITH delete AS (SELECT 1) SELECT * FROM delete
    const Token& before = tokens[at - 1];
    const bool named =
        before.is_word("with") || before.is_word("recursive") || before.is_symbol(",");
    if (depth == 0 && parts.verb.empty() && !named &&
        (write || token.text == "select" || token.text == "values" || token.text == "table")) {
      parts.verb = token.text;
      parts.writes = parts.writes || write;
    }
  }
  return parts;
}

// SELECT ... INTO. The word is reserved: elsewhere it follows INSERT and MERGE, AS or a point.
bool selects_into(const std::vector<Token>& tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Token& before = tokens[i - 1];
    const bool other = before.is_word("insert") || before.is_word("merge") ||
                       before.is_word("as") || before.is_symbol(".");
    if (tokens[i].is_word("into") && !other) return true;
  }
  return false;
}

// The verb that EXPLAIN explains. With ANALYZE it runs: a change is then refused by the database,
// but not CREATE TABLE AS, which only the ROLLBACK would undo.
std::string explained_verb(const std::vector<Token>& tokens, std::size_t at) {
  const auto reads_here = [&](std::size_t i) {
    return i < tokens.size() && (tokens[i].is_symbol("(") || holds(kReads, tokens[i].text));
  };
  if (at < tokens.size() && tokens[at].is_symbol("(") && !reads_here(at + 1)) {
    while (at < tokens.size() && !tokens[at].is_symbol(")")) ++at;
    ++at;
  }
  while (at < tokens.size() && (tokens[at].is_word("analyze") || tokens[at].is_word("analyse") ||
                                tokens[at].is_word("verbose") || tokens[at].is_symbol("("))) {
    ++at;
  }
  return at < tokens.size() && tokens[at].kind == TokenKind::kWord ? tokens[at].text : "";
}

constexpr std::array<std::string_view, 4> kDefines = {"create", "alter", "drop", "comment"};
// What may stand between the verb and what it is about.
constexpr std::array<std::string_view, 8> kAdjectives = {
    "or", "replace", "unique", "unlogged", "on", "materialized", "recursive", "foreign"};
constexpr std::array<std::string_view, 10> kDefined = {
    "table",  "index",  "view",       "sequence", "type",
    "domain", "schema", "statistics", "column",   "constraint"};

// CREATE TABLE, ALTER TYPE, COMMENT ON COLUMN, TRUNCATE. What it is about is told by the first word
// that is no adjective: CREATE OR REPLACE FUNCTION and CREATE TEMP TABLE are none.
bool defines(const std::vector<Token>& tokens) {
  if (tokens.front().is_word("truncate")) return true;
  if (tokens.front().kind != TokenKind::kWord || !holds(kDefines, tokens.front().text))
    return false;
  std::size_t at = 1;
  while (at < tokens.size() && tokens[at].kind == TokenKind::kWord &&
         holds(kAdjectives, tokens[at].text)) {
    ++at;
  }
  return at < tokens.size() && tokens[at].kind == TokenKind::kWord &&
         holds(kDefined, tokens[at].text);
}

}  // namespace

StatementFacts statement_facts(std::string_view sql, bool definitions) {
  std::vector<Token> tokens = sql_tokens(sql);
  while (!tokens.empty() && tokens.back().is_symbol(";")) tokens.pop_back();
  if (tokens.empty()) {
    throw Error{Fault::kUsage, "the statement is empty", "send one statement"};
  }
  if (std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return t.is_symbol(";"); })) {
    throw Error{Fault::kUsage, "there is more than one statement", "send one statement a request"};
  }
  std::size_t first = 0;
  while (first + 1 < tokens.size() && tokens[first].is_symbol("(")) ++first;
  const Token& verb = tokens[first];
  StatementFacts facts;
  facts.verb = verb.kind == TokenKind::kWord ? verb.text : "";
  const bool in_brackets = first > 0;
  const bool reads = holds(kReads, facts.verb) &&
                     !(in_brackets && (facts.verb == "explain" || facts.verb == "show"));
  const bool writes = holds(kWrites, facts.verb) || facts.verb == kCall;
  if (definitions && !in_brackets && defines(tokens)) {
    facts.kind = StatementKind::kDefinition;
    return facts;
  }
  if (!reads && (in_brackets || !writes)) {
    throw Error{Fault::kUnsupported,
                facts.verb.empty()
                    ? "the statement does not begin with a command that is allowed here"
                    : upper(facts.verb) + " is not allowed here",
                "SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW read; INSERT, UPDATE, DELETE, MERGE "
                "and CALL change, where changes are allowed"};
  }
  if (facts.verb == "explain") {
    const std::string explained = explained_verb(tokens, first + 1);
    if (!holds(kWrites, explained) &&
        (!holds(kReads, explained) || explained == "explain" || explained == "show")) {
      throw Error{Fault::kUnsupported,
                  explained.empty() ? "EXPLAIN explains nothing"
                                    : "EXPLAIN " + upper(explained) + " is not allowed here",
                  "EXPLAIN explains SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE and MERGE"};
    }
  }
  facts.pageable = reads && facts.verb != "explain" && facts.verb != "show";
  if (!reads) facts.kind = StatementKind::kMutation;
  facts.makes_table = selects_into(tokens);
  if (facts.verb == "with") {
    const WithParts parts = with_parts(tokens, first + 1);
    if (!parts.writes) return facts;
    facts.kind = StatementKind::kMutation;
    facts.pageable = false;
    // Without one PostgreSQL finds it to be no statement.
    if (!parts.verb.empty()) facts.verb = parts.verb;
  }
  return facts;
}

}  // namespace drift::sql_api
