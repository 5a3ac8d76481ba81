#include "migrations/python/object.h"

#include <algorithm>

namespace drift::migrations {

using enum ObjectKind;

const Object* Object::argument(std::string_view name) const {
  for (const auto& [known, value] : named) {
    if (known == name) return value.get();
  }
  return nullptr;
}

const Object* Object::argument(std::size_t place, std::string_view name) const {
  return place < items.size() ? items[place].get() : argument(name);
}

Ref make_object(ObjectKind kind, std::string text, std::int64_t number) {
  auto made = std::make_shared<Object>();
  made->kind = kind;
  made->text = std::move(text);
  made->number = number;
  return made;
}

Ref none() {
  static const Ref kOnly = make_object(kNone);
  return kOnly;
}

Ref make_unknown(std::string why, bool foreign) {
  return std::make_shared<Object>(
      Object{.kind = kUnknown, .foreign = foreign, .text = std::move(why)});
}

Ref make_items(ObjectKind kind, std::vector<Ref> items, int doubts) {
  // What holds itself a thousand times over is more than the stack can let go of.
  constexpr std::int64_t kMostNested = 100;
  std::int64_t nested = 0;
  for (const Ref& one : items) {
    if (!one->items.empty()) nested = std::max(nested, one->number + 1);
  }
  if (nested > kMostNested) return make_unknown("a value nested too deeply", true);
  return std::make_shared<Object>(
      Object{.kind = kind, .number = nested, .items = std::move(items), .doubts = doubts});
}

Ref make_member(Ref base, std::string_view name) {
  return std::make_shared<Object>(
      Object{.kind = kMember, .text = std::string(name), .base = std::move(base)});
}

bool are_texts(const std::vector<Ref>& items) {
  return std::all_of(items.begin(), items.end(), [](const Ref& one) { return one->is(kText); });
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::optional<bool> truth_of(const Object& object) {
  switch (object.kind) {
    case kNone:
    case kBoolean:
    case kInteger: return object.number != 0;
    case kText:
    case kBytes: return !object.text.empty();
    case kFunction:
    case kClass:
    case kModule:
    case kHandle:
    case kBatch: return true;
    case kUnknown: return object.number != 0 ? std::optional(object.number > 0) : std::nullopt;
    default:
      if (object.is_sequence() || object.is(kDict)) return !object.items.empty();
      return std::nullopt;
  }
}

std::optional<bool> equal(const Object& a, const Object& b, int& comparisons_left) {
  if (--comparisons_left < 0) return std::nullopt;
  if (&a == &b && !a.is_unknown()) return true;
  const auto number = [](const Object& one) { return one.is(kBoolean) || one.is(kInteger); };
  const auto known = [](const Object& one) {
    return (one.kind <= kBytes && !one.is(kFloat)) || one.is_sequence();
  };
  if (!known(a) || !known(b)) return std::nullopt;
  if (number(a) && number(b)) return a.number == b.number;
  if (a.kind != b.kind || a.text != b.text) return false;
  if (a.is(kSet)) return std::nullopt;
  if (a.items.size() != b.items.size()) return false;
  bool certain = true;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    const auto same = equal(*a.items[i], *b.items[i], comparisons_left);
    if (same && !*same) return false;
    certain = certain && same.has_value();
  }
  return certain ? std::optional(true) : std::nullopt;
}

std::optional<bool> equal(const Object& a, const Object& b) {
  int comparisons_left = 4000;
  return equal(a, b, comparisons_left);
}

bool same(const Ref& a, const Ref& b) { return a == b || (!a->is(kList) && equal(*a, *b) == true); }

std::optional<std::size_t> find_key(const Object& dict, const Object& key) {
  // Of keys that are written twice the last counts.
  for (std::size_t i = dict.items.size(); i >= 2; i -= 2) {
    const auto same = equal(*dict.items[i - 2], key);
    if (!same) return std::nullopt;
    if (*same) return i - 2;
  }
  return dict.items.size();
}

void set_item(Object& dict, const Ref& key, const Ref& value) {
  const auto found = find_key(dict, *key);
  if (found && *found < dict.items.size()) {
    dict.items[*found + 1] = value;
  } else {
    dict.items.insert(dict.items.end(), {key, value});
  }
}

std::optional<std::vector<Ref>> elements_of(const Ref& object) {
  constexpr std::size_t kLongest = 10'000;
  if (object->is_sequence()) return object->items;
  const bool text = object->is(kText) && is_ascii(object->text) && object->text.size() <= kLongest;
  if (!text && !object->is(kDict)) return std::nullopt;
  std::vector<Ref> elements;
  for (const char c : object->text) elements.push_back(make_text({&c, 1}));
  for (std::size_t i = 0; i < object->items.size(); i += 2) elements.push_back(object->items[i]);
  return elements;
}

}  // namespace drift::migrations
