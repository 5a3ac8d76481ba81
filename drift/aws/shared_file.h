// The shared config and credentials files of the AWS tools, as botocore reads them.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift::aws {

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

}  // namespace drift::aws
