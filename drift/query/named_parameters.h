// Values by name: `:id` in a statement, and what stands for it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drift::query {

// Where what is sent differs from what was written. In characters, from 0.
struct Shift {
  std::size_t written_at = 0, written_size = 0;
  std::size_t sent_at = 0, sent_size = 0;

  bool operator==(const Shift&) const = default;
};

// The place in what was written of a `position` (from 1; 0 where none is known) in what was sent.
std::size_t original_position(const std::vector<Shift>& shifts, std::size_t position);

struct NamedStatement {
  std::string text;                 // with $1, $2, ... for the names
  std::vector<std::string> values;  // of $1, $2, ...
  std::vector<Shift> shifts;
};

// The names that `statement` has places for, in their order, each once: `:id`, as written. None
// where it has $1, for then values go by place; and none of `::type`, strings and comments. In
// brackets (`a[1:n]`) a name counts only where it is among `known`. Nothing of a statement that is
// none. Pure.
std::vector<std::string> named_places(std::string_view statement,
                                      const std::map<std::string, std::string>& known);

// `statement` with its names bound to `values`, of which some may have no place.
// Throws Error{kUsage} for a name without a value; the hint is "`how` gives it one", where {} is
// the name ("--param {}=VALUE"). Pure.
NamedStatement bind_names(std::string_view statement,
                          const std::map<std::string, std::string>& values, std::string_view how);

// What `params` of --param are to `statements`: NAME=VALUE where any has places by name, else
// values of $1, $2, ... of a single one, as they are. Throws Error{kUsage}: as bind_names, for what
// has no name, a name without a place, one that was given twice, and values by place of several.
// Pure.
std::vector<NamedStatement> bind_params(const std::vector<std::string>& statements,
                                        const std::vector<std::string>& params);

}  // namespace drift::query
