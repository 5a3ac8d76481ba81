#include "migrations/alembic/ini_file.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

// MAX_INTERPOLATION_DEPTH of Python's configparser.
constexpr int kDeepestInterpolation = 10;
// Ten levels of many references each would take for ever although each level is legal.
constexpr int kMostReferences = 10'000;

constexpr PythonIniKind kAlembicIni{
    .fault = Fault::kAlembicIniInvalid,
    .option = "option",
    .section = "[alembic]",
    .refuse = "Python's ConfigParser refuses the whole file",
    .mend = "indent the line where it continues a value, begin it with '#' where it is a comment",
    .names_options = true};

}  // namespace

IniFile::IniFile(std::string_view text, std::string_view path,
                 const std::map<std::string, std::string>& defaults)
    : path_(path), ini_(read_python_ini(text, path, kAlembicIni, defaults)) {}

const PythonIni::Option* IniFile::find(std::string_view section, std::string_view option) const {
  const auto own = ini_.sections.find(section);
  if (own == ini_.sections.end()) return nullptr;
  if (const auto found = own->second.find(option); found != own->second.end()) {
    return &found->second;
  }
  const auto inherited = ini_.defaults.find(option);
  return inherited == ini_.defaults.end() ? nullptr : &inherited->second;
}

bool IniFile::has(std::string_view section, std::string_view option) const {
  return find(section, option) != nullptr;
}

bool IniFile::declares(std::string_view section, std::string_view option) const {
  const auto own = ini_.sections.find(section);
  return own != ini_.sections.end() && own->second.count(option) != 0;
}

std::string IniFile::place(std::string_view section, std::string_view option) const {
  const PythonIni::Option* found = find(section, option);
  if (found == nullptr || found->line == 0) return printable(path_);
  return fmt::format("{}:{}", printable(path_), found->line);
}

// One `get`: BasicInterpolation with a bound on the work.
class Interpolation {
 public:
  Interpolation(const IniFile& ini, std::string_view section, std::string_view option)
      : ini_(ini), section_(section), option_(option) {}

  std::string of(std::string_view value) {
    expand(value, 1);
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& hint) const {
    throw Error{Fault::kAlembicIniInvalid,
                fmt::format("{}: {} {}", ini_.place(section_, option_), option_, what), hint};
  }

  void append(std::string_view text) {
    if (result_.size() + text.size() > IniFile::kLargestValue) {
      fail("is too long once its %(...)s are filled in", "look for options that repeat each other");
    }
    result_ += text;
  }

  void expand(std::string_view rest, int depth) {
    if (depth > kDeepestInterpolation) {
      fail("refers to other options more than ten deep, or to itself",
           "break the circle of %(...)s; Python's ConfigParser refuses it too");
    }
    while (!rest.empty()) {
      const std::size_t percent = rest.find('%');
      append(rest.substr(0, percent));
      if (percent == std::string_view::npos) return;
      rest.remove_prefix(percent);

      if (rest.substr(1, 1) == "%") {
        append("%");
        rest.remove_prefix(2);
        continue;
      }
      const std::size_t end = rest.find(')');
      if (rest.substr(1, 1) != "(" || end == std::string_view::npos || end == 2 ||
          rest.substr(end + 1, 1) != "s") {
        fail("has a '%' that begins neither %(name)s nor %%", "write %% for a plain percent sign");
      }
      const std::string name = ascii_lower(rest.substr(2, end - 2));
      rest.remove_prefix(end + 2);
      const PythonIni::Option* referred = ini_.find(section_, name);
      if (referred == nullptr) {
        fail(fmt::format("refers to %({})s, which is set neither in [{}] nor in [DEFAULT]",
                         shortened(name), printable(section_)),
             "set it there, or pass --script-location and --versions-path where env.py sets it");
      }
      if (++references_ > kMostReferences) {
        fail("refers to too many other options", "look for options that repeat each other");
      }
      // As in Python a plain value may stand one level deeper than one with references.
      if (referred->value.find('%') == std::string::npos) {
        append(referred->value);
      } else {
        expand(referred->value, depth + 1);
      }
    }
  }

  const IniFile& ini_;
  std::string_view section_, option_;
  std::string result_;
  int references_ = 0;
};

std::optional<std::string> IniFile::get(std::string_view section, std::string_view option) const {
  const PythonIni::Option* found = find(section, option);
  if (found == nullptr) return std::nullopt;
  std::string value = Interpolation{*this, section, option}.of(found->value);
  if (!is_utf8(value)) {
    throw Error{Fault::kAlembicIniInvalid,
                fmt::format("{}: {} is not UTF-8", place(section, option), option),
                "save the file as UTF-8"};
  }
  return value;
}

}  // namespace drift::migrations
