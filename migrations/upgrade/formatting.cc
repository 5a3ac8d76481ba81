#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "drift/base/text.h"
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

Text text_of(const Object& object, bool as_repr) {
  constexpr std::size_t kLongest = 10'000;
  std::string text = object.text;
  switch (object.kind) {
    case kText:
      if (!as_repr) return text;
      // Else Python escapes something or takes other quotes.
      if (text.find('\'') < text.size() || fmt::format("{:?}", text) != '"' + text + '"') break;
      return "'" + text + "'";
    case kInteger: return std::to_string(object.number);
    case kBoolean: return object.number != 0 ? "True" : "False";
    case kNone: return "None";
    case kHandle: return text == "url" ? Text("postgresql://") : std::nullopt;
    case kConstruct:
      // str() of sa.text("x") is "x".
      if (as_repr || !text.ends_with(".text") || object.items.size() != 1) break;
      return object.items[0]->is(kText) ? Text(object.items[0]->text) : std::nullopt;
    case kList:
    case kTuple:
      // Lists in lists may be endless.
      for (const Ref& item : object.items) {
        const Text one = as_repr ? std::nullopt : text_of(*item, true);
        if (!one || text.size() > kLongest) return std::nullopt;
        text += (text.empty() ? "" : ", ") + *one;
      }
      if (object.is(kList)) return "[" + text + "]";
      return "(" + text + (object.items.size() == 1 ? ",)" : ")");
    default: break;
  }
  return std::nullopt;
}

// https://docs.python.org/3/library/string.html#formatspec
Text formatted(const Object& object, std::string_view specification, std::string_view conversion) {
  if (conversion.find_first_not_of("rs") != std::string_view::npos) return std::nullopt;
  const Text text = text_of(object, conversion == "r");
  if (specification.empty() || !text) return text;
  // Of the rest only what migrations use: the width of a number, "3" or "03d".
  const std::string_view width = specification.substr(0, specification.find_last_not_of('d') + 1);
  const bool known = width.size() <= 3 && std::all_of(width.begin(), width.end(), is_digit);
  if (!known || !object.is(kInteger) || !conversion.empty()) return std::nullopt;
  return fmt::format(fmt::runtime(fmt::format("{{:{}}}", width)), object.number);
}

// https://docs.python.org/3/library/string.html#formatstrings
Ref Interpreter::format_text(std::string_view text, const std::vector<Ref>& places,
                             const std::vector<std::pair<std::string, Ref>>& named) {
  std::map<std::string, Ref> values;
  for (const auto& [name, value] : named) values[name] = value;
  for (const Ref& value : places) values.emplace(std::to_string(&value - &places[0]), value);
  std::string made;
  int next = 0;
  while (true) {
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
    spend(shown->size());
    made += *shown;
  }
  return make_unknown("a string made with .format()");
}

// https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
Ref Interpreter::percent(std::string_view text, const Ref& values) {
  // As .format() takes it: "{(name!s} {:03d}" of "%(name)s %03d".
  std::string fields;
  while (!text.empty()) {
    for (const char c : take(text, '%')) fields.append(c == '{' || c == '}' ? 2 : 1, c);
    if (text.empty()) break;
    const std::string_view name = text.starts_with('(') ? take(text, ')') : "";
    const std::string_view width = text.substr(0, text.find_first_not_of("0123456789"));
    text.remove_prefix(width.size());
    const std::string_view conversion = text.substr(0, 1);
    text.remove_prefix(conversion.size());
    fields += conversion == "%" ? "%"
              : is_listed(conversion, " d i ")
                  ? fmt::format("{{{}:{}d}}", name, width)
                  : fmt::format("{{{}!{}{}}}", name, width, conversion);
  }
  std::vector<std::pair<std::string, Ref>> named;
  for (std::size_t i = 0; values->is(kDict) && i + 1 < values->items.size(); i += 2) {
    named.emplace_back("(" + values->items[i]->text, values->items[i + 1]);
  }
  const auto& places = values->is(kTuple) ? values->items : std::vector{values};
  const Ref made = format_text(fields, places, named);
  return made->is_unknown() ? make_unknown("a string made with %") : made;
}

}  // namespace drift::migrations
