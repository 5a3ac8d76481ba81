#include "drift/aws/environment.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/python_ini.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

// The home directory of `user`, "" being the process's own; nothing where there is no such user.
std::optional<std::string> home_of(const std::string& user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16 * 1024> buffer;
  if (user.empty()) {
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
  } else {
    ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  }
  if (found == nullptr) return std::nullopt;
  return found->pw_dir;
}

bool is_name_character(char c) { return is_alnum(c) || c == '_'; }

}  // namespace

struct Environment::Files {
  std::once_flag read;
  std::map<std::string, ProfileSettings> profiles;     // of the config file
  std::map<std::string, ProfileSettings> services;     // of the config file
  std::map<std::string, ProfileSettings> credentials;  // of the credentials file
};

Environment::Environment(Variables variables)
    : variables_(std::move(variables)), files_(std::make_shared<Files>()) {}

Environment Environment::of_process() { return Environment(environment_variable); }

const Environment::Files& Environment::files() const {
  // Where reading throws, the next caller tries again and meets the same error.
  std::call_once(files_->read, [this] {
    Files files;
    for (auto& [name, settings] : read_shared_file(config_path())) {
      if (name == "default") {
        files.profiles[name] = settings;
        continue;
      }
      // As lax as botocore: the word need only begin like this, what does not come to two words is
      // passed over, and of two sections for one name the last counts.
      const bool is_profile = name.starts_with("profile");
      if (!is_profile && !name.starts_with("services")) continue;
      const auto words = shell_words(name);
      if (!words || words->size() != 2) continue;
      (is_profile ? files.profiles : files.services)[words->at(1)] = settings;
    }
    for (auto& [name, settings] : read_shared_file(credentials_path())) {
      files.credentials[name] = std::move(settings);
    }
    files_->profiles = std::move(files.profiles);
    files_->services = std::move(files.services);
    files_->credentials = std::move(files.credentials);
  });
  return *files_;
}

std::optional<std::string> Environment::variable(const std::string& name) const {
  std::optional<std::string> value = variables_(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::string Environment::profile_name() const {
  const auto named = variable("AWS_PROFILE");
  const auto older = variable("AWS_DEFAULT_PROFILE");
  if (named && older && *named != *older) {
    throw Error{Fault::kConfiguration,
                fmt::format("AWS_PROFILE names the profile {}, and AWS_DEFAULT_PROFILE names {}",
                            printable(*named), printable(*older)),
                "unset AWS_DEFAULT_PROFILE: some AWS tools prefer it, others do not know it"};
  }
  return named ? *named : older.value_or("default");
}

bool Environment::profile_is_named() const {
  return variable("AWS_PROFILE") || variable("AWS_DEFAULT_PROFILE");
}

const ProfileSettings* Environment::config_profile(const std::string& name) const {
  const auto& profiles = files().profiles;
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

const ProfileSettings* Environment::credentials_profile(const std::string& name) const {
  const auto& profiles = files().credentials;
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::optional<ProfileSettings> Environment::profile(const std::string& name) const {
  const ProfileSettings* config = config_profile(name);
  const ProfileSettings* credentials = credentials_profile(name);
  if (config == nullptr && credentials == nullptr) return std::nullopt;
  ProfileSettings both;
  if (credentials != nullptr) both = *credentials;
  if (config != nullptr) both.insert(config->begin(), config->end());
  return both;
}

const ProfileSettings* Environment::services(const std::string& name) const {
  const auto& services = files().services;
  const auto found = services.find(name);
  return found == services.end() ? nullptr : &found->second;
}

std::optional<std::string> Environment::profile_setting(const std::string& key) const {
  const std::string name = profile_name();
  const auto settings = profile(name);
  return settings ? single_line(*settings, key, "profile " + name) : std::nullopt;
}

std::optional<std::string> Environment::setting(const std::string& name,
                                                const std::string& key) const {
  if (auto value = variable(name)) return value;
  return profile_setting(key);
}

bool Environment::flag(const std::string& name, const std::string& key) const {
  const auto value = key.empty() ? variable(name) : setting(name, key);
  if (!value || ascii_lower(*value) == "false") return false;
  if (ascii_lower(*value) == "true") return true;
  const std::string what =
      variable(name) ? name : fmt::format("{} of profile {}", key, printable(profile_name()));
  throw Error{Fault::kConfiguration,
              fmt::format("{} is neither true nor false: {}", what, printable(*value)),
              "write true or false"};
}

std::optional<std::string> Environment::region() const {
  if (auto region = variable("AWS_REGION")) return region;
  return setting("AWS_DEFAULT_REGION", "region");
}

std::string Environment::ca_bundle() const {
  return setting("AWS_CA_BUNDLE", "ca_bundle").value_or("");
}

std::string Environment::config_path() const {
  return expanded(variable("AWS_CONFIG_FILE").value_or("~/.aws/config"));
}

std::string Environment::credentials_path() const {
  return expanded(variable("AWS_SHARED_CREDENTIALS_FILE").value_or("~/.aws/credentials"));
}

// In botocore's order: variables first, so one of them may hold the '~'; what is not set stays.
std::string Environment::expanded(const std::string& path) const {
  std::string filled;
  for (std::size_t i = 0; i < path.size();) {
    std::size_t end = i + 1;
    std::string name;
    if (path[i] == '$' && path.substr(i + 1, 1) == "{") {
      const std::size_t brace = path.find('}', i);
      if (brace != std::string::npos) {
        name = path.substr(i + 2, brace - i - 2);
        end = brace + 1;
      }
    } else if (path[i] == '$') {
      while (end < path.size() && is_name_character(path[end])) ++end;
      name = path.substr(i + 1, end - i - 1);
    }
    const auto value = name.empty() ? std::nullopt : variables_(name);
    filled += value ? *value : path.substr(i, end - i);
    i = end;
  }
  if (filled.empty() || filled.front() != '~') return filled;
  const std::size_t slash = std::min(filled.find('/'), filled.size());
  const std::string user = filled.substr(1, slash - 1);
  auto home = user.empty() ? variable("HOME") : std::nullopt;
  if (!home) home = home_of(user);
  return home ? *home + filled.substr(slash) : filled;
}

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // set inside one, even where it is empty yet ('')
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      if (word) words.push_back(std::move(*word));
      word.reset();
      continue;
    }
    if (!word) word.emplace();
    if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      *word += text[i];
    } else if (c == '\'' || c == '"') {
      for (++i; i < text.size() && text[i] != c; ++i) {
        if (c == '"' && text[i] == '\\') {
          if (++i == text.size()) return std::nullopt;
          // Before any other character the backslash stays.
          if (text[i] != '"' && text[i] != '\\') *word += '\\';
        }
        *word += text[i];
      }
      if (i == text.size()) return std::nullopt;
    } else {
      *word += c;
    }
  }
  if (word) words.push_back(std::move(*word));
  return words;
}

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
