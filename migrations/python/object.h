// What an expression of a module stands for, as far as it can be known without running Python, and
// the names that stand for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace drift::migrations {

struct Stmt;
struct Scope;
struct TreeModule;
struct Object;
using Ref = std::shared_ptr<Object>;

enum class ObjectKind : std::uint8_t {
  kNone,
  kBoolean,    // number
  kInteger,    // number
  kFloat,      // text, as written
  kText,       // text
  kBytes,      // text
  kList,       // items
  kTuple,      // items
  kSet,        // items
  kDict,       // items: key, value, key, value
  kSymbol,     // text: the dotted name of what comes from outside the tree, "sqlalchemy.Column"
  kConstruct,  // what calling `text` (or the attribute `text` of `base`) made: items, named
  kMember,     // the attribute `text` of `base`, to be called
  kFunction,   // of the tree: statement, scope
  kClass,      // of the tree: text, scope; items: bases
  kModule,     // of the tree: text, scope
  kHandle,     // what leads to the database: text is op, context, bind, engine, dialect, url ...
  kBatch,      // of batch_alter_table: items, named
  kUnknown,    // text: why; detail: the module of the tree that it came from, if another's
};

struct Object {
  ObjectKind kind = ObjectKind::kNone;
  // kUnknown: it may be anything, one that changes the database among it. Else it only holds what
  // the database, the clock or a library said.
  bool foreign = false;
  std::int64_t number = 0;  // of what has items: their depth; kUnknown: its sign says its truth
  std::string text = {}, detail = {};
  std::vector<Ref> items = {};
  std::vector<std::pair<std::string, Ref>> named = {};
  Ref base = nullptr;
  bool whole = true;  // kConstruct: false where *x or **x of its arguments could not be known
  const Stmt* statement = nullptr;
  std::shared_ptr<Scope> scope = nullptr;
  int doubts = 0;  // tests that only a run can decide, around the place where it was made

  bool is(ObjectKind other) const { return kind == other; }
  bool is_sequence() const { return kind >= ObjectKind::kList && kind <= ObjectKind::kSet; }
  bool is_unknown() const { return is(ObjectKind::kUnknown); }
  // Of a class of the tree.
  bool is_instance() const {
    return is(ObjectKind::kConstruct) && base && base->is(ObjectKind::kClass);
  }
  // An argument by its name; null where there is none.
  const Object* argument(std::string_view name) const;
  // By its place or its name.
  const Object* argument(std::size_t place, std::string_view name) const;
};

// A name that a module, a function or a class binds.
struct Slot {
  Ref value = nullptr;  // null where it was deleted, and where nobody asked for what is imported
  // What it is of that module; of `import x` the module is empty. Most of what a migration imports
  // nobody asks about.
  std::string_view import = {}, module = {};
  const char* place = nullptr;  // of the name where it was bound last
  // Bound in a block that may not run, to a name that had no value before: the header of that
  // block.
  const char* perhaps_absent = nullptr;

  bool imports_as(const Slot& other) const {
    return !import.empty() && import == other.import && module == other.module;
  }
};

// They must outlive it.
using Names = std::unordered_map<std::string_view, Slot>;
// Null where the name was never bound.
template <class SomeNames>
auto find(SomeNames& names, std::string_view name) -> decltype(&names.begin()->second) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : &found->second;
}

// The names of a module, a function or a class.
struct Scope {
  Names names = Names(16);                                      // a migration binds about ten
  std::unordered_map<std::string_view, Scope*> elsewhere = {};  // declared global or nonlocal
  std::shared_ptr<Scope> outer = nullptr;  // of a function: the one that it stands in
  TreeModule* module = nullptr;
  bool is_class = false;
};

// By dotted name; null where the tree has no such module.
using KeptModules = std::map<std::string, std::shared_ptr<TreeModule>, std::less<>>;

Ref make_object(ObjectKind kind, std::string text = {}, std::int64_t number = 0);
Ref none();  // always the same, as in Python
inline Ref make_text(std::string_view text) {
  return make_object(ObjectKind::kText, std::string(text));
}
inline Ref make_integer(std::int64_t number) {
  return make_object(ObjectKind::kInteger, {}, number);
}
inline Ref make_boolean(bool truth) { return make_object(ObjectKind::kBoolean, {}, truth ? 1 : 0); }
Ref make_unknown(std::string why, bool foreign = false);
// A list, a tuple, a set or a dict; unknown where it would be nested too deeply.
Ref make_items(ObjectKind kind, std::vector<Ref> items, int doubts = 0);
// The attribute `name` of `base`, to be called.
Ref make_member(Ref base, std::string_view name);

bool are_texts(const std::vector<Ref>& items);
// Whether each of its bytes is a character.
bool is_ascii(std::string_view text);
// Whether Python would call it true; nothing where that cannot be known.
std::optional<bool> truth_of(const Object& object);
// Whether they are equal; nothing where that cannot be known.
std::optional<bool> equal(const Object& a, const Object& b);
// Whether they are one, or known to be equal whatever happens to one of them.
bool same(const Ref& a, const Ref& b);
// Where in the items of a dict this key stands, with its value behind it: their size where the dict
// does not have it; nothing where that cannot be known.
std::optional<std::size_t> find_key(const Object& dict, const Object& key);
// dict[key] = value
void set_item(Object& dict, const Ref& key, const Ref& value);
// The elements that a loop over it takes; nothing where they cannot be known.
std::optional<std::vector<Ref>> elements_of(const Ref& object);

}  // namespace drift::migrations
