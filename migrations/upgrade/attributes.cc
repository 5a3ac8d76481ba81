#include <algorithm>

#include "migrations/upgrade/interpreter.h"

// Elements, slices and attributes of values.

namespace drift::migrations {
Ref Interpreter::sliced(const Ref& of, const Expr& slice) {
  const auto bound = [&](std::size_t which, std::int64_t otherwise) -> std::optional<std::int64_t> {
    if (slice.items[which] == nullptr) return otherwise;
    const Ref value = evaluate(*slice.items[which]);
    if (!value->is(ObjectKind::kInteger)) return std::nullopt;
    return value->number;
  };
  if ((!of->is(ObjectKind::kText) && !of->is_sequence()) || slice.items[2] != nullptr) {
    return make_unknown("a slice");
  }
  const auto size = static_cast<std::int64_t>(size_of(*of));
  auto begin = bound(0, 0), end = bound(1, size);
  if (!begin || !end) return make_unknown("a slice");
  const auto inside = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t first = inside(*begin), last = std::max(inside(*end), first);
  const Ref made = make_object(of->kind);
  made->doubts = doubts_;
  if (of->is(ObjectKind::kText)) {
    if (std::any_of(of->text.begin(), of->text.end(), [](char c) { return (c & 0x80) != 0; })) {
      return make_unknown("a slice");
    }
    made->text =
        of->text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
  } else {
    made->items.assign(of->items.begin() + first, of->items.begin() + last);
  }
  spend(static_cast<std::size_t>(last - first) * 16);
  return made;
}

Ref Interpreter::subscript(const Ref& of, const Expr& index) {
  if (index.kind == ExprKind::kSlice) return sliced(of, index);
  const Ref key = evaluate(index);
  if (of->is(ObjectKind::kDict)) {
    bool certain = true;
    for (std::size_t i = of->items.size(); i >= 2; i -= 2) {
      step();
      const auto same = equal(*of->items[i - 2], *key);
      if (same && *same) return of->items[i - 1];
      certain = certain && same.has_value();
    }
    return make_unknown("a key that is not known");
  }
  if ((of->is(ObjectKind::kList) || of->is(ObjectKind::kTuple)) && key->is(ObjectKind::kInteger)) {
    const auto size = static_cast<std::int64_t>(of->items.size());
    const std::int64_t at = key->number < 0 ? key->number + size : key->number;
    if (at >= 0 && at < size) return of->items[static_cast<std::size_t>(at)];
  }
  if (of->is(ObjectKind::kClass)) return attribute(of, key->text);
  const bool foreign = (of->is_unknown() && of->foreign) ||
                       (of->is(ObjectKind::kSymbol) && !of->text.starts_with("sqlalchemy"));
  return make_unknown("an element that only a run can tell", foreign);
}

Ref Interpreter::attribute(const Ref& of, std::string_view name) {
  step();
  const auto member = [&] {
    const Ref made = make_object(ObjectKind::kMember, std::string(name));
    made->base = of;
    return made;
  };
  switch (of->kind) {
    case ObjectKind::kSymbol: {
      const std::string whole = of->text + "." + std::string(name);
      spend(whole.size());
      // `import app.helpers` binds `app`; what lies below it may be in the tree.
      return of->foreign ? imported(*main_, of->text, name) : outside(whole);
    }
    case ObjectKind::kModule: return imported(*main_, of->text, name);
    case ObjectKind::kHandle: return handle_attribute(of, name);
    case ObjectKind::kClass: {
      if (const Slot* found = of->scope->names.find(name)) {
        const bool enumeration =
            std::any_of(of->items.begin(), of->items.end(), [](const Ref& base) {
              return base->text.ends_with("Enum") || base->text.ends_with("Flag");
            });
        if (!enumeration || !found->value->is(ObjectKind::kText)) return resolved(found->value);
        const Ref one = make_object(ObjectKind::kConstruct, "enum.member");
        one->named = {{"value", found->value}, {"name", make_text(std::string(name))}};
        return one;
      }
      const Slot* table = of->scope->names.find("__tablename__");
      if (name == "__table__" && table != nullptr) {
        const Ref made = make_object(ObjectKind::kConstruct, "sqlalchemy.Table");
        made->items.push_back(table->value);
        return made;
      }
      for (const Ref& base : of->items) {
        if (base->is(ObjectKind::kClass) && base != of) return attribute(base, name);
      }
      return member();
    }
    case ObjectKind::kConstruct: {
      if (const Object* value = of->argument(name);
          value != nullptr && (of->text == "enum.member" || name == "name")) {
        return std::make_shared<Object>(*value);
      }
      if (name == "name" && !of->items.empty() &&
          (of->text.ends_with(".Table") || of->text.ends_with(".table"))) {
        return of->items[0];
      }
      if (of->base && of->base->is(ObjectKind::kClass)) {
        if (const Slot* found = of->base->scope->names.find(name)) {
          if (!found->value->is(ObjectKind::kFunction)) return found->value;
          const Ref method = std::make_shared<Object>(*found->value);
          method->base = of;
          return method;
        }
      }
      return member();
    }
    case ObjectKind::kUnknown: {
      const Ref made = make_unknown(of->text, of->foreign);
      return made;
    }
    case ObjectKind::kFunction:
      if (name == "__name__") return make_text(of->text);
      return make_unknown("an attribute of a function", true);
    default: return member();
  }
}

}  // namespace drift::migrations
