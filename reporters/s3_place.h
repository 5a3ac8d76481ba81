// s3://bucket/prefix, taken apart.
#pragma once

#include <string>

namespace drift::reporters {

struct S3Place {
  std::string bucket;
  std::string prefix;  // "" or ends in '/'
};

// Requires: begins with "s3://". Throws Error{kUsage} for a name that no bucket can have.
S3Place s3_place(const std::string& url);

}  // namespace drift::reporters
