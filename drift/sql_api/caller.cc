#include "drift/sql_api/caller.h"

#include <variant>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"
#include "drift/sql/sql_text.h"
#include "drift/sql/strict_json.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {
namespace {

constexpr std::size_t kMostNameCharacters = 256, kMostStatementCharacters = 4'096;

}  // namespace

Caller caller_of_context(std::string_view client_context) {
  const auto read = sql::read_json(client_context);
  const auto* context = std::get_if<sql::JsonValue>(&read);
  const sql::JsonValue* custom = context == nullptr ? nullptr : context->find("custom");
  const sql::JsonValue* name = custom == nullptr ? nullptr : custom->find("caller");
  if (name == nullptr || !name->is(sql::JsonValue::Kind::kString)) return {};
  return {sql::one_line(without_secrets(name->text), kMostNameCharacters), false};
}

std::string without_values(std::string_view sql) {
  std::vector<Token> tokens;
  try {
    tokens = sql_tokens(sql);
  } catch (const Error&) {
    return "";
  }
  std::string text;
  bool after_number = false;
  std::size_t end = 0;
  for (const Token& token : tokens) {
    const bool touches = token.begin == end && !text.empty();
    end = token.end;
    // 1e5, 0x1F, 1_000: the rest of a number is a word here.
    if (after_number && touches && token.kind == TokenKind::kWord) continue;
    after_number = token.kind == TokenKind::kNumber;
    if (!touches && !text.empty()) text += ' ';
    const bool value = after_number || token.kind == TokenKind::kString;
    if (value) {
      text += '?';
    } else {
      text += sql.substr(token.begin, token.end - token.begin);
    }
  }
  return sql::one_line(without_secrets(text), kMostStatementCharacters);
}

}  // namespace drift::sql_api
