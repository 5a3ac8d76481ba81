#include "migrations/python/value.h"

#include <fmt/format.h>

#include <utility>

namespace drift::migrations {
namespace {

// Far above any sane file, far below what would hurt.
constexpr std::size_t kBudget = std::size_t{4} << 20;

}  // namespace

Value ValueStore::make_sequence(SequenceKind kind, std::span<const Value> elements) {
  if (!afford(elements.size() * 4)) return Value::unknown(Why::kTooLong);
  Sequence sequence;
  sequence.kind = kind;
  sequence.first = static_cast<std::uint32_t>(elements_.size());
  sequence.count = static_cast<std::uint32_t>(elements.size());
  for (const Value& element : elements) {
    if (element.kind == ValueKind::kSequence) sequence.nested = true;
  }
  elements_.insert(elements_.end(), elements.begin(), elements.end());
  Value value;
  value.kind = ValueKind::kSequence;
  value.sequence = static_cast<std::uint32_t>(sequences_.size());
  sequences_.push_back(sequence);
  return value;
}

std::span<const Value> ValueStore::elements(const Value& value) const {
  const Sequence& found = sequences_[value.sequence];
  return {elements_.data() + found.first, found.count};
}

void ValueStore::leak(const Value& value) {
  if (value.kind != ValueKind::kSequence) return;
  // A list instead of recursion: sequences can be nested as deeply as the file is long. Each is
  // marked once, so that all calls together are linear.
  std::vector<std::uint32_t> left = {value.sequence};
  while (!left.empty()) {
    Sequence& found = sequences_[left.back()];
    left.pop_back();
    if (found.leaked) continue;
    found.leaked = true;
    if (!found.nested) continue;
    for (std::uint32_t i = 0; i < found.count; ++i) {
      const Value& element = elements_[found.first + i];
      if (element.kind == ValueKind::kSequence) left.push_back(element.sequence);
    }
  }
}

bool ValueStore::afford(std::size_t size) {
  if (size > kBudget - spent_) return false;
  spent_ += size;
  return true;
}

std::string_view ValueStore::keep(std::string text) {
  return strings_.emplace_back(std::move(text));
}

bool ValueStore::interchangeable(const Value& a, const Value& b) const {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case ValueKind::kNone: return true;
    case ValueKind::kBoolean: return a.truth == b.truth;
    case ValueKind::kString: return a.text == b.text;
    case ValueKind::kModule: return a.text == b.text;
    case ValueKind::kImported: return a.text == b.text && a.detail == b.detail;
    case ValueKind::kSequence: {
      if (a.sequence == b.sequence) return true;
      const Sequence& one = sequences_[a.sequence];
      const Sequence& other = sequences_[b.sequence];
      // Equal lists are still two lists: what changes one leaves the other.
      if (one.is_mutable() || other.is_mutable() || one.count != other.count) return false;
      for (std::uint32_t i = 0; i < one.count; ++i) {
        const Value& x = elements_[one.first + i];
        const Value& y = elements_[other.first + i];
        if (x.kind == ValueKind::kSequence || !interchangeable(x, y)) return false;
      }
      return true;
    }
    case ValueKind::kUnbound:
    case ValueKind::kNumber:
    case ValueKind::kFunction:
    case ValueKind::kClass:
    case ValueKind::kUnknown: return false;
  }
  return false;
}

namespace {

std::string words(const Value& unknown, int line) {
  const std::string_view detail = unknown.detail;
  switch (unknown.why) {
    case Why::kExpression: return "it is an expression that only running the file would evaluate";
    case Why::kCall: return "it is the result of a call";
    case Why::kBytes: return "it is a bytes literal, not a string";
    case Why::kFormatted: return "it is an f-string with replacement fields";
    case Why::kNamedCharacter: return "it holds a character by name, \\N{...}";
    case Why::kMalformedEscape: return "it holds a malformed escape";
    case Why::kSurrogate: return "it holds half a surrogate pair";
    case Why::kDict: return "it is a dict";
    case Why::kComprehension: return "it is a comprehension, or unpacks something with '*'";
    case Why::kUnpacking: return "it is unpacked from something of unknown length";
    case Why::kUndefinedName:
      return fmt::format("it uses the name '{}', which this file does not assign", detail);
    case Why::kNoModule:
      return fmt::format("it comes from the module '{}', which is not in this tree", detail);
    case Why::kNoSuchName:
      return fmt::format("it uses the name '{}', which its module does not assign", detail);
    case Why::kModuleUnreadable:
      return fmt::format("it comes from the module '{}', which is not valid Python", detail);
    case Why::kImportsTooDeep: return "it comes through too long a chain of imports";
    case Why::kImportCycle:
      return fmt::format("it comes from the module '{}', which imports it back", detail);
    case Why::kConditional:
      return fmt::format("it is assigned under the '{}' of line {}, which may or may not run",
                         detail, line);
    case Why::kLoopTarget: return "it is the variable of a loop";
    case Why::kWithTarget: return "it is the target of a 'with'";
    case Why::kExceptTarget: return "it is the target of an 'except'";
    case Why::kPattern: return "it is captured by a 'case'";
    case Why::kInsideExpression: return "it is assigned inside an expression";
    case Why::kTypeAlias: return "it is a type alias";
    case Why::kInPlace: return "it is changed in place";
    case Why::kShared: return "it is a list or set that other code may have changed";
    case Why::kGlobals: return fmt::format("it is assigned through '{}' on line {}", detail, line);
    case Why::kTooDeep: return "it is nested too deeply";
    case Why::kTooLong: return "it is too long";
  }
  return "it is unknown";
}

}  // namespace

std::string explained(const Value& unknown, int line) {
  if (unknown.text.empty()) return words(unknown, line);
  return fmt::format("{}, in the module '{}'", words(unknown, unknown.line), unknown.text);
}

}  // namespace drift::migrations
