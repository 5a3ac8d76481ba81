#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "migrations/upgrade/interpreter.h"

// str(), repr(), format(), .format() and % of what is known.

namespace drift::migrations {
namespace {

using Text = std::optional<std::string>;

// What stands before `end`, which goes with it; all where it is not there.
std::string_view take(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

}  // namespace

Text text_of(const Object& object, bool as_repr, int depth) {
  constexpr int kMaxDepth = 8;
  constexpr std::size_t kLongest = 10'000;
  std::string text = object.text;
  switch (object.kind) {
    case kText: {
      const auto as_it_is = [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '\\'; };
      if (!as_repr) return text;
      if (!std::all_of(text.begin(), text.end(), as_it_is)) return std::nullopt;
      return "'" + text + "'";
    }
    case kInteger: return std::to_string(object.number);
    case kFloat:
      // Python writes the shortest one, "1.5" where "1.50" stands in the file.
      if (fmt::format("{:#}", std::atof(text.c_str())) == text) return text;
      return std::nullopt;
    case kBoolean: return object.number != 0 ? "True" : "False";
    case kNone: return "None";
    case kHandle:
      if (text == "url") return "postgresql://";
      return std::nullopt;
    case kConstruct:
      // str() of sa.text("x") is "x".
      if (as_repr || !text.ends_with(".text") || object.items.size() != 1) return std::nullopt;
      return text_of(*object.items[0]);
    case kList:
    case kTuple:
      if (depth > kMaxDepth) return std::nullopt;
      for (const Ref& item : object.items) {
        const Text one = text_of(*item, true, depth + 1);
        if (!one || text.size() > kLongest) return std::nullopt;
        text += (text.empty() ? "" : ", ") + *one;
      }
      if (object.is(kList)) return "[" + text + "]";
      return "(" + text + (object.items.size() == 1 ? ",)" : ")");
    default: return std::nullopt;
  }
}

// https://docs.python.org/3/library/string.html#formatspec
Text formatted(const Object& object, std::string_view specification, std::string_view conversion) {
  if (conversion.find_first_not_of("ars") != std::string_view::npos) return std::nullopt;
  const Text text = text_of(object, is_listed(conversion, " a r "));
  if (specification.empty() || !text) return text;
  // {fmt} has the same language, but for a width without a limit, other fields inside, characters
  // that are two columns wide, and "<05", where Python alone writes zeros.
  const std::size_t zero = specification.find_first_of("<>^") + 1;
  if (specification.size() > 5 || (zero > 0 && specification.substr(zero).starts_with('0')) ||
      specification.find_first_not_of(" *+-.0123456789<>X^_bdosx") != std::string_view::npos ||
      !is_ascii(*text)) {
    return std::nullopt;
  }
  const std::string field = fmt::format("{{:{}}}", specification);
  try {
    if (object.is(kText) || !conversion.empty()) return fmt::format(fmt::runtime(field), *text);
    if (object.is(kInteger) || object.is(kBoolean)) {
      return fmt::format(fmt::runtime(field), object.number);
    }
  } catch (const fmt::format_error&) {
  }
  return std::nullopt;
}

// https://docs.python.org/3/library/string.html#formatstrings
Ref format_text(std::string_view text, const std::vector<Ref>& places,
                const std::vector<std::pair<std::string, Ref>>& named) {
  constexpr std::size_t kLongest = 1'000'000;
  std::map<std::string, Ref> values;
  for (const auto& [name, value] : named) values[name] = value;
  for (const Ref& value : places) values.emplace(std::to_string(&value - &places[0]), value);
  std::string made;
  int next = 0;
  while (made.size() < kLongest) {
    const std::size_t at = std::min(text.find_first_of("{}"), text.size());
    made += text.substr(0, at);
    if (at == text.size()) return make_text(made);
    const char brace = text[at];
    text.remove_prefix(at + 1);
    if (text.starts_with(brace)) {
      made += brace;
      text.remove_prefix(1);
      continue;
    }
    std::string_view specification = take(text, '}');
    std::string_view conversion = take(specification, ':');
    const std::string_view name = take(conversion, '!');
    const auto value = values.find(name.empty() ? std::to_string(next++) : std::string(name));
    if (brace == '}' || value == values.end()) break;
    const Text shown = formatted(*value->second, specification, conversion);
    if (!shown) break;
    made += *shown;
  }
  return make_unknown("a string made with .format()");
}

// https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
Ref percent(std::string_view text, const Ref& values) {
  // "%(name)05d" is "{(name:05d}", "%5s" is "{!s:>5}".
  std::string fields;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c != '%' || text.starts_with('%')) {
      fields += c;
      if (c == '{' || c == '}') fields += c;
      if (c == '%') text.remove_prefix(1);
      continue;
    }
    const std::string_view name = text.starts_with('(') ? take(text, ')') : "";
    const std::string_view width = text.substr(0, text.find_first_not_of("0123456789"));
    const std::string_view conversion = text.substr(width.size(), 1);
    text.remove_prefix(width.size() + conversion.size());
    const bool is_number = conversion == "d" || conversion == "i";
    fields += is_number ? fmt::format("{{{}:{}d}}", name, width)
                        : fmt::format("{{{}!{}:{}{}}}", name, conversion, width.empty() ? "" : ">",
                                      width);
  }
  std::vector<std::pair<std::string, Ref>> named;
  for (std::size_t i = 0; values->is(kDict) && i + 1 < values->items.size(); i += 2) {
    named.emplace_back("(" + values->items[i]->text, values->items[i + 1]);
  }
  const Ref made =
      format_text(fields, values->is(kTuple) ? values->items : std::vector{values}, named);
  return made->is_unknown() ? make_unknown("a string made with %") : made;
}

}  // namespace drift::migrations
