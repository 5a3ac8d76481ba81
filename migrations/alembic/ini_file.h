// An ini file as Python's configparser.ConfigParser reads it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

// The rules: https://docs.python.org/3/library/configparser.html#supported-ini-file-structure with
// the settings that Alembic leaves at their defaults: '=' and ':' delimit, keys are lower-cased,
// whole-line comments only ('#' and ';'), a more deeply indented line continues a value, empty
// lines inside a value belong to it, [DEFAULT] is inherited, duplicates are errors,
// BasicInterpolation.
//
// Two liberties: keys are lower-cased in ASCII only, and bytes that are no UTF-8 trouble nobody
// unless they stand in a value that is asked for.
class IniFile {
 public:
  // `path` is for messages. `defaults` are options of [DEFAULT] that the file may override, keys
  // in lower case; Alembic gives `here`.
  // Throws Error{kAlembicIniInvalid} "path:line: ..." where ConfigParser would refuse the file.
  // Messages never quote a line: a broken one may be the one with the database's password.
  IniFile(std::string_view text, std::string_view path,
          const std::map<std::string, std::string>& defaults = {});

  // [DEFAULT] is no section in this sense.
  bool has_section(std::string_view section) const { return sections_.count(section) != 0; }
  // In the order of the file.
  const std::vector<std::string>& sections() const { return section_names_; }
  // `option` (lower case) in `section` itself or in [DEFAULT]; false where there is no such
  // section.
  bool has(std::string_view section, std::string_view option) const;
  // In `section` itself only.
  bool declares(std::string_view section, std::string_view option) const;

  // The interpolated value; nothing where there is no such section or option. Interpolation is
  // done here and not before, so a bare '%' in an option that nobody asks for is harmless.
  // Throws Error{kAlembicIniInvalid} where Python's interpolation fails, where it nests more than
  // ten deep as in Python, and (unlike Python) before it becomes absurdly large.
  std::optional<std::string> get(std::string_view section, std::string_view option) const;

  // "path:line" of the option, or just "path" for a default.
  std::string place(std::string_view section, std::string_view option) const;

  static constexpr std::size_t kLargestValue = 1u << 20;

 private:
  struct Option {
    std::string value;  // continuation lines joined with '\n'
    int line = 0;
  };
  using Options = std::map<std::string, Option, std::less<>>;

  void parse(std::string_view text);
  const Option* find(std::string_view section, std::string_view option) const;

  friend class Interpolation;

  std::string path_;
  Options defaults_;
  std::map<std::string, Options, std::less<>> sections_;
  std::vector<std::string> section_names_;
};

}  // namespace drift::migrations
