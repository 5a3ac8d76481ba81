#include "drift/aws/shared_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/python_strip.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

constexpr std::string_view kDefaultSection = "DEFAULT";
// The largest that people have are some hundred kilobytes of generated profiles.
constexpr std::size_t kLargestFile = 16u << 20;

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
      section_->try_emplace(ascii_lower(python_rstrip(text.substr(0, delimiter))));
  if (!is_new) {
    refuse(line, fmt::format("the setting is already at line {}", found->second.line),
           "the AWS tools refuse the whole file: remove one of the two");
  }
  setting_ = &found->second;
  *setting_ = {std::string(python_strip(text.substr(delimiter + 1)).text), line};
}

// A value that begins on the line below its name holds settings of its own.
void Parser::put(ProfileSettings& into, const std::string& name, const Setting& setting) const {
  std::string_view value = python_rstrip(setting.value);
  if (value.empty() || value.front() != '\n') {
    into[name] = value;
    return;
  }
  while (!value.empty()) {
    const std::string_view line = python_strip(python_line(value)).text;
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      refuse(setting.line, "a line below the setting is not of the form name = value",
             "the AWS tools refuse the whole file: lines below an empty setting are settings of "
             "their own");
    }
    // Unlike those of a section, nested names keep their case, and the last of equals counts.
    into[name + "." + std::string(python_strip(line.substr(0, equals)).text)] =
        python_strip(line.substr(equals + 1)).text;
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
    const auto [value, indent] = python_strip(python_line(text));
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
