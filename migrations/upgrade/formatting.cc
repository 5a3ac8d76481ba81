#include <algorithm>
#include <charconv>

#include "drift/base/text.h"
#include "migrations/upgrade/interpreter.h"

// str(), repr(), format() and % of what is known.

namespace drift::migrations {

std::size_t size_of(const Object& object) {
  if (object.is(ObjectKind::kDict)) return object.items.size() / 2;
  return object.is(ObjectKind::kText) ? object.text.size() : object.items.size();
}

std::optional<std::string> text_of(const Object& object) {
  switch (object.kind) {
    case ObjectKind::kText: return object.text;
    case ObjectKind::kInteger: return std::to_string(object.number);
    case ObjectKind::kFloat: return object.text;
    case ObjectKind::kBoolean: return object.number != 0 ? "True" : "False";
    case ObjectKind::kNone: return "None";
    case ObjectKind::kHandle:
      if (object.text == "url") return "postgresql://";
      return std::nullopt;
    case ObjectKind::kConstruct:
      // str() of sa.text("x") is "x".
      if (object.text.ends_with(".text") && object.items.size() == 1) {
        return text_of(*object.items[0]);
      }
      return std::nullopt;
    case ObjectKind::kList:
    case ObjectKind::kTuple: return repr_of(object);
    default: return std::nullopt;
  }
}

std::optional<std::string> repr_of(const Object& object) {
  if (object.is(ObjectKind::kText)) {
    if (object.text.find_first_of("\\\n\r\t") != std::string::npos) return std::nullopt;
    const bool single = object.text.find('\'') != std::string::npos;
    if (single && object.text.find('"') != std::string::npos) return std::nullopt;
    const char quote = single ? '"' : '\'';
    return quote + object.text + quote;
  }
  if (object.is(ObjectKind::kList) || object.is(ObjectKind::kTuple)) {
    std::string text;
    for (const Ref& item : object.items) {
      const auto one = repr_of(*item);
      if (!one || text.size() > 100'000) return std::nullopt;
      text += (text.empty() ? "" : ", ") + *one;
    }
    if (object.is(ObjectKind::kList)) return "[" + text + "]";
    return "(" + text + (object.items.size() == 1 ? ",)" : ")");
  }
  if (object.is(ObjectKind::kHandle) || object.is(ObjectKind::kConstruct)) return std::nullopt;
  return text_of(object);
}

std::optional<std::string> formatted(const Object& object, std::string_view specification) {
  auto text = text_of(object);
  if (specification.empty() || !text) return text;
  // [0][width][d|s]
  std::string_view rest = specification;
  const bool zero = rest.starts_with('0');
  char alignment = 0;
  if (!rest.empty() && (rest[0] == '<' || rest[0] == '>')) {
    alignment = rest[0];
    rest.remove_prefix(1);
  }
  std::size_t width = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), width);
  if (error == std::errc{}) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  const bool number = object.is(ObjectKind::kInteger);
  if (!(rest.empty() || (rest == "d" && number) || (rest == "s" && !number)) || width > 1000) {
    return std::nullopt;
  }
  if (zero && (!number || object.number < 0)) return std::nullopt;
  if (alignment == 0) alignment = number ? '>' : '<';
  if (text->size() < width) {
    const std::string fill(width - text->size(), zero ? '0' : ' ');
    *text = alignment == '>' ? fill + *text : *text + fill;
  }
  return text;
}

// https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
Ref percent(const std::string& text, const Object& values) {
  const auto unknown = [] { return make_unknown("a string made with %"); };
  std::string made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      made += text[i];
      continue;
    }
    if (++i >= text.size()) return unknown();
    if (text[i] == '%') {
      made += '%';
      continue;
    }
    const Object* value = nullptr;
    if (text[i] == '(') {
      const std::size_t close = text.find(')', i);
      if (close == std::string::npos || !values.is(ObjectKind::kDict)) return unknown();
      const std::string_view key(text.data() + i + 1, close - i - 1);
      for (std::size_t k = 0; k + 1 < values.items.size(); k += 2) {
        if (values.items[k]->is(ObjectKind::kText) && values.items[k]->text == key) {
          value = values.items[k + 1].get();
        }
      }
      i = close + 1;
    } else if (values.is(ObjectKind::kTuple)) {
      if (next < values.items.size()) value = values.items[next++].get();
    } else if (next++ == 0) {
      value = &values;
    }
    if (value == nullptr || i >= text.size()) return unknown();
    std::string specification;
    while (i < text.size() && is_digit(text[i])) specification += text[i++];
    if (i >= text.size()) return unknown();
    const char conversion = text[i];
    if (conversion != 's' && conversion != 'd' && conversion != 'i' && conversion != 'r') {
      return unknown();
    }
    const auto one = conversion == 'r' ? repr_of(*value) : formatted(*value, specification);
    if (!one) return unknown();
    made += *one;
    if (made.size() > 1'000'000) return unknown();
  }
  return make_text(std::move(made));
}

bool reaches_database(const Object& object, int depth) {
  if (object.is(ObjectKind::kHandle)) {
    return object.text != "dialect" && object.text != "url";
  }
  if (object.is(ObjectKind::kBatch)) return true;
  if (object.is(ObjectKind::kModule) || object.is(ObjectKind::kFunction)) return false;
  // Deeper than that lie parts of an expression of SQL.
  if (depth > 8) return false;
  const auto reaches = [&](const Ref& one) { return one && reaches_database(*one, depth + 1); };
  return std::any_of(object.items.begin(), object.items.end(), reaches) ||
         std::any_of(object.named.begin(), object.named.end(),
                     [&](const auto& one) { return reaches(one.second); }) ||
         reaches(object.base);
}

}  // namespace drift::migrations
