#include "drift/shell/completion.h"

#include <algorithm>
#include <array>
#include <set>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::shell {
namespace {

using sql_api::Token;
using sql_api::TokenKind;

constexpr std::array kCommands = std::to_array<std::string_view>(
    {"\\?", "\\d", "\\dt", "\\i", "\\q", "\\set", "\\timing", "\\unset", "\\x"});

constexpr std::array kFirst =
    std::to_array<std::string_view>({"SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW",
                                     "INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO", "CALL"});

constexpr std::array kKeywords = std::to_array<std::string_view>(
    {"ALL",    "AND",        "AS",        "ASC",       "BETWEEN",      "BY",         "CASE",
     "COUNT(", "CROSS JOIN", "DESC",      "DISTINCT",  "ELSE",         "END",        "EXCEPT",
     "EXISTS", "FALSE",      "FROM",      "FULL JOIN", "GROUP BY",     "HAVING",     "ILIKE",
     "IN",     "INNER JOIN", "INTERSECT", "INTO",      "IS",           "JOIN",       "LEFT JOIN",
     "LIKE",   "LIMIT",      "NOT",       "NULL",      "NULLS FIRST",  "NULLS LAST", "OFFSET",
     "ON",     "OR",         "ORDER BY",  "OVER",      "PARTITION BY", "RETURNING",  "RIGHT JOIN",
     "SELECT", "SET",        "THEN",      "TRUE",      "UNION",        "USING",      "VALUES",
     "WHEN",   "WHERE",      "WITH"});

std::vector<Token> tokens_of(std::string_view text) {
  try {
    return sql_api::sql_tokens(text);
  } catch (const Error&) {
    return {};
  }
}

// users, "Odd Name".
std::string in_sql(const std::string& name) {
  const bool plain = !name.empty() && !is_digit(name.front()) && name.front() != '$' &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return sql_api::continues_word(c) && c == ascii_lower(c);
                     });
  return plain ? name : sql::quoted_identifier(name);
}

class Completer {
 public:
  Completer(std::string_view earlier, std::string_view before, std::string_view after,
            const std::vector<TableName>& tables)
      : tables_(tables) {
    std::size_t begin = before.size();
    while (begin > 0 && sql_api::continues_word(before[begin - 1])) --begin;
    completion_.begin = begin;
    typed_ = before.substr(begin);
    head_ = std::string(earlier) + std::string(before.substr(0, begin));
    whole_ = tokens_of(head_ + std::string(typed_) + std::string(after));
  }

  Completion run(std::string_view before, bool in_statement) {
    if (!in_statement && before.starts_with("\\")) return command(before);
    std::vector<Token> tokens;
    try {
      tokens = sql_api::sql_tokens(head_);
    } catch (const Error&) {
      return completion_;  // inside of quotes
    }
    if (tokens.empty() || tokens.back().is_symbol(";")) {
      add_words(kFirst);
    } else if (tokens.back().is_symbol(".") && tokens.size() > 1) {
      behind_dot(tokens[tokens.size() - 2].text);
    } else if (wants_table(tokens)) {
      add_tables();
    } else {
      add_columns_named();
      add_words(kKeywords);
    }
    return finished();
  }

 private:
  Completion command(std::string_view before) {
    const std::size_t blank = before.find(' ');
    if (blank == std::string_view::npos) {
      completion_.begin = 0;
      for (const std::string_view name : kCommands) {
        if (name.starts_with(before)) found_.emplace(name);
      }
    } else if (before.substr(0, blank) == "\\d") {
      const bool dot = !head_.empty() && head_.back() == '.';
      const std::size_t name = head_.find_first_not_of(' ', blank);
      if (dot) behind_dot(head_.substr(name, head_.size() - 1 - name));
      if (!dot) add_tables();
    }
    return finished();
  }

  static bool wants_table(const std::vector<Token>& tokens) {
    constexpr std::array kBefore =
        std::to_array<std::string_view>({"from", "join", "update", "into", "table", "truncate"});
    if (tokens.back().kind == TokenKind::kWord) {
      return std::find(kBefore.begin(), kBefore.end(), tokens.back().text) != kBefore.end();
    }
    if (!tokens.back().is_symbol(",")) return false;
    // FROM a, b: the last keyword before the comma decides.
    for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
      if (token->kind != TokenKind::kWord) continue;
      if (token->is_word("from")) return true;
      constexpr std::array kOthers = std::to_array<std::string_view>(
          {"select", "where", "by", "on", "set", "having", "returning", "values", "using"});
      if (std::find(kOthers.begin(), kOthers.end(), token->text) != kOthers.end()) return false;
    }
    return false;
  }

  bool fits(std::string_view candidate) const {
    if (candidate.size() < typed_.size()) return false;
    return ascii_lower(candidate.substr(0, typed_.size())) == ascii_lower(typed_);
  }
  void add_name(const std::string& name) {
    if (fits(name)) found_.insert(in_sql(name));
  }
  // In the case in which the person types.
  template <std::size_t kSize>
  void add_words(const std::array<std::string_view, kSize>& words) {
    const bool lower =
        std::any_of(typed_.begin(), typed_.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    for (const std::string_view word : words) {
      if (fits(word)) found_.insert(lower ? ascii_lower(word) : std::string(word));
    }
  }

  void add_tables() {
    for (const TableName& table : tables_) {
      if (table.visible) add_name(table.name);
      add_name(table.schema);
    }
  }
  void add_columns(const TableName& table) {
    for (const std::string& column : table.columns) add_name(column);
  }
  bool names(const Token& token, const TableName& table) const {
    return (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted) &&
           token.text == table.name;
  }
  void add_columns_named() {
    bool any = false;
    for (const TableName& table : tables_) {
      const bool named = std::any_of(whole_.begin(), whole_.end(),
                                     [&](const Token& token) { return names(token, table); });
      if (named) add_columns(table);
      any = any || named;
    }
    // SELECT na: FROM comes later.
    if (any || typed_.empty()) return;
    for (const TableName& table : tables_) {
      if (table.visible) add_columns(table);
    }
  }
  // A schema's tables; a table's columns, by its name or by what the statement calls it.
  void behind_dot(const std::string& name) {
    for (const TableName& table : tables_) {
      if (table.schema == name) add_name(table.name);
      bool called = table.name == name;
      for (std::size_t i = 1; i < whole_.size() && !called; ++i) {
        if (whole_[i].text != name || whole_[i].kind != TokenKind::kWord) continue;
        const std::size_t of = whole_[i - 1].is_word("as") && i > 1 ? i - 2 : i - 1;
        called = names(whole_[of], table);
      }
      if (called) add_columns(table);
    }
  }

  Completion finished() {
    completion_.candidates.assign(found_.begin(), found_.end());
    return completion_;
  }

  const std::vector<TableName>& tables_;
  Completion completion_;
  std::string_view typed_;
  std::string head_;
  std::vector<Token> whole_;
  std::set<std::string> found_;
};

}  // namespace

Completion complete(std::string_view earlier, std::string_view before, std::string_view after,
                    const std::vector<TableName>& tables) {
  return Completer(earlier, before, after, tables).run(before, !earlier.empty());
}

}  // namespace drift::shell
