#include <algorithm>
#include <utility>

#include "drift/base/text.h"
#include "migrations/upgrade/interpreter.h"

// Methods of str, list, set and dict: https://docs.python.org/3/library/stdtypes.html

namespace drift::migrations {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

std::string stripped(const std::string& text, std::string_view characters, bool left, bool right) {
  std::size_t begin = 0, end = text.size();
  const auto strips = [&](char c) { return characters.find(c) != std::string_view::npos; };
  while (left && begin < end && strips(text[begin])) ++begin;
  while (right && end > begin && strips(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

}  // namespace

// "{} {name!r:>3}".format(...)
static std::optional<std::string> format_text(
    const std::string& text, const std::vector<Ref>& places,
    const std::vector<std::pair<std::string, Ref>>& named) {
  std::string made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      made += c;
      i += 2;
      continue;
    }
    if (c != '{') {
      if (c == '}') return std::nullopt;
      made += c;
      ++i;
      continue;
    }
    const std::size_t close = text.find('}', i);
    if (close == std::string::npos) return std::nullopt;
    std::string_view field(text.data() + i + 1, close - i - 1);
    std::string_view specification;
    if (const std::size_t colon = field.find(':'); colon != std::string_view::npos) {
      specification = field.substr(colon + 1);
      field = field.substr(0, colon);
    }
    const Object* value = nullptr;
    if (field.empty() || std::all_of(field.begin(), field.end(), is_digit)) {
      const std::size_t at =
          field.empty() ? next++
                        : static_cast<std::size_t>(std::stoul(std::string(field.substr(0, 6))));
      if (at < places.size()) value = places[at].get();
    } else {
      for (const auto& [name, one] : named) {
        if (name == field) value = one.get();
      }
    }
    if (value == nullptr) return std::nullopt;
    const auto shown = formatted(*value, specification);
    if (!shown || made.size() > 1'000'000) return std::nullopt;
    made += *shown;
    i = close + 1;
  }
  return made;
}

Ref Interpreter::text_method(const Object& object, std::string_view name, Arguments& arguments) {
  const std::string& text = object.text;
  const std::vector<Ref>& given = arguments.places;
  const auto unknown = [&] { return make_unknown("what ." + std::string(name) + "() gives"); };
  if (!arguments.whole) return unknown();
  spend(text.size());
  const auto is_text = [&](std::size_t i) {
    return i < given.size() && given[i]->is(ObjectKind::kText);
  };
  if (name == "format" || name == "format_map") {
    std::vector<std::pair<std::string, Ref>> named = arguments.named;
    if (name == "format_map" && !given.empty() && given[0]->is(ObjectKind::kDict)) {
      for (std::size_t i = 0; i + 1 < given[0]->items.size(); i += 2) {
        named.emplace_back(given[0]->items[i]->text, given[0]->items[i + 1]);
      }
    }
    auto made = format_text(text, given, named);
    if (!made) return make_unknown("a string made with .format()");
    spend(made->size());
    return make_text(std::move(*made));
  }
  if (name == "join" && given.size() == 1) {
    const auto elements = elements_of(given[0]);
    if (!elements) return unknown();
    std::string made;
    for (std::size_t i = 0; i < elements->size(); ++i) {
      if (!(*elements)[i]->is(ObjectKind::kText)) {
        return make_unknown((*elements)[i]->is_unknown() ? (*elements)[i]->text
                                                         : "a joined string");
      }
      if (i > 0) made += text;
      made += (*elements)[i]->text;
      spend(text.size() + (*elements)[i]->text.size());
    }
    return make_text(std::move(made));
  }
  if (name == "lower" || name == "upper" || name == "casefold") {
    if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }))
      return unknown();
    std::string made = ascii_lower(text);
    if (name == "upper") {
      std::transform(made.begin(), made.end(), made.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    return make_text(std::move(made));
  }
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    const std::string_view characters = is_text(0) ? std::string_view(given[0]->text) : kBlanks;
    return make_text(stripped(text, characters, name != "rstrip", name != "lstrip"));
  }
  if (name == "replace" && is_text(0) && is_text(1) && given.size() == 2 &&
      !given[0]->text.empty()) {
    std::string made;
    for (std::size_t i = 0;;) {
      const std::size_t found = text.find(given[0]->text, i);
      made += text.substr(i, found - i);
      if (found == std::string::npos) break;
      made += given[1]->text;
      spend(given[1]->text.size());
      i = found + given[0]->text.size();
    }
    return make_text(std::move(made));
  }
  if ((name == "startswith" || name == "endswith") && given.size() == 1) {
    const auto matches = [&](const Object& part) {
      return name == "startswith" ? text.starts_with(part.text) : text.ends_with(part.text);
    };
    if (is_text(0)) return make_boolean(matches(*given[0]));
    if (given[0]->is(ObjectKind::kTuple)) {
      return make_boolean(std::any_of(given[0]->items.begin(), given[0]->items.end(),
                                      [&](const Ref& one) { return matches(*one); }));
    }
    return unknown();
  }
  if (name == "split" || name == "splitlines" || name == "rsplit") {
    const Ref made = make_object(ObjectKind::kList);
    made->doubts = doubts_;
    const bool lines = name == "splitlines";
    if (given.size() > 1 || !arguments.named.empty() || (!given.empty() && !is_text(0)) ||
        (lines && !given.empty())) {
      return unknown();
    }
    std::size_t i = 0;
    if (given.empty() && !lines) {
      while (true) {
        i = text.find_first_not_of(kBlanks, i);
        if (i == std::string::npos) break;
        const std::size_t end = std::min(text.find_first_of(kBlanks, i), text.size());
        made->items.push_back(make_text(text.substr(i, end - i)));
        spend(64);
        i = end;
      }
      return made;
    }
    const std::string separator = lines ? "\n" : given[0]->text;
    if (separator.empty()) return unknown();
    while (true) {
      const std::size_t end = text.find(separator, i);
      if (lines && end == std::string::npos && i >= text.size()) break;
      made->items.push_back(make_text(text.substr(i, end - i)));
      spend(64);
      if (end == std::string::npos) break;
      i = end + separator.size();
    }
    return made;
  }
  if ((name == "removeprefix" || name == "removesuffix") && is_text(0)) {
    const std::string& part = given[0]->text;
    if (name == "removeprefix" && text.starts_with(part))
      return make_text(text.substr(part.size()));
    if (name == "removesuffix" && text.ends_with(part)) {
      return make_text(text.substr(0, text.size() - part.size()));
    }
    return make_text(text);
  }
  if (name == "encode" || name == "decode") return make_text(text);
  return unknown();
}

