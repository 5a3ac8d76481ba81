// The AWS settings around a process: variables and the shared configuration files.
// https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift::aws {

// The shared config and credentials files of the AWS tools, as botocore reads them.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

// A section's settings; nested ones ("s3 =\n  key = value") as "s3.key".
using ProfileSettings = std::map<std::string, std::string>;

// Sections in the order of the file, by their whole name ("profile x", "default"), each with what
// [DEFAULT] gives it.
using SharedFile = std::vector<std::pair<std::string, ProfileSettings>>;

// The rules are those of Python's RawConfigParser, which botocore uses (drift/base/python_ini.h);
// nested names are not lower-cased. `path` is for messages, which never quote a line: it may be the
// one with the key.
// Throws Error{kConfiguration} "path:line: ...".
SharedFile parse_shared_file(std::string_view text, std::string_view path);

// The setting `key`; nothing where it is missing or empty. `section` ("profile x") is for messages.
// Throws Error{kConfiguration} for a value of several lines: below a setting, an indented
// aws_secret_access_key is part of it, and must reach neither a message nor a request.
std::optional<std::string> single_line(const ProfileSettings& settings, const std::string& key,
                                       const std::string& section);

// The file at `path`; nothing where there is no such regular file.
// Throws Error{kConfiguration} as parse_shared_file, and for a file that cannot be read.
SharedFile read_shared_file(const std::string& path);

// ---------------------------------------------------------------------------- the environment

// Copies share what was read. Thread-safe where `variables` is.
class Environment {
 public:
  using Variables = std::function<std::optional<std::string>(const std::string& name)>;

  // Reads nothing yet: a broken ~/.aws/config must not stop a run that does without AWS. The
  // members below that say so read AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE (or
  // ~/.aws/config, ~/.aws/credentials) once, where they exist, and throw Error{kConfiguration}
  // with path:line for what botocore would refuse.
  explicit Environment(Variables variables);
  // The environment of this process.
  static Environment of_process();

  std::optional<std::string> variable(const std::string& name) const;  // empty counts as unset

  // AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default".
  // Throws Error{kConfiguration} where the two variables name different profiles: the AWS tools do
  // not agree on which one counts.
  std::string profile_name() const;
  // Whether a variable names it: then it must exist.
  bool profile_is_named() const;

  // Of `[profile NAME]`, `[default]` in the config file; nothing where there is no such section.
  // Reads the files.
  const ProfileSettings* config_profile(const std::string& name) const;
  // Of `[NAME]` in the credentials file. Reads the files.
  const ProfileSettings* credentials_profile(const std::string& name) const;
  // Both together, as botocore sees a profile: the credentials file's settings win. Nothing where
  // neither has it. Reads the files.
  std::optional<ProfileSettings> profile(const std::string& name) const;
  // Of `[services NAME]` in the config file: "s3.endpoint_url". Reads the files.
  const ProfileSettings* services(const std::string& name) const;

  // `key` in the profile in use, as single_line takes it. Reads the files.
  std::optional<std::string> profile_setting(const std::string& key) const;
  // The variable, else the profile's setting; nothing where neither is set. Reads the files unless
  // the variable is set.
  std::optional<std::string> setting(const std::string& name, const std::string& key) const;
  // The same for one that is true or false (any case), false where not set. Without `key` no
  // profile counts.
  // Throws Error{kConfiguration} for any other word, which botocore takes for false: somebody who
  // wrote AWS_USE_FIPS_ENDPOINT=1 meant something else.
  bool flag(const std::string& name, const std::string& key = {}) const;

  // AWS_REGION, AWS_DEFAULT_REGION, the profile's region; nothing where none says.
  std::optional<std::string> region() const;
  // AWS_CA_BUNDLE, the profile's ca_bundle, "" for the system's.
  std::string ca_bundle() const;

  // Where the two files are looked for, for messages.
  std::string config_path() const;
  std::string credentials_path() const;

 private:
  struct Files;
  const Files& files() const;
  // `path` with $NAME, ${NAME} and a leading ~ filled in.
  std::string expanded(const std::string& path) const;

  Variables variables_;
  std::shared_ptr<Files> files_;
};

// Words by the quoting rules of a POSIX shell as Python's shlex.split applies them, which botocore
// uses for credential_process and for section names: '...' is literal, "..." knows \" and \\,
// a backslash outside quotes takes the next character as it is; nothing is expanded.
// https://docs.python.org/3/library/shlex.html#parsing-rules
// Nothing where a quotation is not closed or a backslash ends the text.
std::optional<std::vector<std::string>> shell_words(std::string_view text);

}  // namespace drift::aws
