#include "drift/aws/shared_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>

#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

constexpr std::string_view kDefaultSection = "DEFAULT";
// The largest that people have are some hundred kilobytes of generated profiles.
constexpr std::size_t kLargestFile = 16u << 20;

// White space beyond ASCII that Python's str.strip() takes off; a no-break space comes along when a
// key is copied out of a web page.
constexpr std::array<std::string_view, 19> kWideBlanks = {
    "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
    "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
    "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
constexpr std::string_view kBlanks = " \t\n\v\f\r\x1c\x1d\x1e\x1f";

std::size_t blank_at_start(std::string_view text) {
  if (text.empty()) return 0;
  if (kBlanks.find(text.front()) != std::string_view::npos) return 1;
  for (const std::string_view blank : kWideBlanks) {
    if (text.substr(0, blank.size()) == blank) return blank.size();
  }
  return 0;
}

std::string_view stripped_end(std::string_view text) {
  for (;;) {
    const std::size_t before = text.size();
    if (!text.empty() && kBlanks.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    for (const std::string_view blank : kWideBlanks) {
      if (text.size() >= blank.size() && text.substr(text.size() - blank.size()) == blank) {
        text.remove_suffix(blank.size());
      }
    }
    if (text.size() == before) return text;
  }
}

struct Stripped {
  std::string_view text;
  std::size_t indent = 0;  // characters, not bytes
};

Stripped stripped(std::string_view text) {
  Stripped result{text, 0};
  while (const std::size_t length = blank_at_start(result.text)) {
    result.text.remove_prefix(length);
    ++result.indent;
  }
  result.text = stripped_end(result.text);
  return result;
}

// Takes one line off `text`; Python opens files with universal newlines.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find_first_of("\r\n");
  const std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
  } else {
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  return line;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

class Parser {
 public:
  explicit Parser(std::string_view path) : path_(path) {}

  SharedFile parse(std::string_view text);

 private:
  struct Setting {
    std::string value;  // lines joined with '\n'
    int line = 0;
  };
  using Section = std::map<std::string, Setting>;

  [[noreturn]] void refuse(int line, const std::string& what, const std::string& hint) const {
    throw Error{Fault::kConfiguration, fmt::format("{}:{}: {}", printable(path_), line, what),
                hint};
  }
  void begin_section(std::string_view name, int line);
  void begin_setting(std::string_view text, int line);
  void put(ProfileSettings& into, const std::string& name, const Setting& setting) const;

  std::string_view path_;
  // Addresses stay: `section_` points into it.
  std::deque<std::pair<std::string, Section>> sections_;
  std::map<std::string, int> section_lines_;
  Section defaults_;
  Section* section_ = nullptr;
  Setting* setting_ = nullptr;  // whose value the next line may continue
};

void Parser::begin_section(std::string_view name, int line) {
  setting_ = nullptr;
  if (name == kDefaultSection) {  // the only one that may stand there twice
    section_ = &defaults_;
    return;
  }
  const auto [first, is_new] = section_lines_.emplace(name, line);
  if (!is_new) {
    refuse(line, fmt::format("section [{}] is already at line {}", printable(name), first->second),
           "the AWS tools refuse the whole file: merge the two sections");
  }
  section_ = &sections_.emplace_back(name, Section{}).second;
}

void Parser::begin_setting(std::string_view text, int line) {
  if (section_ == nullptr) {
    refuse(line, "the line stands before any [section]",
           "the first line that is neither empty nor a comment must be a section such as "
           "[default]");
  }
  const std::size_t delimiter = text.find_first_of("=:");
  if (delimiter == std::string_view::npos || delimiter == 0) {
    refuse(line, "the line is neither a section nor a setting (name = value)",
           "the AWS tools refuse the whole file: begin the line with '#' where it is a comment");
  }
  // No name in the message: in a broken file it may be half of a key.
  const auto [found, is_new] =
      section_->try_emplace(lower(stripped_end(text.substr(0, delimiter))));
  if (!is_new) {
    refuse(line, fmt::format("the setting is already at line {}", found->second.line),
           "the AWS tools refuse the whole file: remove one of the two");
  }
  setting_ = &found->second;
  *setting_ = {std::string(stripped(text.substr(delimiter + 1)).text), line};
}

// A value that begins on the line below its name holds settings of its own.
void Parser::put(ProfileSettings& into, const std::string& name, const Setting& setting) const {
  std::string_view value = stripped_end(setting.value);
  if (value.empty() || value.front() != '\n') {
    into[name] = value;
    return;
  }
  while (!value.empty()) {
    const std::string_view line = stripped(next_line(value)).text;
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      refuse(setting.line, "a line below the setting is not of the form name = value",
             "the AWS tools refuse the whole file: lines below an empty setting are settings of "
             "their own");
    }
    // Unlike those of a section, nested names keep their case, and the last of equals counts.
    into[name + "." + std::string(stripped(line.substr(0, equals)).text)] =
        stripped(line.substr(equals + 1)).text;
  }
}

// The order of the questions is RawConfigParser's: comment or empty, continuation, section,
// setting. An indented "[x]" below a setting is therefore part of its value.
SharedFile Parser::parse(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") {
    refuse(1, "the file begins with a byte order mark",
           "the AWS tools refuse it too: save it as UTF-8 without a byte order mark");
  }
  if (!is_utf8(text)) {
    throw Error{Fault::kConfiguration, fmt::format("{} is not UTF-8", printable(path_)),
                "save it as UTF-8; the AWS tools refuse it too"};
  }
  std::size_t level = 0;
  for (int line = 1; !text.empty(); ++line) {
    const auto [value, indent] = stripped(next_line(text));
    if (value.empty()) {
      if (setting_ != nullptr) setting_->value += '\n';
      continue;
    }
    if (value.front() == '#' || value.front() == ';') continue;
    if (setting_ != nullptr && indent > level) {
      setting_->value.append("\n").append(value);
      continue;
    }
    level = indent;
    // What follows the last bracket is ignored, so "[x] # note" is a section.
    const std::size_t bracket = value.rfind(']');
    if (value.front() == '[' && bracket != std::string_view::npos && bracket >= 2) {
      begin_section(value.substr(1, bracket - 1), line);
    } else {
      begin_setting(value, line);
    }
  }

  SharedFile file;
  for (const auto& [name, section] : sections_) {
    ProfileSettings& settings = file.emplace_back(name, ProfileSettings{}).second;
    for (const auto& [key, setting] : defaults_) {
      if (section.count(key) == 0) put(settings, key, setting);
    }
    for (const auto& [key, setting] : section) put(settings, key, setting);
  }
  return file;
}

