#include "drift/base/python_ini.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift {
namespace {

// Bytes of the white space character that `text` begins with, or 0.
std::size_t space_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return (first >= 9 && first <= 13) || (first >= 28 && first <= 32) ? 1 : 0;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;
  if (first < 0xE1 || first > 0xE3) return 0;
  if ((byte(1) & 0xC0) != 0x80 || (byte(2) & 0xC0) != 0x80) return 0;
  const unsigned point = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  const bool space = point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
                     point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
  return space ? 3 : 0;
}

std::string_view rstrip(std::string_view text) {
  for (bool again = true; again && !text.empty();) {
    again = false;
    for (std::size_t length = 1; length <= std::min<std::size_t>(3, text.size()); ++length) {
      if (space_length(text.substr(text.size() - length)) == length) {
        text.remove_suffix(length);
        again = true;
        break;
      }
    }
  }
  return text;
}

class Reader {
 public:
  Reader(std::string_view path, const PythonIniKind& kind) : path_(path), kind_(kind) {}

  void read(std::string_view text);

  PythonIni ini;

 private:
  [[noreturn]] void refuse(int line, const std::string& what, std::string_view mend) const {
    throw Error{kind_.fault, fmt::format("{}:{}: {}", printable(path_), line, what),
                fmt::format("{}: {}", kind_.refuse, mend)};
  }
  void begin_section(std::string_view name, int line);
  void begin_option(std::string_view text, int line);

  std::string_view path_;
  const PythonIniKind& kind_;
  std::map<std::string, int, std::less<>> section_lines_;
  std::string_view section_name_;
  PythonIni::Options* section_ = nullptr;
  PythonIni::Option* option_ = nullptr;  // whose value the next line may continue
};

// The order of the questions is ConfigParser._read's: comment or empty, continuation, section,
// option. An indented "[x]" below an option is therefore part of its value.
void Reader::read(std::string_view text) {
  // With the encoding that Alembic and botocore ask for, Python keeps the mark as a character, so
  // the first line is neither a comment nor a section.
  if (text.starts_with("\xEF\xBB\xBF")) {
    refuse(1, "the file begins with a byte order mark", "save it as UTF-8 without one");
  }
  std::size_t level = 0;
  for (int line = 1; !text.empty(); ++line) {
    const auto [value, indent] = python_strip(python_line(text));
    if (value.empty()) {
      if (option_ != nullptr) option_->value += '\n';
      continue;
    }
    if (value.front() == '#' || value.front() == ';') continue;
    if (option_ != nullptr && indent > level) {
      option_->value.append("\n").append(value);
      continue;
    }
    level = indent;
    // What follows the last bracket is ignored, so "[x] # note" is a section.
    const std::size_t bracket = value.rfind(']');
    if (value.front() == '[' && bracket != std::string_view::npos && bracket >= 2) {
      begin_section(value.substr(1, bracket - 1), line);
    } else {
      begin_option(value, line);
    }
  }
  const auto finish = [](PythonIni::Options& options) {
    for (auto& [key, one] : options) {
      if (one.line != 0) one.value.resize(rstrip(one.value).size());
    }
  };
  finish(ini.defaults);
  for (auto& [name, options] : ini.sections) finish(options);
}

void Reader::begin_section(std::string_view name, int line) {
  option_ = nullptr;
  section_name_ = name;
  if (name == "DEFAULT") {  // the only one that may stand there twice
    section_ = &ini.defaults;
    return;
  }
  const auto [first, is_new] = section_lines_.emplace(name, line);
  if (!is_new) {
    refuse(line, fmt::format("section [{}] is already at line {}", printable(name), first->second),
           "merge the two sections");
  }
  section_ = &ini.sections[first->first];
  ini.names.push_back(first->first);
}

void Reader::begin_option(std::string_view text, int line) {
  if (section_ == nullptr) {
    refuse(line, "the line comes before any [section]",
           fmt::format("the first line that is neither empty nor a comment must be a section such "
                       "as {}",
                       kind_.section));
  }
  const std::size_t delimiter = text.find_first_of("=:");
  if (delimiter == std::string_view::npos || delimiter == 0) {
    refuse(line, "the line is neither a [section] nor of the form name = value", kind_.mend);
  }
  const auto [found, is_new] =
      section_->try_emplace(ascii_lower(rstrip(text.substr(0, delimiter))));
  if (!is_new && found->second.line != 0) {
    const std::string which = kind_.names_options
                                  ? fmt::format("{} {} of [{}]", kind_.option, quoted(found->first),
                                                printable(section_name_))
                                  : fmt::format("the {}", kind_.option);
    refuse(line, fmt::format("{} is already at line {}", which, found->second.line),
           "remove one of the two");
  }
  option_ = &found->second;
  *option_ = {std::string(python_strip(text.substr(delimiter + 1)).text), line};
}

}  // namespace

Stripped python_strip(std::string_view line) {
  Stripped result;
  while (const std::size_t length = space_length(line)) {
    line.remove_prefix(length);
    ++result.indent;
  }
  result.text = rstrip(line);
  return result;
}

std::string_view python_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

PythonIni read_python_ini(std::string_view text, std::string_view path, const PythonIniKind& kind,
                          const std::map<std::string, std::string>& defaults) {
  Reader reader(path, kind);
  for (const auto& [key, value] : defaults) reader.ini.defaults[key] = {value, 0};
  reader.read(text);
  return std::move(reader.ini);
}

}  // namespace drift
