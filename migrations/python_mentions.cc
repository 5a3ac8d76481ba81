// The parts of PythonModule that look through code it cannot evaluate.
#include "migrations/python_module.h"

namespace drift::migrations {
namespace {

bool is_formatted(const Token& token) {
  const std::string_view text = token.text();
  return text[0] != '\'' && text[0] != '"' && text.find('{') != std::string_view::npos &&
         text.substr(0, 2).find_first_of("fFtT") != std::string_view::npos;
}

}  // namespace

// Looks through code that was not evaluated for what it may do to the names of this module.
void PythonModule::mention(std::span<const Token> tokens) {
  pure_ = false;
  int open = 0;
  bool later = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    if (token.opens()) ++open;
    if (token.closes()) --open;
    if (token.kind == TokenKind::kString) {
      if (is_formatted(token)) mention_formatted(token);
      continue;
    }
    if (!token.is_name()) continue;
    const std::string_view word = token.text();
    if (i + 1 < tokens.size() && tokens[i + 1].is(kWalrus)) {
      bind(word, Value::unknown(Why::kInsideExpression), token.begin);
    }
    mention_word(word, token.begin, i > 0 && tokens[i - 1].is('.'));
    // Lambdas and generators run later, when names may mean something else.
    later = later || word == "lambda" || (open > 0 && word == "for");
  }
  if (later) {
    bodies_.read(tokens);
    something_may_have_run();
  }
}

void PythonModule::mention_word(std::string_view word, const char* place, bool attribute) {
  if (!reflection_ && is_reflective_word(word, true) &&
      !(attribute && is_harmless_as_attribute(word))) {
    reflection_ = Value::unknown(Why::kReflection, word, place);
  }
  if (attribute) return;
  const PythonNamespace::Binding* binding = names_.find(word);
  if (binding == nullptr) return;
  switch (binding->value.kind) {
    case ValueKind::kFunction:
    case ValueKind::kClass: something_may_have_run(); break;
    case ValueKind::kSequence: store_.leak(binding->value); break;
    default: break;
  }
}

void PythonModule::mention_formatted(const Token& token) {
  const std::string_view text = token.text();
  for (const std::string_view word : words_in(text)) mention_word(word, token.begin, false);
  // A walrus in a field binds a name of this module.
  if (text.find(":=") != std::string_view::npos && !reflection_) {
    reflection_ = Value::unknown(Why::kReflection, ":=", token.begin);
  }
}

}  // namespace drift::migrations
