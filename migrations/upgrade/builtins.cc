#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "drift/base/text.h"
#include "migrations/upgrade/interpreter.h"

// Functions, methods and formats that Python has built in.
// https://docs.python.org/3/library/functions.html
// https://docs.python.org/3/library/stdtypes.html

namespace drift::migrations {
namespace {

// These take the elements of what they are given; of those of the others that are not followed here
// nothing is known.
constexpr std::string_view kOfElements =
    " enumerate frozenset len list reversed set sorted tuple zip ";
constexpr std::string_view kOther =
    " __import__ abs all any bin bool bytearray bytes callable chr compile dict divmod eval exec "
    "filter float format getattr globals hasattr hash hex id input int isinstance issubclass iter "
    "locals map max min next object open ord pow print property range repr round setattr slice "
    "staticmethod str sum super type vars ";

using Text = std::optional<std::string>;

// What stands before `end`, which goes with it; all where it is not there.
std::string_view take(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

// str(object), or repr(object), where that can be known.
Text text_of(const Object& object, bool as_repr = false) {
  const std::string& text = object.text;
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
    default: break;
  }
  return std::nullopt;
}

}  // namespace

Ref Interpreter::undefined(std::string_view name) {
  TreeModule& module = *frame_->scope->module;
  const bool builtin = is_listed(name, kOfElements) || is_listed(name, kOther);
  if (!builtin && !module.star.empty()) return imported(module, module.star, name);
  return make_object(kSymbol, dotted("builtins", name));
}

// Null where it is no built-in function of Python.
Ref Interpreter::call_builtin(std::string_view name, Arguments& arguments) {
  const std::vector<Ref>& given = arguments.items;
  const std::size_t count = given.size();
  const Ref self = name == "super" ? this->name("self") : none();
  const bool acts = std::ranges::any_of(given, may_act) ||
                    (self->base && std::ranges::any_of(self->base->items, may_act));
  const Ref unknown = make_unknown(fmt::format("what {}() gives", name), acts);

  if (is_listed(name, " __import__ eval exec globals locals vars ")) {
    return unread(fmt::format("a call of {}()", name), fmt::format("{}()", name));
  }
  if (name == "setattr" && count > 0) forget(given[0], "what setattr() changed");
  if (!arguments.whole) return unknown;
  if (name == "getattr" && count >= 2 && given[1]->is(kText)) {
    return attribute(given[0], given[1]->text);
  }
  if (is_listed(name, " format repr str ") && count == 1) {
    if (const auto text = text_of(*given[0], name == "repr")) return make_text(*text);
    return make_unknown(given[0]->is_unknown() ? given[0]->text : "a text");
  }
  if (name == "dict") {
    const Ref made = collect(kDict, {});
    container_method(made, "update", arguments);
    return made->is_unknown() ? unknown : made;
  }
  if (name == "range" && (count == 1 || count == 2)) {
    constexpr std::int64_t kMost = 50'000;
    const std::int64_t first = count == 1 ? 0 : given[0]->number, last = given.back()->number;
    const bool known = given[0]->is(kInteger) && given.back()->is(kInteger);
    if (!known || first < -kMost || last > kMost) return unknown;
    std::vector<Ref> items;
    for (auto i = first; i < last; ++i) items.push_back(make_integer(i));
    return collect(kList, std::move(items));
  }
  if (is_listed(name, kOfElements) && arguments.named.empty()) {
    std::vector<std::vector<Ref>> all;
    std::size_t shortest = count == 0 ? 0 : SIZE_MAX;
    for (const Ref& one : given) {
      const auto found = elements_of(one);
      if (!found) return unknown;
      spend(found->size() * 16);
      shortest = std::min(shortest, found->size());
      all.push_back(*found);
    }
    if (name == "len") return make_integer(static_cast<std::int64_t>(shortest));
    std::vector<Ref> items = all.empty() ? std::vector<Ref>() : all[0];
    for (std::size_t i = 0; i < shortest && is_listed(name, " enumerate zip "); ++i) {
      std::vector<Ref> row;
      if (name == "enumerate") row.push_back(make_integer(static_cast<std::int64_t>(i)));
      for (const auto& one : all) row.push_back(one[i]);
      items[i] = collect(kTuple, std::move(row));
    }
    if (name == "zip") items.resize(shortest);
    if (name == "reversed") std::reverse(items.begin(), items.end());
    if (name == "sorted") {
      if (!are_texts(items)) return unknown;
      std::stable_sort(items.begin(), items.end(),
                       [](const Ref& a, const Ref& b) { return a->text < b->text; });
    }
    const bool is_set = name == "set" || name == "frozenset";
    return collect(is_set ? kSet : name == "tuple" ? kTuple : kList, std::move(items));
  }
  if (!is_listed(name, kOfElements) && !is_listed(name, kOther)) return nullptr;
  for (const Ref& one : given) {
    // map(op.drop_table, names) runs what it is given.
    const bool runs = one->is(kFunction) || (one->is(kMember) && reaches_database(*one));
    if (runs) opaque(fmt::format("a call of {}()", name));
  }
  return unknown;
}

Ref Interpreter::text_method(const Object& object, std::string_view name, Arguments& arguments) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::string& text = object.text;
  const std::vector<Ref>& given = arguments.items;
  const Ref unknown = make_unknown(fmt::format("what .{}() gives", name));
  if (!arguments.whole) return unknown;
  spend(text.size());
  if (name == "format") return format_text(text, arguments);
  if (name == "join" && given.size() == 1) {
    const auto elements = elements_of(given[0]);
    if (!elements) return unknown;
    std::string made;
    std::string_view between;
    for (const Ref& one : *elements) {
      if (!one->is(kText)) return make_unknown(one->is_unknown() ? one->text : "a joined string");
      spend(text.size() + one->text.size());
      made.append(between).append(one->text);
      between = text;
    }
    return make_text(made);
  }
  if (!are_texts(given) || !arguments.named.empty() || (given.size() == 2) != (name == "replace")) {
    return unknown;
  }
  const std::string* const part = given.empty() ? nullptr : &given[0]->text;
  if (is_listed(name, " lower upper ") && is_ascii(text)) {
    return make_text(name == "lower" ? ascii_lower(text) : ascii_upper(text));
  }
  if (name == "strip" && (!part || is_ascii(*part))) {
    const std::string_view gone = part ? *part : kBlanks;
    const std::size_t begin = text.find_first_not_of(gone), end = text.find_last_not_of(gone) + 1;
    return make_text(begin < end ? text.substr(begin, end - begin) : "");
  }
  if (name == "startswith" && part) return make_boolean(text.starts_with(*part));
  if (name == "endswith" && part) return make_boolean(text.ends_with(*part));
  if (is_listed(name, " replace split ") && (!part || !part->empty())) {
    std::vector<Ref> pieces;
    for (std::string_view left = text;;) {
      spend(64);
      const std::size_t end = part ? left.find(*part) : left.find_first_of(kBlanks);
      const std::string_view piece = left.substr(0, end);
      // Between two blanks stands nothing.
      if (part || !piece.empty()) pieces.push_back(make_text(piece));
      if (end == std::string_view::npos) break;
      left.remove_prefix(end + (part ? part->size() : 1));
    }
    Arguments all{.items = {make_items(kList, std::move(pieces), doubts_)}};
    return name == "split" ? all.items[0] : text_method(*given[1], "join", all);
  }
  return unknown;
}

