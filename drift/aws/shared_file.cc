#include "drift/aws/shared_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/python_ini.h"
#include "drift/base/surroundings.h"

namespace drift::aws {
namespace {

// The largest that people have are some hundred kilobytes of generated profiles.
constexpr std::size_t kLargestFile = 16u << 20;

// No names in messages: in a broken file one may be half of a key.
constexpr PythonIniKind kAwsIni{.fault = Fault::kConfiguration,
                                .option = "setting",
                                .section = "[default]",
                                .refuse = "the AWS tools refuse the whole file",
                                .mend = "begin the line with '#' where it is a comment",
                                .names_options = false};

// A value that begins on the line below its name holds settings of its own.
void put(ProfileSettings& into, const std::string& name, const PythonIni::Option& setting,
         std::string_view path) {
  std::string_view value = setting.value;
  if (value.empty() || value.front() != '\n') {
    into[name] = value;
    return;
  }
  while (!value.empty()) {
    const std::string_view line = python_strip(python_line(value)).text;
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      throw Error{Fault::kConfiguration,
                  fmt::format("{}:{}: a line below the setting is not of the form name = value",
                              printable(path), setting.line),
                  fmt::format("{}: lines below an empty setting are settings of their own",
                              kAwsIni.refuse)};
    }
    // Unlike those of a section, nested names keep their case, and the last of equals counts.
    into[name + "." + std::string(python_strip(line.substr(0, equals)).text)] =
        python_strip(line.substr(equals + 1)).text;
  }
}

[[noreturn]] void cannot_read(const std::string& path, const std::string& why) {
  throw Error{Fault::kConfiguration, fmt::format("cannot read {}: {}", printable(path), why),
              "make it readable for this user, or name another file with AWS_CONFIG_FILE or "
              "AWS_SHARED_CREDENTIALS_FILE"};
}

}  // namespace

SharedFile parse_shared_file(std::string_view text, std::string_view path) {
  if (!is_utf8(text)) {
    throw Error{Fault::kConfiguration, fmt::format("{} is not UTF-8", printable(path)),
                fmt::format("{}: save it as UTF-8", kAwsIni.refuse)};
  }
  const PythonIni ini = read_python_ini(text, path, kAwsIni);
  SharedFile file;
  for (const std::string& name : ini.names) {
    const PythonIni::Options& section = ini.sections.at(name);
    ProfileSettings& settings = file.emplace_back(name, ProfileSettings{}).second;
    for (const auto& [key, setting] : ini.defaults) {
      if (!section.contains(key)) put(settings, key, setting, path);
    }
    for (const auto& [key, setting] : section) put(settings, key, setting, path);
  }
  return file;
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
  const std::optional<std::string> text = whole_file(path, kLargestFile);
  if (text) return parse_shared_file(*text, path);
  cannot_read(path, errno == EFBIG ? fmt::format("it is larger than {} MiB", kLargestFile >> 20)
                                   : std::strerror(errno));
}

}  // namespace drift::aws
