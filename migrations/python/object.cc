#include "migrations/python/object.h"

#include <algorithm>

namespace drift::migrations {

Slot* Names::find(std::string_view name) {
  if (slots_.size() > kFew) {
    const auto found = table_.find(name);
    return found == table_.end() ? nullptr : &slots_[found->second];
  }
  for (Slot& slot : slots_) {
    // Most differ in the first letter.
    if (slot.name.size() == name.size() && slot.name.front() == name.front() && slot.name == name) {
      return &slot;
    }
  }
  return nullptr;
}

Slot& Names::operator[](std::string_view name) {
  if (Slot* const found = find(name)) return *found;
  if (slots_.empty()) slots_.reserve(16);
  slots_.emplace_back().name = name;
  for (std::size_t i = table_.size(); slots_.size() > kFew && i < slots_.size(); ++i) {
    table_[slots_[i].name] = i;
  }
  return slots_.back();
}

std::shared_ptr<Scope> inner_scope(const std::shared_ptr<Scope>& outer) {
  const auto made = std::make_shared<Scope>();
  made->outer = outer;
  made->module = outer->module;
  return made;
}

const Object* Object::argument(std::string_view name) const {
  for (const auto& [known, value] : named) {
    if (known == name) return value.get();
  }
  return nullptr;
}

const Object* Object::argument(std::size_t place, std::string_view name) const {
  return place < items.size() ? items[place].get() : argument(name);
}

Ref make_object(ObjectKind kind, std::string text) {
  auto made = std::make_shared<Object>();
  made->kind = kind;
  made->text = std::move(text);
  return made;
}

Ref make_text(std::string_view text) { return make_object(ObjectKind::kText, std::string(text)); }

Ref make_integer(std::int64_t number) {
  auto made = make_object(ObjectKind::kInteger);
  made->number = number;
  return made;
}

Ref make_boolean(bool truth) {
  auto made = make_object(ObjectKind::kBoolean);
  made->number = truth ? 1 : 0;
  return made;
}

Ref make_unknown(std::string why, bool foreign) {
  auto made = make_object(ObjectKind::kUnknown, std::move(why));
  made->foreign = foreign;
  return made;
}

Ref make_items(ObjectKind kind, std::vector<Ref> items, int doubts) {
  auto made = make_object(kind);
  made->items = std::move(items);
  made->doubts = doubts;
  return made;
}

Ref make_member(Ref base, std::string_view name) {
  auto made = make_object(ObjectKind::kMember, std::string(name));
  made->base = std::move(base);
  return made;
}

Ref none() { return make_object(ObjectKind::kNone); }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::optional<bool> truth_of(const Object& object) {
  switch (object.kind) {
    case ObjectKind::kNone: return false;
    case ObjectKind::kBoolean:
    case ObjectKind::kInteger: return object.number != 0;
    case ObjectKind::kText:
    case ObjectKind::kBytes: return !object.text.empty();
    case ObjectKind::kList:
    case ObjectKind::kTuple:
    case ObjectKind::kSet:
    case ObjectKind::kDict: return !object.items.empty();
    case ObjectKind::kFunction:
    case ObjectKind::kClass:
    case ObjectKind::kModule:
    case ObjectKind::kHandle:
    case ObjectKind::kBatch: return true;
    default: return std::nullopt;
  }
}

std::optional<bool> equal(const Object& a, const Object& b) {
  if (&a == &b && !a.is_unknown()) return true;
  const auto number = [](const Object& one) {
    return one.is(ObjectKind::kBoolean) || one.is(ObjectKind::kInteger);
  };
  const auto known = [](const Object& one) {
    return (one.kind <= ObjectKind::kBytes && !one.is(ObjectKind::kFloat)) || one.is_sequence();
  };
  if (!known(a) || !known(b)) return std::nullopt;
  if (number(a) && number(b)) return a.number == b.number;
  if (a.kind != b.kind || a.text != b.text) return false;
  if (a.is(ObjectKind::kSet)) return std::nullopt;
  if (a.items.size() != b.items.size()) return false;
  bool certain = true;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    const auto same = equal(*a.items[i], *b.items[i]);
    if (same && !*same) return false;
    certain = certain && same.has_value();
  }
  return certain ? std::optional(true) : std::nullopt;
}

bool same(const Ref& a, const Ref& b) { return a == b || equal(*a, *b).value_or(false); }

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
  switch (object->kind) {
    case ObjectKind::kList:
    case ObjectKind::kTuple:
    case ObjectKind::kSet: return object->items;
    case ObjectKind::kDict: {
      std::vector<Ref> keys;
      for (std::size_t i = 0; i + 1 < object->items.size(); i += 2)
        keys.push_back(object->items[i]);
      return keys;
    }
    case ObjectKind::kText: {
      if (!is_ascii(object->text)) return std::nullopt;
      std::vector<Ref> characters;
      for (const char c : object->text) characters.push_back(make_text({&c, 1}));
      return characters;
    }
    default: return std::nullopt;
  }
}

}  // namespace drift::migrations
