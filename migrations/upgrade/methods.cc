#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/text.h"
#include "migrations/upgrade/interpreter.h"

// Methods of str, list, set and dict: https://docs.python.org/3/library/stdtypes.html

namespace drift::migrations {

bool are_texts(const std::vector<Ref>& items) {
  return std::all_of(items.begin(), items.end(), [](const Ref& one) { return one->is(kText); });
}

Ref Interpreter::text_method(const Object& object, std::string_view name, Arguments& arguments) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  const std::string& text = object.text;
  const std::vector<Ref>& given = arguments.places;
  const Ref unknown = make_unknown(fmt::format("what .{}() gives", name));
  if (!arguments.whole) return unknown;
  spend(text.size());
  if (name == "format") {
    const Ref made = format_text(text, given, arguments.named);
    spend(made->text.size());
    return made;
  }
  if (name == "join" && given.size() == 1) {
    const auto elements = elements_of(given[0]);
    if (!elements) return unknown;
    std::string made;
    std::string_view between;
    for (const Ref& one : *elements) {
      if (one->is_unknown()) return make_unknown(one->text);
      if (!one->is(kText)) return make_unknown("a joined string");
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
  if (is_listed(name, " lower casefold upper ") && is_ascii(text)) {
    std::string made = ascii_lower(text);
    for (char& c : made) {
      if (name == "upper" && is_letter(c)) c = static_cast<char>(c - 'a' + 'A');
    }
    return make_text(made);
  }
  if (is_listed(name, " strip lstrip rstrip ") && (part == nullptr || is_ascii(*part))) {
    const std::string_view characters = part == nullptr ? kBlanks : *part;
    std::string_view left = text;
    if (name != "lstrip") left = left.substr(0, left.find_last_not_of(characters) + 1);
    if (name != "rstrip")
      left.remove_prefix(std::min(left.find_first_not_of(characters), left.size()));
    return make_text(left);
  }
  if (name == "startswith" && part != nullptr) return make_boolean(text.starts_with(*part));
  if (name == "endswith" && part != nullptr) return make_boolean(text.ends_with(*part));
  if (is_listed(name, " replace split ") && (part == nullptr || !part->empty())) {
    std::vector<Ref> pieces;
    for (std::string_view left = text;;) {
      spend(64);
      const std::size_t end = part == nullptr ? left.find_first_of(kBlanks) : left.find(*part);
      // Between two blanks stands nothing.
      if (part != nullptr || (end > 0 && !left.empty()))
        pieces.push_back(make_text(left.substr(0, end)));
      if (end == std::string_view::npos) break;
      left.remove_prefix(end + (part == nullptr ? 1 : part->size()));
    }
    const Ref made = make_items(kList, std::move(pieces), doubts_);
    if (name == "split") return made;
    Arguments join;
    join.places = {made};
    return text_method(*given[1], "join", join);
  }
  return is_listed(name, " encode decode ") ? make_text(text) : unknown;
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
  object->kind = kUnknown;
  object->text = std::move(why);
}

void Interpreter::extend(const Ref& list, const Ref& more) {
  if (!changes(list)) return;
  const auto elements = elements_of(more);
  if (!elements) return forget(list, "a list that grew");
  spend(elements->size() * 16);
  list->items.insert(list->items.end(), elements->begin(), elements->end());
}

Ref Interpreter::container_method(const Ref& object, std::string_view name, Arguments& arguments) {
  const std::vector<Ref>& given = arguments.places;
  std::vector<Ref>& items = object->items;
  const std::size_t count = arguments.whole ? given.size() : 0;
  const bool is_dict = object->is(kDict);
  const Ref unknown = make_unknown(fmt::format("what .{}() gives", name));
  spend(items.size() * 8);
  if (name == "copy") return make_items(object->kind, items, doubts_);
  if (is_dict && is_listed(name, " keys values items ")) {
    std::vector<Ref> found;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      spend(64);
      found.push_back(name == "keys"     ? items[i]
                      : name == "values" ? items[i + 1]
                                         : make_items(kTuple, {items[i], items[i + 1]}));
    }
    return make_items(kList, std::move(found), doubts_);
  }
  if (is_dict && is_listed(name, " get pop ") && count > 0) {
    const auto at = find_key(*object, *given[0]);
    if (at == items.size()) return count > 1 ? given[1] : none();
    if (at) {
      const auto key = items.begin() + static_cast<std::ptrdiff_t>(*at);
      const Ref value = key[1];
      if (name == "pop" && changes(object)) items.erase(key, key + 2);
      return value;
    }
  }
  if (is_dict && name == "update" && arguments.whole && changes(object) &&
      (count == 0 || given[0]->is(kDict))) {
    const std::vector<Ref> more = count == 0 ? std::vector<Ref>() : given[0]->items;
    spend(more.size() * 16);
    for (std::size_t i = 0; i + 1 < more.size(); i += 2) {
      step(1 + items.size() / 64);
      set_item(*object, more[i], more[i + 1]);
    }
    for (const auto& [key, value] : arguments.named) set_item(*object, make_text(key), value);
    return none();
  }
  if (!is_dict && is_listed(name, " add append extend update ") && count == 1) {
    const bool one = name == "add" || name == "append";
    extend(object, one ? make_items(kTuple, {given[0]}) : given[0]);
    return none();
  }
  constexpr std::string_view kQuestions =
      " count difference get index intersection isdisjoint issubset issuperset union ";
  if (!is_listed(name, kQuestions) && changes(object)) {
    forget(object,
           is_dict ? "a dict that was updated" : fmt::format("a list that .{}() changed", name));
  }
  return unknown;
}

}  // namespace drift::migrations