// Whether `object` may be changed here: where only a run can tell whether this is reached, what it
// holds is not known afterwards.
bool Interpreter::changes(const Ref& object) {
  if (object->is_unknown()) return false;
  if (doubts_ <= object->doubts) return true;
  forget(object, "a value that depends on what only a run can tell");
  object->items.clear();
  return false;
}

void Interpreter::forget(const Ref& object, std::string why) {
  object->foreign = may_act(object);
  object->kind = kUnknown;
  object->text = std::move(why);
}

void Interpreter::insert(Object& object, std::vector<Ref> more) {
  const std::vector<Ref>& items = object.items;
  spend(more.size() * 32);
  if (!object.is(kDict) && !object.is(kSet)) {
    object.items.insert(items.end(), more.begin(), more.end());
    return;
  }
  for (std::size_t i = 0; i < more.size(); ++i) {
    const Ref& key = more[i];
    step(1 + items.size() / (key->items.empty() ? 512 : 1));
    const auto is_key = [&](const Ref& one) { return same(one, key); };
    if (object.is(kDict)) {
      set_item(object, key, more[++i]);
    } else if (std::none_of(items.begin(), items.end(), is_key)) {
      object.items.push_back(key);
    }
  }
}

Ref Interpreter::collect(ObjectKind kind, std::vector<Ref> items) {
  Object made;
  made.kind = kind;
  insert(made, std::move(items));
  return make_items(kind, std::move(made.items), doubts_);
}

