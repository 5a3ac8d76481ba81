// An ini file as Python's configparser.ConfigParser reads it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/python_ini.h"

namespace drift::migrations {

// The rules are those of drift/base/python_ini.h; [DEFAULT] is inherited, BasicInterpolation. One
// liberty: bytes that are not UTF-8 trouble nobody but in a value that is asked for.
class IniFile {
 public:
  // `path` is for messages. `defaults` are options of [DEFAULT] that the file may override, keys
  // in lower case; Alembic gives `here`. Throws Error{kAlembicIniInvalid} as `read_python_ini`.
  IniFile(std::string_view text, std::string_view path,
          const std::map<std::string, std::string>& defaults = {});

  // [DEFAULT] is no section in this sense.
  bool has_section(std::string_view section) const { return ini_.sections.contains(section); }
  // In the order of the file.
  const std::vector<std::string>& sections() const { return ini_.names; }
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
  const PythonIni::Option* find(std::string_view section, std::string_view option) const;

  friend class Interpolation;

  std::string path_;
  PythonIni ini_;
};

}  // namespace drift::migrations
