#include <algorithm>

#include "migrations/upgrade/interpreter.h"

// Elements, slices and attributes of values.

namespace drift::migrations {

Ref Interpreter::sliced(const Ref& of, const Expr& slice) {
  const bool is_text = of->is(kText) && elements_of(of);
  bool known = (is_text || of->is_sequence()) && slice.items[2] == nullptr;
  const auto size = static_cast<std::int64_t>(size_of(*of));
  std::int64_t bounds[] = {0, size};
  for (const std::size_t i : {0u, 1u}) {
    if (slice.items[i] == nullptr) continue;
    const Ref bound = evaluate(*slice.items[i]);
    known = known && bound->is(kInteger);
    const std::int64_t at = bound->number < 0 ? bound->number + size : bound->number;
    bounds[i] = std::clamp<std::int64_t>(at, 0, size);
  }
  if (!known) return make_unknown("a slice");
  const std::int64_t begin = bounds[0], end = std::max(bounds[1], begin);
  spend(static_cast<std::size_t>(end - begin) * 16);
  if (is_text) return make_text({of->text.begin() + begin, of->text.begin() + end});
  return make_items(of->kind, {of->items.begin() + begin, of->items.begin() + end}, doubts_);
}

Ref Interpreter::subscript(const Ref& of, const Expr& index) {
  if (index.kind == ExprKind::kSlice) return sliced(of, index);
  const Ref key = evaluate(index);
  const auto size = static_cast<std::int64_t>(of->items.size());
  if (of->is(kDict)) {
    step(of->items.size() / 2);
    const auto found = find_key(*of, *key);
    if (found && *found < of->items.size()) return of->items[*found + 1];
    return make_unknown("a key that is not known");
  }
  if ((of->is(kList) || of->is(kTuple)) && key->is(kInteger)) {
    const std::int64_t at = key->number < 0 ? key->number + size : key->number;
    if (at >= 0 && at < size) return of->items[static_cast<std::size_t>(at)];
  }
  if (of->is(kClass)) return attribute(of, key->text);
  const bool foreign =
      (of->is_unknown() && of->foreign) || (of->is(kSymbol) && !of->text.starts_with("sqlalchemy"));
  return make_unknown("an element that only a run can tell", foreign);
}

Ref Interpreter::attribute(const Ref& of, std::string_view name) {
  step();
  switch (of->kind) {
    case kSymbol: {
      const std::string whole = dotted(of->text, name);
      spend(whole.size());
      if (whole == "alembic.op" || whole == "alembic.context") return handle(std::string(name));
      // `import app.helpers` binds `app`; what lies below it may be in the tree.
      if (of->foreign) return imported(frame_->scope->module->name, of->text, name);
      return make_object(kSymbol, whole);
    }
    case kModule: return exported(*of->scope->module, name);
    case kHandle: return handle_attribute(of, name);
    case kUnknown: return of;
    case kClass: {
      const Slot* const found = of->scope->names.find(name);
      const auto is_enumeration = [](const Ref& base) {
        return base->text.ends_with("Enum") || base->text.ends_with("Flag");
      };
      if (found != nullptr && found->value->is(kText) &&
          std::any_of(of->items.begin(), of->items.end(), is_enumeration)) {
        return construct("enum.member",
                         {.named = {{"value", found->value}, {"name", make_text(name)}}});
      }
      if (found != nullptr) return resolved(found->value);
      if (name == "__table__") return of;
      for (const Ref& base : of->items) {
        if (base->is(kClass) && base != of) return attribute(base, name);
      }
      return make_member(of, name);
    }
    case kConstruct: {
      const Object* const value = of->argument(name);
      if (value != nullptr && (of->text == "enum.member" || name == "name")) {
        return std::make_shared<Object>(*value);
      }
      if (!of->base || !of->base->is(kClass)) return make_member(of, name);
      Ref found = attribute(of->base, name);
      if (found->is(kMember)) return make_member(of, name);
      if (found->is(kFunction)) {
        found = std::make_shared<Object>(*found);
        found->base = of;
      }
      return found;
    }
    case kFunction: return make_unknown("an attribute of a function", true);
    default: return make_member(of, name);
  }
}

}  // namespace drift::migrations
