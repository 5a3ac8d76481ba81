// Ini files as Python's configparser reads them, and the lines and blanks of Python's str that its
// rules are made of.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"

namespace drift {

// str.strip() of UTF-8: white space is what str.isspace() says.
struct Stripped {
  std::string_view text;   // without white space at both ends
  std::size_t indent = 0;  // characters (not bytes) that were taken off in front
};
Stripped python_strip(std::string_view text);

// Takes one line off `text`, without its end: files are opened with universal newlines ("\n",
// "\r\n", "\r").
std::string_view python_line(std::string_view& text);

// What the file says, before any interpolation.
struct PythonIni {
  struct Option {
    std::string value;  // continuation lines joined with '\n'
    int line = 0;       // 0 for a default that is not the file's own
  };
  using Options = std::map<std::string, Option, std::less<>>;

  Options defaults;  // [DEFAULT], which is none of the sections
  std::map<std::string, Options, std::less<>> sections;
  std::vector<std::string> names;  // of the sections, in the order of the file
};

// Whose file it is: what differs is how a broken one is refused.
struct PythonIniKind {
  Fault fault;
  std::string_view option;   // what a line "name = value" is called: "option"
  std::string_view section;  // one that people know: "[alembic]"
  std::string_view refuse;   // begins each hint: "Alembic refuses the whole file"
  std::string_view mend;     // what to do with a line that is nothing
  bool names_options;        // false where a name may be half of a key
};

// The rules: https://docs.python.org/3/library/configparser.html#supported-ini-file-structure with
// the settings at their defaults: '=' and ':' delimit, keys are lower-cased (here in ASCII only),
// whole-line comments only ('#' and ';'), a more deeply indented line continues a value, empty
// lines inside a value belong to it, duplicates are errors.
//
// `path` is for messages, which never quote a line: a broken one may be the one with the password.
// `defaults` are options of [DEFAULT] that the file may override, keys in lower case.
// Throws Error{kind.fault} "path:line: ..." where ConfigParser would refuse the file.
PythonIni read_python_ini(std::string_view text, std::string_view path, const PythonIniKind& kind,
                          const std::map<std::string, std::string>& defaults = {});

}  // namespace drift
