// The syntax tree of a Python module. Blocks of functions and classes stay unread until somebody
// asks for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "migrations/python/tokenizer.h"

namespace drift::migrations {

enum class ExprKind : std::uint8_t {
  kName,           // text
  kNumber,         // text, as written
  kString,         // value
  kBytes,          // value, undecoded
  kFormatted,      // items: kString and kField
  kField,          // items[0]; text: the conversion, "r" of "!r"; value: the format specification
  kConstant,       // text: None, True, False or ...
  kTuple,          // items
  kList,           // items
  kSet,            // items
  kDict,           // items: key, value, key, value; a null key stands before what `**` unpacks
  kCall,           // items[0] is called; names: of the arguments after it, "" where positional
  kAttribute,      // items[0] . text
  kSubscript,      // items[0] [ items[1] ]
  kSlice,          // items: three, null where left out
  kBinary,         // items[0] text items[1]
  kAnd,            // items
  kOr,             // items
  kNot,            // items[0]
  kSign,           // text: +, - or ~; items[0]
  kComparison,     // items[0] names[0] items[1] names[1] items[2] ...
  kChoice,         // items: value, condition, other
  kComprehension,  // text: ( [ { or : for a dict; items: element (two for a dict); clauses
  kStarred,        // *items[0], as an element or an argument
  kUnpacked,       // **items[0], as an argument
  kAssigned,       // text := items[0]
  kUnreadable,     // value: what it is; text: of a string why, in words that follow its name
};

// Nodes live as long as their Syntax, in its arena; their views look into the source or there.
struct Expr {
  ExprKind kind = ExprKind::kUnreadable;
  const char* place = nullptr;  // kName, kCall: where it, or what it calls, is named in the source
  std::string_view text;
  std::string_view value;
  std::span<const Expr* const> items;
  std::span<const std::string_view> names;
  struct Clause {  // for target in iterable if conditions
    const Expr* target = nullptr;
    const Expr* iterable = nullptr;
    std::span<const Expr* const> conditions;
  };
  std::span<const Clause> clauses;
  // Only where it is no part of another expression.
  std::span<const Token> tokens;
};

enum class StmtKind : std::uint8_t {
  kExpression,  // values[0]
  kAssign,      // values: targets, then the value; tokens: of its annotation
  kInPlace,     // values: target, value; text: the operator without "="
  kIf,          // values[0]; body, orelse: the `elif` or `else`
  kFor,         // values: target, iterable; body, orelse
  kWhile,       // values[0]; body, orelse
  kTry,         // body, handlers, orelse, last
  kHandler,     // in `handlers`; text: the name it binds; body
  kWith,        // values: manager, target (null for none), manager, target ...; body
  kMatch,       // body: of kCase
  kCase,        // body
  kFunction,    // text: its name; parameters, decorators; its block
  kClass,       // text: its name; values: bases; its block
  kReturn,      // values[0] or nothing
  kImport,      // imports
  kFrom,        // imports: first the module with its dots; a name of "*" takes all
  kGlobal,      // values: names
  kDelete,      // values
  kPass,        // a bare annotation too
  kBreak,
  kContinue,
  kRaise,
  kAssert,
  kDecorator,   // beside being among those of its function
  kUnreadable,  // text: what it is
};

struct Stmt;

// The statements of a block, or of the rest of a line.
struct Body {
  const Stmt* first = nullptr;
  Stmt* end = nullptr;          // the last one
  const char* place = nullptr;  // of the keyword of its header

  bool empty() const { return first == nullptr; }
};

struct Parameter {
  enum class Kind : std::uint8_t { kPlain, kNamedOnly, kRest, kNamedRest };
  std::string_view name;
  Kind kind = Kind::kPlain;
  const Expr* fallback = nullptr;
};

struct Import {
  std::string_view name;
  std::string_view as;  // in the source: what it binds, the first part of `name` if not renamed
  bool renamed = false;
};

struct Stmt {
  StmtKind kind = StmtKind::kPass;
  const char* place = nullptr;
  const Stmt* next = nullptr;  // in its Body
  std::string_view text;
  // Of a header: what stands between its keyword and its colon. Else the statement, but for
  // kAssign.
  std::span<const Token> tokens;
  std::span<const Expr* const> values;
  Body body, orelse, handlers, last;
  std::span<const Import> imports;
  std::span<const Parameter> parameters;
  std::span<const Expr* const> decorators;
  // kFunction, kClass: where the block begins in the source; null where `body` is all of it.
  const char* begin = nullptr;
};

// Owns the tree of a module and its source. What no version of Python would read is an error; what
// this reader does not follow is kUnreadable, in its place.
class Syntax {
 public:
  explicit Syntax(PythonSource source);

  const Body& module() const { return module_; }
  const std::optional<PythonSource::Error>& error() const { return source_.error; }

  // Of a function or class.
  struct Block {
    Body body;               // empty where it is not sound
    bool sound = true;       // else no Python would read it, and error() says why
    bool generator = false;  // it holds the word yield
  };
  // Read now where this is the first time.
  const Block& block_of(const Stmt& definition);

  int line_of(const char* place);
  // A line that line_of gave, without its end.
  std::string_view line_at(int line) const;

  // For as long as this lives.
  std::string_view keep(std::string_view text) {
    return {copy(std::span<const char>(text)).data(), text.size()};
  }

 private:
  friend class Parser;

  // Far above any sane file, far below what a hostile one of PythonSource::kMaxSize would take.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 20;
  bool is_full() const { return bytes_ > kMostBytes; }

  template <class T>
  T* room_for(std::size_t count) {
    bytes_ += count * sizeof(T);
    return static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
  }
  template <class T>
  std::span<const T> copy(std::span<const T> from) {
    if (from.empty()) return {};
    static_assert(std::is_trivially_copyable_v<T>);
    T* const copied = room_for<T>(from.size());
    std::memcpy(copied, from.data(), from.size_bytes());
    return {copied, from.size()};
  }
  std::span<const Expr* const> copy(std::initializer_list<const Expr*> from) {
    return copy(std::span<const Expr* const>(from.begin(), from.size()));
  }
  // Copies what was put aside since there were `begin`, which then are left.
  template <class Vector>
  auto take(Vector& aside, std::size_t begin = 0) {
    const auto taken = copy(std::span<const typename Vector::value_type>(aside).subspan(begin));
    aside.resize(begin);
    return taken;
  }

  // A migration's module level fits into it, so that nothing is allocated for its tree.
  alignas(std::max_align_t) std::byte first_[12 << 10];
  std::pmr::monotonic_buffer_resource arena_{first_, sizeof first_};
  std::size_t bytes_ = 0;  // of it
  PythonSource source_;
  std::map<const Stmt*, Block> blocks_;
  std::pmr::vector<const char*> lines_{&arena_};
  Body module_;
};

}  // namespace drift::migrations
