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
  std::vector<std::string> strings;  // UTF-8, escapes decoded; none for the other kinds
  // Where the value was assigned last: 1-based line, and that line without its end. Nobody shows
  // the line of one str that is not empty, nor of branch_labels and depends_on that are None: it is
  // left out there.
  int line = 0;
  std::string source_line;
  // kUnknown only: why, as the end of "cannot know its value: ...".
  std::string reason;
};

struct ModuleVariables {
  ModuleValue revision = {}, down_revision = {}, branch_labels = {}, depends_on = {};
  // The module's docstring as written between its quotes, escapes decoded; empty where none.
  std::string docstring = {};
  // Set where the file is no Python that any version would read (an unterminated string or
  // bracket, a wrong indentation, a NUL byte, bytes that its coding does not allow).
  struct SyntaxError {
    std::string message;
    int line = 0;
  };
  std::optional<SyntaxError> syntax_error = std::nullopt;
  // Set where the module holds something that could change the variables in a way that only running
  // it would show ("exec", "from somewhere import *"); they are given as they are written.
  struct Doubt {
    std::string what;
    int line = 0;
  };
  std::optional<Doubt> doubt = std::nullopt;
};

// Gives the source of the module of that dotted name from the same tree, or nothing. The name has
// a leading dot for each level of a relative import ("..base" of "from ..base import X", "." of
// "from . import X", which asks for ".X" next); a package is its __init__.py, and "app.__init__" is
// there only where "app" is one. Called only where a value needs it, a limited number of times,
// never twice for one name. What it throws is passed on.
using ModuleLoader = std::function<std::optional<std::string>(std::string_view dotted_name)>;

// Reads `source` as Python would, to the end: the last assignment wins. Takes Python 2 files,
// CRLF, a BOM and coding cookies (utf-8, latin-1, cp1252, ascii). Bodies of functions and classes
// are skipped, though their structure is checked. Linear in the size of `source`, no recursion
// deeper than a fixed limit.
//
// What is assigned at module level by a literal is believed. A value is kUnknown only where the
// module's own top-level code plainly makes it so: an expression that must be run, branches that
// differ, a list that other statements get hold of, `globals()[...] =`, `import *` of a module of
// the tree that gives the name such a value. What no such code shows (a function that declares a
// name global, a string that is executed, an object that turns out to be the module, `import *`
// from outside the tree) is at most a `doubt`.
// A module that Alembic runs is assumed: `__name__` is not "__main__", and `revision` and
// `down_revision` are there in the end. Throws nothing but what `load_module` throws, and for lack
// of memory.
ModuleVariables read_module_variables(std::string_view source, const ModuleLoader& load_module);

}  // namespace drift::migrations
