#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "migrations/upgrade/interpreter.h"

// https://docs.python.org/3/library/functions.html

namespace drift::migrations {

namespace {

// These take the elements of what they are given; of those of the others that are not followed here
// nothing is known.
constexpr std::string_view kOfElements =
    " all any bool enumerate frozenset len list reversed set sorted tuple zip ";
constexpr std::string_view kOther =
    " Exception NotImplementedError RuntimeError ValueError abs bin bytearray bytes callable chr "
    "divmod filter float format getattr hasattr hash hex id input int isinstance issubclass iter "
    "map max min next object open ord pow property range repr round setattr slice staticmethod str "
    "sum super type ";

bool is_small(const Ref& one) {
  constexpr std::int64_t kMost = 50'000;
  return one->is(kInteger) && one->number >= -kMost && one->number <= kMost;
}

}  // namespace

// Null where it is no built-in function of Python.
Ref Interpreter::call_builtin(std::string_view name, Arguments& arguments) {
  using Items = std::vector<Ref>;
  Items& given = arguments.places;
  if (name == "enumerate" && arguments.named.size() == 1) {  // start=1
    given.push_back(std::exchange(arguments.named, {})[0].second);
  }
  const std::size_t count = given.size();
  const Ref unknown = make_unknown(fmt::format("what {}() gives", name));
  const auto sequence = [&](ObjectKind kind, Items items) {
    spend(items.size() * 64);
    return make_items(kind, std::move(items), doubts_);
  };

  if (is_listed(name, " __import__ compile eval exec globals locals vars ")) {
    if (name != "compile") opaque(fmt::format("a call of {}()", name));
    return make_unknown(unknown->text, true);
  }
  if (!arguments.whole) return unknown;
  if (name == "print") return none();
  if (name == "getattr" && count >= 2 && given[1]->is(kText)) {
    return attribute(given[0], given[1]->text);
  }
  if (name == "isinstance" && count == 2 && given[0]->kind <= kDict) {
    if (given[1]->text == "builtins.str") return make_boolean(given[0]->is(kText));
    if (given[1]->text == "builtins.list") return make_boolean(given[0]->is(kList));
  }
  if (is_listed(name, " format repr str ") && count == 1) {
    if (const auto text = text_of(*given[0], name == "repr")) return make_text(*text);
    return make_unknown(given[0]->is_unknown() ? given[0]->text : "a text");
  }
  if (name == "dict") {
    const Ref made = sequence(kDict, {});
    container_method(made, "update", arguments);
    return made->is_unknown() ? unknown : made;
  }
  if (name == "range" && (count == 1 || count == 2)) {
    if (!is_small(given.front()) || !is_small(given.back())) return unknown;
    Items items;
    for (auto i = count == 1 ? 0 : given.front()->number; i < given.back()->number; ++i) {
      items.push_back(make_integer(i));
    }
    return sequence(kList, std::move(items));
  }
  if (is_listed(name, kOfElements) && arguments.named.empty()) {
    std::vector<Items> all;
    std::size_t shortest = count == 0 ? 0 : SIZE_MAX;
    std::int64_t number = 0;
    for (const Ref& one : given) {
      if (name == "enumerate" && !all.empty() && is_small(one)) {
        number = one->number;
        continue;
      }
      const auto found = name == "bool" ? given : elements_of(one);
      if (!found) return unknown;
      spend(found->size() * 16);
      shortest = std::min(shortest, found->size());
      all.push_back(*found);
    }
    Items items = all.empty() ? Items() : all[0];
    if (name == "len") return make_integer(static_cast<std::int64_t>(shortest));
    if (is_listed(name, " all any bool ")) {
      bool certain = true;
      for (const Ref& one : items) {
        const auto truth = truth_of(*one);
        if (truth == (name != "all")) return make_boolean(*truth);
        certain = certain && truth;
      }
      return certain ? make_boolean(name == "all") : unknown;
    }
    for (std::size_t i = 0; i < shortest && is_listed(name, " enumerate zip "); ++i) {
      Items row;
      if (name == "enumerate") row.push_back(make_integer(number++));
      for (const Items& one : all) row.push_back(one[i]);
      items[i] = sequence(kTuple, std::move(row));
    }
    if (name == "zip") items.resize(shortest);
    if (name == "reversed") std::reverse(items.begin(), items.end());
    if (name == "sorted") {
      if (!are_texts(items)) return unknown;
      std::stable_sort(items.begin(), items.end(),
                       [](const Ref& a, const Ref& b) { return a->text < b->text; });
    }
    const bool is_set = name == "set" || name == "frozenset";
    return sequence(is_set ? kSet : name == "tuple" ? kTuple : kList, std::move(items));
  }
  if (!is_listed(name, kOfElements) && !is_listed(name, kOther)) return nullptr;
  // map(op.drop_table, names) runs what it is given.
  const bool runs = std::any_of(given.begin(), given.end(), [](const Ref& one) {
    return one->is(kFunction) || (one->is(kMember) && reaches_database(*one));
  });
  if (runs) opaque(fmt::format("a call of {}()", name));
  return unknown;
}

}  // namespace drift::migrations
