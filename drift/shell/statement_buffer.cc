#include "drift/shell/statement_buffer.h"

#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/sql_api/script.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::shell {

std::vector<std::string> StatementBuffer::add(std::string_view line) {
  if (text_.empty() && trimmed(line).empty()) return {};
  text_ += line;
  text_ += '\n';
  // Only a semicolon ends anything, and what was typed is not read anew for each line of a paste.
  const bool only_comment = text_.starts_with("--") && text_.size() == line.size() + 1;
  if (line.find(';') == std::string_view::npos && !only_comment) return {};
  constexpr std::size_t kLong = 16 << 10;
  if (text_.size() > kLong && !trimmed(line).ends_with(';')) return {};
  std::vector<sql_api::ScriptStatement> script;
  try {
    script = sql_api::script_statements(text_);
  } catch (const sql_api::UnfinishedSql&) {
    return {};
  } catch (const Error&) {
    return {std::exchange(text_, {})};
  }
  std::vector<std::string> done;
  std::string rest;
  for (sql_api::ScriptStatement& statement : script) {
    if (statement.ended) {
      done.push_back(std::move(statement.text));
    } else {
      rest = text_.substr(statement.begin);
    }
  }
  text_ = std::move(rest);
  return done;
}

bool StatementBuffer::inside_quotes() const {
  try {
    sql_api::sql_tokens(text_);
  } catch (const sql_api::UnfinishedSql&) {
    return true;
  } catch (const Error&) {
    // It is whole, whatever it is.
  }
  return false;
}

}  // namespace drift::shell
