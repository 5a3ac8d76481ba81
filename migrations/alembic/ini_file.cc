#include "migrations/alembic/ini_file.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/python_strip.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kDefaultSection = "DEFAULT";
// MAX_INTERPOLATION_DEPTH of Python's configparser.
constexpr int kDeepestInterpolation = 10;
// Ten levels of many references each would take for ever although each level is legal.
constexpr int kMostReferences = 10'000;

[[noreturn]] void refuse(std::string_view path, int line, const std::string& what,
                         const std::string& hint) {
  throw Error{Fault::kAlembicIniInvalid, fmt::format("{}:{}: {}", printable(path), line, what),
              hint};
}

}  // namespace

IniFile::IniFile(std::string_view text, std::string_view path,
                 const std::map<std::string, std::string>& defaults)
    : path_(path) {
  for (const auto& [key, value] : defaults) defaults_[key] = Option{value, 0};
  parse(text);
}

// The order of the questions is ConfigParser._read's: comment or empty, continuation, section,
// option. An indented "[x]" below an option is therefore part of its value.
void IniFile::parse(std::string_view text) {
  // With the encoding that Alembic asks for, Python keeps the mark as a character, so the first
  // line is neither a comment nor a section.
  if (text.substr(0, 3) == "\xEF\xBB\xBF") {
    refuse(path_, 1, "the file begins with a byte order mark",
           "Alembic cannot read it either: save it as UTF-8 without a byte order mark");
  }

  Options* section = nullptr;
  std::string section_name;
  Option* option = nullptr;  // whose value the next line may continue
  std::size_t level = 0;
  std::map<std::string, int, std::less<>> section_lines;

  for (int line = 1; !text.empty(); ++line) {
    const auto [value, indent] = python_strip(python_line(text));
    if (value.empty()) {
      if (option != nullptr) option->value += '\n';
      continue;
    }
    if (value[0] == '#' || value[0] == ';') continue;

    if (option != nullptr && indent > level) {
      option->value += '\n';
      option->value += value;
      continue;
    }
    level = indent;

    const std::size_t bracket = value.rfind(']');
    if (value[0] == '[' && bracket != std::string_view::npos && bracket >= 2) {
      section_name = value.substr(1, bracket - 1);
      option = nullptr;
      if (section_name == kDefaultSection) {  // the only one that may stand there twice
        section = &defaults_;
        continue;
      }
      const auto [first, is_new] = section_lines.emplace(section_name, line);
      if (!is_new) {
        refuse(path_, line,
               fmt::format("section [{}] is already at line {}", printable(section_name),
                           first->second),
               "Python's ConfigParser refuses the whole file: merge the two sections");
      }
      section = &sections_[section_name];
      section_names_.push_back(section_name);
      continue;
    }

    if (section == nullptr) {
      refuse(path_, line, "the line stands before any [section]",
             "the first line that is neither empty nor a comment must be a section such as "
             "[alembic]");
    }
    const std::size_t delimiter = value.find_first_of("=:");
    if (delimiter == std::string_view::npos || delimiter == 0) {
      refuse(path_, line, "the line is neither a section nor an option (name = value)",
             "Python's ConfigParser refuses the whole file: indent the line where it continues a "
             "value, begin it with '#' where it is a comment");
    }
    std::string key = ascii_lower(python_rstrip(value.substr(0, delimiter)));
    const auto [found, is_new] = section->try_emplace(std::move(key));
    if (!is_new && found->second.line != 0) {  // line 0: a default, which may be overridden
      refuse(path_, line,
             fmt::format("option {} of [{}] is already at line {}", quoted(found->first),
                         printable(section_name), found->second.line),
             "Python's ConfigParser refuses the whole file: remove one of the two");
    }
    option = &found->second;
    option->value = python_strip(value.substr(delimiter + 1)).text;
    option->line = line;
  }

  const auto finish = [](Options& options) {
    for (auto& [key, one] : options) {
      if (one.line != 0) one.value.resize(python_rstrip(one.value).size());
    }
  };
  finish(defaults_);
  for (auto& [name, options] : sections_) finish(options);
}

const IniFile::Option* IniFile::find(std::string_view section, std::string_view option) const {
  const auto own = sections_.find(section);
  if (own == sections_.end()) return nullptr;
  if (const auto found = own->second.find(option); found != own->second.end()) {
    return &found->second;
  }
  const auto inherited = defaults_.find(option);
  return inherited == defaults_.end() ? nullptr : &inherited->second;
}

bool IniFile::has(std::string_view section, std::string_view option) const {
  return find(section, option) != nullptr;
}

bool IniFile::declares(std::string_view section, std::string_view option) const {
  const auto own = sections_.find(section);
  return own != sections_.end() && own->second.count(option) != 0;
}

std::string IniFile::place(std::string_view section, std::string_view option) const {
  const Option* found = find(section, option);
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
      const IniFile::Option* referred = ini_.find(section_, name);
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
  const Option* found = find(section, option);
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