[[noreturn]] void cannot_read(const std::string& path, const std::string& why) {
  throw Error{Fault::kConfiguration, fmt::format("cannot read {}: {}", printable(path), why),
              "make it readable for this user, or name another file with AWS_CONFIG_FILE or "
              "AWS_SHARED_CREDENTIALS_FILE"};
}

}  // namespace

SharedFile parse_shared_file(std::string_view text, std::string_view path) {
  return Parser(path).parse(text);
}

std::optional<std::string> single_line(const ProfileSettings& settings, const std::string& key,
                                       const std::string& section) {
  const auto found = settings.find(key);
  if (found == settings.end() || found->second.empty()) return std::nullopt;
  if (found->second.find('\n') != std::string::npos) {
    throw Error{Fault::kConfiguration,
                fmt::format("{} of {} goes on over several lines", key, printable(section)),
                "an indented line belongs to the setting above it: begin each setting in the "
                "first column"};
  }
  return found->second;
}

SharedFile read_shared_file(const std::string& path) {
  struct stat status {};
  // As in botocore, what is no regular file counts as none: people name /dev/null to have none.
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (static_cast<std::size_t>(status.st_size) > kLargestFile) {
    cannot_read(path, fmt::format("it is larger than {} MiB", kLargestFile >> 20));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot_read(path, std::strerror(errno));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) cannot_read(path, std::strerror(errno));
  return parse_shared_file(text, path);
}

}  // namespace drift::aws
