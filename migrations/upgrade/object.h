// What an expression of a migration stands for, as far as it can be known without running Python.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift::migrations {

struct Stmt;
struct Scope;
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
  kImport,     // `text` of the module `detail`, looked up where it is asked for
  kHandle,     // what leads to the database: text is op, context, bind, engine, dialect, url ...
  kBatch,      // of batch_alter_table: items, named
  kUnknown,    // text: why
};

struct Object {
  ObjectKind kind = ObjectKind::kNone;
  // kUnknown: it may be anything, one that changes the database among it. Else it only holds what
  // the database, the clock or a library said.
  bool foreign = false;
  std::int64_t number = 0;
  std::string text, detail;
  std::vector<Ref> items;
  std::vector<std::pair<std::string, Ref>> named;
  Ref base;
  const Stmt* statement = nullptr;
  std::shared_ptr<Scope> scope;
  int doubts = 0;  // tests that only a run can decide, around the place where it was made

  bool is(ObjectKind other) const { return kind == other; }
  bool is_sequence() const {
    return is(ObjectKind::kList) || is(ObjectKind::kTuple) || is(ObjectKind::kSet);
  }
  bool is_unknown() const { return is(ObjectKind::kUnknown); }
  // An argument by its name; null where there is none.
  const Object* argument(std::string_view name) const;
  // By its place or its name.
  const Object* argument(std::size_t place, std::string_view name) const;
};

}  // namespace drift::migrations
