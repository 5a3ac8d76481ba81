// The AWS settings around a process: variables and the shared configuration files.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace drift::aws {

// A section's settings; nested ones ("s3 =\n  key = value") as "s3.key".
using ProfileSettings = std::map<std::string, std::string>;

class Environment {
 public:
  using Variables = std::function<std::optional<std::string>(const std::string& name)>;

  // Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE (or ~/.aws/config, ~/.aws/credentials)
  // where they exist. Throws Error{kConfiguration} with path:line for what botocore would refuse.
  explicit Environment(Variables variables);
  // The environment of this process.
  static Environment of_process();

  std::optional<std::string> variable(const std::string& name) const;  // empty counts as unset

  // AWS_PROFILE, else "default".
  std::string profile_name() const;
  // Of `[profile NAME]`, `[default]` in the config file; nothing where there is no such section.
  const ProfileSettings* config_profile(const std::string& name) const;
  // Of `[NAME]` in the credentials file.
  const ProfileSettings* credentials_profile(const std::string& name) const;
  // Of `[services NAME]` in the config file: "s3.endpoint_url".
  const ProfileSettings* services(const std::string& name) const;

  // AWS_REGION, AWS_DEFAULT_REGION, the profile's region; nothing where none says.
  std::optional<std::string> region() const;
  // AWS_CA_BUNDLE, the profile's ca_bundle, "" for the system's.
  std::string ca_bundle() const;

 private:
  Variables variables_;
  std::map<std::string, ProfileSettings> config_, credentials_, services_;
};

}  // namespace drift::aws
