// What is known about the value of an expression or a name at module level.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

enum class ValueKind : std::uint8_t {
  kUnbound,  // no such name, or deleted
  kNone,
  kBoolean,   // `truth`
  kNumber,    // `truth`, where known
  kString,    // `text`
  kSequence,  // `sequence`
  kFunction,  // defined in this file
  kClass,     // defined in this file
  kModule,    // `text` is its dotted name
  kImported,  // `detail` of the module `text`; read only where it is asked for
  kUnknown,   // `why`
};

// Why a value cannot be known. `explained` turns it into words.
enum class Why : std::uint8_t {
  kExpression,
  kCall,
  kBytes,
  kFormatted,
  kNamedCharacter,
  kMalformedEscape,
  kSurrogate,
  kDict,
  kComprehension,
  kUnpacking,
  kUndefinedName,     // detail: the name
  kNoModule,          // detail: the module
  kNoSuchName,        // detail: the name
  kModuleUnreadable,  // detail: the module
  kImportsTooDeep,
  kImportCycle,  // detail: the module
  kConditional,  // detail: the keyword, place: its line
  kLoopTarget,
  kWithTarget,
  kExceptTarget,
  kPattern,
  kInsideExpression,
  kTypeAlias,
  kInPlace,
  kShared,   // a list or set that other code of the module may have changed
  kGlobals,  // detail: the word, such as "globals"; place: its line
  kTooDeep,
  kTooLong,
};

inline constexpr std::uint32_t kNoSequence = 0xffffffff;

// Cheap to copy; the views look into sources and strings that ValueStore keeps.
struct Value {
  ValueKind kind = ValueKind::kUnbound;
  Why why = Why::kExpression;
  bool truth = false;
  bool truth_known = false;
  // Of a literal: assigned in a branch that may not run, to a name that had no value before. Then
  // `detail` is the keyword of the branch and `place` its line.
  bool perhaps_absent = false;
  std::uint32_t sequence = kNoSequence;  // index into ValueStore::sequences
  std::string_view text;
  std::string_view detail;
  const char* place = nullptr;  // in the source of the module that the value was found in
  // An unknown value that came from another module: the line of `place`; `text` is the module.
  int line = 0;

  static Value unknown(Why why, std::string_view detail = {}, const char* place = nullptr) {
    Value value;
    value.kind = ValueKind::kUnknown;
    value.why = why;
    value.detail = detail;
    value.place = place;
    return value;
  }
  static Value string(std::string_view text) {
    Value value;
    value.kind = ValueKind::kString;
    value.text = text;
    return value;
  }
  static Value of(ValueKind kind, std::string_view text = {}, std::string_view detail = {}) {
    Value value;
    value.kind = kind;
    value.text = text;
    value.detail = detail;
    return value;
  }
  bool is_unknown() const { return kind == ValueKind::kUnknown; }
  bool is_literal() const {
    return kind == ValueKind::kNone || kind == ValueKind::kString || kind == ValueKind::kSequence;
  }
};

enum class SequenceKind : std::uint8_t { kTuple, kList, kSet };

struct Sequence {
  SequenceKind kind = SequenceKind::kTuple;
  std::uint32_t first = 0;  // index into ValueStore::elements
  std::uint32_t count = 0;
  bool nested = false;  // holds sequences
  bool leaked = false;  // something unseen got hold of it and may have changed it

  bool is_mutable() const { return kind != SequenceKind::kTuple; }
};

// Owns what values refer to, for one reading of a file and the modules it imports.
class ValueStore {
 public:
  Value make_sequence(SequenceKind kind, std::span<const Value> elements);
  std::span<const Value> elements(const Value& value) const;
  Sequence& sequence(const Value& value) { return sequences_[value.sequence]; }
  const Sequence& sequence(const Value& value) const { return sequences_[value.sequence]; }

  // Marks a sequence, and those inside it, as changed by something unseen.
  void leak(const Value& value);

  // Keeps a string. Values made of values could otherwise double with every statement, so that the
  // store has a budget; false once `size` more bytes (or elements) exceed it.
  bool afford(std::size_t size);
  std::string_view keep(std::string text);

  // Whether both are known and the same to whoever looks at them later.
  bool interchangeable(const Value& a, const Value& b) const;

 private:
  std::vector<Value> elements_;
  std::vector<Sequence> sequences_;
  std::deque<std::string> strings_;
  std::size_t spent_ = 0;
};

// The words after "cannot know its value: "; `line` is that of Value::place where it is in the file
// that was asked about.
std::string explained(const Value& unknown, int line);

}  // namespace drift::migrations
