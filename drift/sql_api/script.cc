#include "drift/sql_api/script.h"

#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {
namespace {

// Where a semicolon ends a statement.
class Depth {
 public:
  void begin_statement() { *this = Depth(); }

  void take(const Token& token) {
    if (token.is_symbol("(")) ++brackets_;
    if (token.is_symbol(")") && brackets_ > 0) --brackets_;
    if (token.kind == TokenKind::kWord) {
      // The body of a function: CREATE FUNCTION ... BEGIN ATOMIC SELECT 1; END
      if (bodies_ == 0 && token.text == "atomic" && last_ == "begin") bodies_ = 1;
      if (bodies_ > 0 && (token.text == "case" || token.text == "begin")) ++bodies_;
      if (bodies_ > 0 && token.text == "end") --bodies_;
      last_ = token.text;
    } else {
      last_.clear();
    }
  }
  bool outside() const { return brackets_ == 0 && bodies_ == 0; }

 private:
  int brackets_ = 0, bodies_ = 0;
  std::string last_;
};

}  // namespace

std::vector<ScriptStatement> script_statements(std::string_view sql) {
  std::vector<ScriptStatement> statements;
  Depth depth;
  bool open = false;
  std::size_t begin = 0, end = 0;
  const auto close = [&](bool ended) {
    if (open) statements.push_back({std::string(sql.substr(begin, end - begin)), begin, ended});
    open = false;
    depth.begin_statement();
  };
  for (const Token& token : sql_tokens(sql)) {
    if (token.is_symbol(";") && depth.outside()) {
      close(true);
      continue;
    }
    if (!open) begin = token.begin;
    open = true;
    end = token.end;
    depth.take(token);
  }
  close(false);
  return statements;
}

}  // namespace drift::sql_api
