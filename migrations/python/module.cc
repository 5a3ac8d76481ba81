#include "migrations/python/module.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace drift::migrations {

std::size_t PythonNamespace::index_of(std::string_view name) const {
  if (bindings_.size() > kFewNames) {
    const auto found = table_.find(name);
    return found == table_.end() ? bindings_.size() : found->second;
  }
  std::size_t index = 0;
  while (index < bindings_.size() && bindings_[index].name != name) ++index;
  return index;
}

const PythonNamespace::Binding* PythonNamespace::find(std::string_view name) const {
  const std::size_t index = index_of(name);
  return index < bindings_.size() ? &bindings_[index] : nullptr;
}

void PythonNamespace::bind(std::string_view name, const Value& value, const char* place) {
  const std::size_t index = index_of(name);
  if (index < bindings_.size()) {
    bindings_[index].value = value;
    bindings_[index].place = place;
    return;
  }
  bindings_.push_back({name, value, place});
  if (bindings_.size() == kFewNames + 1) {
    for (std::size_t i = 0; i < bindings_.size(); ++i) table_[bindings_[i].name] = i;
  } else if (bindings_.size() > kFewNames) {
    table_[name] = index;
  }
}

PythonModule::PythonModule(PythonSource source, std::string name, PythonImports& imports)
    : source_(std::move(source)),
      name_(std::move(name)),
      imports_(imports),
      store_(imports.store()),
      syntax_error_(source_.error),
      tokenizer_(source_),
      expression_(store_, *this) {
  blocks_.reserve(8);
}

int PythonModule::line_of(const char* place) {
  // Questions come mostly in the order of the file.
  if (counted_to_ == nullptr || place < counted_to_) {
    counted_to_ = source_.text().data();
    counted_lines_ = 1;
  }
  for (const char* p = counted_to_; p < place; ++counted_lines_) {
    p = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(place - p)));
    if (p == nullptr) break;
    ++p;
  }
  counted_to_ = place;
  return counted_lines_;
}

std::string_view PythonModule::line_at(const char* place) const {
  const std::string_view text = source_.text();
  const auto offset = std::min(static_cast<std::size_t>(place - text.data()), text.size() - 1);
  const std::size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(begin, text.find('\n', offset) - begin);
}

void PythonModule::fail(std::string message, const char* place) {
  if (!syntax_error_) syntax_error_ = PythonSource::Error{std::move(message), line_of(place)};
}

void PythonModule::run() {
  if (syntax_error_) return;
  blocks_.push_back({});
  while (tokenizer_.next_line()) {
    const std::span<const Token> tokens = tokenizer_.tokens();
    if (!place_line(tokenizer_.column())) return;
    logical_line(tokens);
    if (syntax_error_) return;
    if (tokenizer_.error()) break;
  }
  if (tokenizer_.error()) {
    fail(tokenizer_.error()->message, tokenizer_.error()->where);
    return;
  }
  const char* end = source_.text().data() + source_.size - 1;
  if (opened_) {
    fail(fmt::format("expected an indented block after '{}'", opened_->keyword), end);
    return;
  }
  while (!blocks_.empty() && !syntax_error_) {
    check_chain(end);
    close_block();
  }
}

// Opens and closes blocks until the line of that column stands in the last one.
bool PythonModule::place_line(int column) {
  const char* place = tokenizer_.tokens().front().begin;
  if (opened_) {
    if (column <= blocks_.back().column) {
      fail(fmt::format("expected an indented block after '{}'", opened_->keyword), place);
      return false;
    }
    if (blocks_.size() > PythonTokenizer::kMaxIndentations) {
      fail("too many levels of indentation", place);
      return false;
    }
    opened_->column = column;
    if (opened_->guarded) ++guards_;
    blocks_.push_back(*opened_);
    opened_.reset();
    return true;
  }
  if (column > blocks_.back().column) {
    fail("unexpected indent", place);
    return false;
  }
  while (column < blocks_.back().column) {
    check_chain(place);
    close_block();
  }
  if (column != blocks_.back().column) {
    fail("unindent does not match any outer indentation", place);
  }
  return !syntax_error_;
}