void Interpreter::extend(const Ref& object, const Ref& more) {
  if (!changes(object)) return;
  const bool is_dict = object->is(kDict);
  if (is_dict && more->is(kDict)) return insert(*object, more->items);
  const auto elements = is_dict ? std::nullopt : elements_of(more);
  if (!elements) return forget(object, is_dict ? "a dict that was updated" : "a list that grew");
  insert(*object, *elements);
}

Ref Interpreter::container_method(const Ref& object, std::string_view name, Arguments& arguments) {
  const std::vector<Ref>& given = arguments.items;
  std::vector<Ref>& items = object->items;
  const std::size_t count = arguments.whole ? given.size() : 0;
  const bool is_dict = object->is(kDict);
  const Ref unknown = make_unknown(fmt::format("what .{}() gives", name), may_act(object));
  spend(items.size() * 8);
  if (name == "copy") return make_items(object->kind, items, doubts_);
  if (is_dict && is_listed(name, " keys values items ")) {
    std::vector<Ref> found;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      spend(64);
      const Ref both = make_items(kTuple, {items[i], items[i + 1]});
      found.push_back(name == "items" ? both : both->items[name == "keys" ? 0 : 1]);
    }
    return make_items(kList, std::move(found), doubts_);
  }
  if (is_dict && is_listed(name, " get pop ") && count > 0) {
    const auto found = find_key(*object, *given[0]);
    if (found == items.size()) return count > 1 ? given[1] : none();
    if (found) {
      const auto key = items.begin() + static_cast<std::ptrdiff_t>(*found);
      const Ref value = key[1];
      if (name == "pop" && changes(object)) items.erase(key, key + 2);
      return value;
    }
  }
  if (is_listed(name, " add append extend update ") && arguments.whole) {
    const bool one = name == "add" || name == "append";
    for (const Ref& more : given) extend(object, one ? make_items(kTuple, {more}) : more);
    for (const auto& [key, value] : arguments.named) {
      extend(object, make_items(kDict, {make_text(key), value}));
    }
    return none();
  }
  if (!is_listed(name, " count difference get index intersection union ") && changes(object)) {
    forget(object,
           is_dict ? "a dict that was updated" : fmt::format("a list that .{}() changed", name));
  }
  return unknown;
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
Ref Interpreter::format_text(std::string_view text, const Arguments& given) {
  std::map<std::string, Ref> values;
  for (const Ref& value : given.items) values.emplace(std::to_string(values.size()), value);
  for (const auto& [name, value] : given.named) values[name] = value;
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
  Arguments given{.items = values->is(kTuple) ? values->items : std::vector{values}};
  for (std::size_t i = 0; values->is(kDict) && i + 1 < values->items.size(); i += 2) {
    given.named.emplace_back("(" + values->items[i]->text, values->items[i + 1]);
  }
  const Ref made = format_text(fields, given);
  return made->is_unknown() ? make_unknown("a string made with %") : made;
}

}  // namespace drift::migrations