// Whether `object` may be changed here: where only a run can tell whether this is reached, what it
// holds is not known afterwards.
bool Interpreter::changes(const Ref& object) {
  if (object->is_unknown()) return false;
  if (doubts_ <= object->doubts) return true;
  object->kind = ObjectKind::kUnknown;
  object->text = "a value that depends on what only a run can tell";
  object->items.clear();
  return false;
}

Ref Interpreter::container_method(const Ref& object, std::string_view name, Arguments& arguments) {
  std::vector<Ref>& given = arguments.places;
  std::vector<Ref>& items = object->items;
  const auto unknown = [&] { return make_unknown("what ." + std::string(name) + "() gives"); };
  const auto listed = [&](std::vector<Ref> found) {
    const Ref made = make_object(ObjectKind::kList);
    made->doubts = doubts_;
    made->items = std::move(found);
    return made;
  };
  if (!arguments.whole) return unknown();
  spend(items.size() * 8);
  if (object->is(ObjectKind::kDict)) {
    if (name == "keys") return listed(*elements_of(object));
    if (name == "values" || name == "items") {
      std::vector<Ref> found;
      for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        Ref one = items[i + 1];
        if (name == "items") {
          one = make_object(ObjectKind::kTuple);
          one->items = {items[i], items[i + 1]};
          spend(64);
        }
        found.push_back(std::move(one));
      }
      return listed(std::move(found));
    }
    if (name == "copy") return std::make_shared<Object>(*object);
    if ((name == "get" || name == "pop" || name == "setdefault") && !given.empty()) {
      bool certain = true;
      for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const auto same = equal(*items[i], *given[0]);
        certain = certain && same.has_value();
        if (!same || !*same) continue;
        const Ref value = items[i + 1];
        if (name == "pop" && changes(object)) {
          items.erase(items.begin() + static_cast<std::ptrdiff_t>(i),
                      items.begin() + static_cast<std::ptrdiff_t>(i) + 2);
        }
        return value;
      }
      if (!certain) return unknown();
      const Ref value = given.size() > 1 ? given[1] : none();
      if (name == "setdefault" && changes(object)) {
        items.push_back(given[0]);
        items.push_back(value);
      }
      return value;
    }
    if (name == "update" && changes(object)) {
      if (!given.empty() && !given[0]->is(ObjectKind::kDict)) {
        object->kind = ObjectKind::kUnknown;
        object->text = "a dict that was updated";
        return none();
      }
      for (const auto& [key, value] : arguments.named) {
        items.push_back(make_text(key));
        items.push_back(value);
      }
      if (!given.empty()) {
        const std::vector<Ref> more = given[0]->items;
        spend(more.size() * 16);
        items.insert(items.end(), more.begin(), more.end());
      }
      return none();
    }
    if (name != "update") changes(object);
    return unknown();
  }
  if (name == "copy") return std::make_shared<Object>(*object);
  if ((name == "append" || name == "add") && given.size() == 1) {
    spend(32);
    if (changes(object)) items.push_back(given[0]);
    return none();
  }
  if ((name == "extend" || name == "update") && given.size() == 1) {
    if (!changes(object)) return none();
    const auto more = elements_of(given[0]);
    if (!more) {
      object->kind = ObjectKind::kUnknown;
      object->text = "a list that grew";
      return none();
    }
    spend(more->size() * 16);
    items.insert(items.end(), more->begin(), more->end());
    return none();
  }
  if (name == "insert" && given.size() == 2 && given[0]->is(ObjectKind::kInteger) &&
      given[0]->number == 0) {
    if (changes(object)) items.insert(items.begin(), given[1]);
    return none();
  }
  if (name == "reverse" && changes(object)) {
    std::reverse(items.begin(), items.end());
    return none();
  }
  if (name == "index" || name == "count" || name == "issubset" || name == "union" ||
      name == "intersection" || name == "difference") {
    return unknown();
  }
  if (changes(object)) {
    object->kind = ObjectKind::kUnknown;
    object->text = "a list that ." + std::string(name) + "() changed";
  }
  return unknown();
}

}  // namespace drift::migrations
