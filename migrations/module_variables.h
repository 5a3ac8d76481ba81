// What the module-level variables of a Python file hold, found without running Python.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

// The final value of one module variable.
struct ModuleValue {
  enum class Kind {
    kAbsent,   // never assigned
    kNone,     // None
    kString,   // one str: strings[0]
    kStrings,  // tuple, list or set of str
    kUnknown,  // assigned something that cannot be known without running the file
  };
  Kind kind = Kind::kAbsent;
  std::vector<std::string> strings;  // UTF-8, escapes decoded
  // Where the value was assigned last: 1-based line, and that line without its end.
  int line = 0;
  std::string source_line;
  // kUnknown only: why, as the end of "cannot know its value: ...".
  std::string reason;
};

struct ModuleVariables {
  ModuleValue revision, down_revision, branch_labels, depends_on;
  // The module's docstring as written between its quotes, escapes decoded; empty where none.
  std::string docstring;
  // Set where the file is no Python that any version would read (an unterminated string or
  // bracket, a wrong indentation, a NUL byte, bytes that its coding does not allow).
  struct SyntaxError {
    std::string message;
    int line = 0;
  };
  std::optional<SyntaxError> syntax_error;
};

// Gives the source of the module of that dotted name from the same tree, or nothing. The name has
// a leading dot for each level of a relative import ("..base" of "from ..base import X", "." of
// "from . import X", which asks for ".X" next); a package is its __init__.py. Called only where a
// value needs it, a limited number of times, never twice for one name. What it throws is passed on.
using ModuleLoader = std::function<std::optional<std::string>(std::string_view dotted_name)>;

// Reads `source` as Python would, to the end: the last assignment wins. Takes Python 2 files,
// CRLF, a BOM and coding cookies (utf-8, latin-1, cp1252, ascii). Bodies of functions and classes
// are skipped, though their structure is checked. What stands in a branch that may or may not run
// makes a value kUnknown unless it changes nothing. Linear in the size of `source`, no recursion
// deeper than a fixed limit. A known value is never wrong for a module that Python runs to its end
// in the way Alembic does (so `__name__` is not "__main__"); what could be one of several is
// kUnknown. Throws nothing but what `load_module` throws, and for lack of memory.
ModuleVariables read_module_variables(std::string_view source, const ModuleLoader& load_module);

}  // namespace drift::migrations
