// The JSON configuration file of `check --config`: several targets, one run.
#pragma once

#include <string>
#include <vector>

#include "drift/config/options.h"

namespace drift::config {

// {"reports": …, "alerts": […], …, "defaults": {target options}, "targets": [{target options}]}
// Keys are the options' names with underscores (docs/configuration.md).
struct ConfigFile {
  Options run;
  // Each already completed by "defaults"; their paths as written. At least one.
  std::vector<Options> targets;
};

// Parses `text`; `path` is for messages.
// Throws Error{kConfiguration} for what is no JSON (with line and column), a key that is not known
// (with the nearest one that is), a value of the wrong type, no targets, or two targets of one
// name.
ConfigFile parse_config(const std::string& text, const std::string& path);

// Reads and parses the file: a path, s3://bucket/key (at most 4 MiB) or ssm:NAME, a parameter of
// the Parameter Store; the last two have 30 s. Throws Error{kConfiguration}, and what
// reporters::Store and aws::parameter throw.
ConfigFile read_config(const std::string& path);

}  // namespace drift::config