void PythonModule::close_block() {
  if (blocks_.back().guarded) --guards_;
  blocks_.pop_back();
}

// A `try` alone is no statement.
void PythonModule::check_chain(const char* place) {
  if (blocks_.back().chain == Chain::kTry) fail("expected 'except' or 'finally'", place);
}

void PythonModule::logical_line(std::span<const Token> tokens) {
  const Token& first = tokens.front();
  if (first.kind == TokenKind::kOperator && !first.is('(') && !first.is('[') && !first.is('{') &&
      !first.is('-') && !first.is('+') && !first.is('~') && !first.is('@') && !first.is('*') &&
      !first.is('`') && !first.is(kEllipsis)) {
    const std::string_view line = line_at(first.begin);
    const bool marker = line.starts_with("<<<<<<<") || line.starts_with("=======") ||
                        line.starts_with(">>>>>>>") || line.starts_with("|||||||");
    fail(marker ? "a merge conflict is not resolved" : "invalid syntax", first.begin);
    return;
  }
  if (compound_statement(tokens)) {
    first_statement_ = false;
    return;
  }
  if (syntax_error_) return;
  check_chain(first.begin);
  if (blocks_.back().match) {
    fail("expected 'case'", first.begin);
    return;
  }
  blocks_.back().chain = Chain::kNone;
  if (first.is('@')) {
    mention(tokens);
    first_statement_ = false;
    return;
  }
  simple_statements(tokens);
}

Value PythonModule::value_of(std::string_view name) {
  const PythonNamespace::Binding* binding = names_.find(name);
  if (binding == nullptr) return {};
  const Value value = binding->value;
  if (value.kind == ValueKind::kImported) return imports_.imported(name_, value.text, value.detail);
  if (value.kind == ValueKind::kSequence) {
    const Sequence& sequence = store_.sequence(value);
    if (sequence.is_mutable() && sequence.leaked) return Value::unknown(Why::kShared);
  }
  return value;
}

Value PythonModule::attribute_of(const Value& object, std::string_view name) {
  if (object.kind != ValueKind::kModule) return Value::unknown(Why::kExpression);
  const Value value = imports_.imported(name_, object.text, name);
  // A folder without __init__.py is a module too: "app" of "app.cli".
  if (value.is_unknown() && value.why == Why::kNoModule) {
    return Value::of(ValueKind::kModule, store_.keep(dotted(object.text, name)));
  }
  return value;
}

const char* PythonModule::place_of(std::string_view name) const {
  const PythonNamespace::Binding* binding = names_.find(name);
  return binding == nullptr ? nullptr : binding->place;
}

Value PythonModule::exported(std::string_view name) {
  const auto known = exported_.find(name);
  if (known != exported_.end()) return known->second;
  Value value = value_of(name);
  value.perhaps_absent = false;
  if (value.kind == ValueKind::kSequence) {
    const Sequence& sequence = store_.sequence(value);
    if (sequence.is_mutable() || sequence.nested) value = Value::unknown(Why::kShared);
  }
  if (value.kind == ValueKind::kFunction || value.kind == ValueKind::kClass) {
    value = Value::unknown(Why::kExpression);
  }
  if (value.is_unknown() && value.text.empty()) {
    value.text = name_;
    value.line = value.place == nullptr ? 0 : line_of(value.place);
    value.place = nullptr;
  }
  // An answer that a circle cut short holds for that question only.
  if (!value.is_unknown() || value.why != Why::kImportsTooDeep) exported_.emplace(name, value);
  return value;
}

// https://docs.python.org/3/reference/simple_stmts.html#the-import-statement
bool PythonModule::star_names(std::vector<std::string_view>* names) {
  const Value all = value_of("__all__");
  if (all.kind == ValueKind::kUnbound) {
    for (const PythonNamespace::Binding& binding : names_.bindings()) {
      if (!binding.name.starts_with('_')) names->push_back(binding.name);
    }
    return true;
  }
  if (all.kind != ValueKind::kSequence) return false;
  for (const Value& element : store_.elements(all)) {
    if (element.kind != ValueKind::kString) return false;
    names->push_back(element.text);
  }
  return true;
}

}  // namespace drift::migrations
