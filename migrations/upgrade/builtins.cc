#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

// https://docs.python.org/3/library/functions.html

namespace drift::migrations {

// Nothing where it is no built-in function of Python that is followed here.
Ref Interpreter::call_builtin(std::string_view name, Arguments& arguments) {
  const std::vector<Ref>& given = arguments.places;
  const auto elements = [&]() -> std::optional<std::vector<Ref>> {
    if (given.empty()) return std::vector<Ref>{};
    auto found = elements_of(given[0]);
    if (found) spend(found->size() * 16);
    return found;
  };
  const auto sequence = [&](ObjectKind kind, std::vector<Ref> items) {
    const Ref made = make_object(kind);
    made->items = std::move(items);
    made->doubts = doubts_;
    return made;
  };
  const auto unknown = [&] { return make_unknown("what " + std::string(name) + "() gives"); };
  if (!arguments.whole) return unknown();
  if (is_listed(
          name,
          " callable hasattr id input isinstance issubclass open print setattr super type ")) {
    if (name == "isinstance" && given.size() == 2 && given[1]->is(ObjectKind::kSymbol)) {
      const std::string_view type = last_of(given[1]->text);
      if (type == "str" && !given[0]->is_unknown())
        return make_boolean(given[0]->is(ObjectKind::kText));
      if (type == "list" && given[0]->is_sequence())
        return make_boolean(given[0]->is(ObjectKind::kList));
      if (given[0]->is(ObjectKind::kHandle) && given[0]->text == "dialect") {
        return make_boolean(given[1]->text.find("postgresql") != std::string::npos);
      }
    }
    return name == "print" ? none() : unknown();
  }
  if (name == "len" && given.size() == 1) {
    const auto found = elements();
    return found ? make_integer(static_cast<std::int64_t>(found->size())) : unknown();
  }
  if (name == "str" || name == "repr" || name == "format") {
    if (given.empty()) return make_text("");
    const auto text = name == "repr" ? repr_of(*given[0]) : text_of(*given[0]);
    if (name == "format" && given.size() > 1) return unknown();
    return text ? make_text(*text)
                : make_unknown(given[0]->is_unknown() ? given[0]->text : "a text");
  }
  if (name == "int" && given.size() == 1 && given[0]->is(ObjectKind::kInteger)) return given[0];
  if (name == "bool" && given.size() == 1) {
    const auto truth = truth_of(*given[0]);
    return truth ? make_boolean(*truth) : unknown();
  }
  if (name == "list" || name == "tuple" || name == "set" || name == "frozenset" ||
      name == "reversed" || name == "sorted") {
    auto found = elements();
    if (!found) return unknown();
    if (name == "reversed") std::reverse(found->begin(), found->end());
    if (name == "sorted") {
      const bool texts = std::all_of(found->begin(), found->end(),
                                     [](const Ref& one) { return one->is(ObjectKind::kText); });
      if (!texts || !arguments.named.empty()) return unknown();
      std::stable_sort(found->begin(), found->end(),
                       [](const Ref& a, const Ref& b) { return a->text < b->text; });
    }
    return sequence(name == "tuple"                        ? ObjectKind::kTuple
                    : name == "set" || name == "frozenset" ? ObjectKind::kSet
                                                           : ObjectKind::kList,
                    std::move(*found));
  }
  if (name == "dict") {
    const Ref made = make_object(ObjectKind::kDict);
    made->doubts = doubts_;
    if (!given.empty()) {
      if (!given[0]->is(ObjectKind::kDict)) return unknown();
      made->items = given[0]->items;
    }
    for (const auto& [key, value] : arguments.named) {
      made->items.push_back(make_text(key));
      made->items.push_back(value);
    }
    spend(made->items.size() * 16);
    return made;
  }
  if (name == "range" && !given.empty() && given.size() <= 2) {
    if (!std::all_of(given.begin(), given.end(),
                     [](const Ref& one) { return one->is(ObjectKind::kInteger); })) {
      return unknown();
    }
    const std::int64_t first = given.size() == 2 ? given[0]->number : 0;
    const std::int64_t last = given.back()->number;
    if (last - first > 100'000 || last < -100'000'000 || first < -100'000'000) return unknown();
    std::vector<Ref> items;
    for (std::int64_t i = first; i < last; ++i) items.push_back(make_integer(i));
    spend(items.size() * 64);
    return sequence(ObjectKind::kList, std::move(items));
  }
  if (name == "enumerate" && !given.empty()) {
    const auto found = elements();
    if (!found) return unknown();
    std::int64_t number = given.size() > 1 ? given[1]->number : 0;
    for (const auto& [key, value] : arguments.named) {
      if (key == "start") number = value->number;
    }
    std::vector<Ref> items;
    for (const Ref& one : *found) {
      items.push_back(sequence(ObjectKind::kTuple, {make_integer(number++), one}));
    }
    spend(items.size() * 64);
    return sequence(ObjectKind::kList, std::move(items));
  }
  if (name == "zip") {
    std::vector<std::vector<Ref>> all;
    std::size_t shortest = given.empty() ? 0 : SIZE_MAX;
    for (const Ref& one : given) {
      auto found = elements_of(one);
      if (!found) return unknown();
      shortest = std::min(shortest, found->size());
      all.push_back(std::move(*found));
    }
    spend(shortest * 64);
    std::vector<Ref> items;
    for (std::size_t i = 0; i < shortest; ++i) {
      std::vector<Ref> tuple;
      for (const auto& one : all) tuple.push_back(one[i]);
      items.push_back(sequence(ObjectKind::kTuple, std::move(tuple)));
    }
    return sequence(ObjectKind::kList, std::move(items));
  }
  if ((name == "any" || name == "all") && given.size() == 1) {
    const auto found = elements();
    if (!found) return unknown();
    const bool is_any = name == "any";
    bool certain = true;
    for (const Ref& one : *found) {
      const auto truth = truth_of(*one);
      if (truth && *truth == is_any) return make_boolean(is_any);
      certain = certain && truth.has_value();
    }
    return certain ? make_boolean(!is_any) : unknown();
  }
  if (name == "getattr" && given.size() >= 2 && given[1]->is(ObjectKind::kText)) {
    return attribute(given[0], given[1]->text);
  }
  if (name == "exec" || name == "eval" || name == "globals" || name == "locals" ||
      name == "__import__" || name == "compile" || name == "vars") {
    if (name != "compile") opaque("a call of " + std::string(name) + "()");
    return make_unknown("what " + std::string(name) + "() gives", true);
  }
  constexpr std::string_view kPlain =
      " map filter min max sum abs round next iter ord chr hash int float bytes bytearray object "
      "divmod pow Exception ValueError RuntimeError NotImplementedError bin hex slice any all "
      "len range bool getattr property staticmethod ";
  if (is_listed(name, kPlain)) {
    // map(op.drop_table, names) runs what it is given.
    for (const Ref& one : given) {
      if (one->is(ObjectKind::kFunction) || one->is(ObjectKind::kMember)) {
        if (reaches_database(*one) || one->is(ObjectKind::kFunction)) {
          opaque("a call of " + std::string(name) + "()");
        }
      }
    }
    return unknown();
  }
  return nullptr;
}

}  // namespace drift::migrations
