// Amazon S3: reading back what was stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// The object's content; nothing where there is no such object. S3 tells that only to who may list
// the bucket: without s3:ListBucket a missing object is Error{kAccessDenied}.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
// Throws as Client::call, and Error{kAwsFailed} for more than `most` bytes.
std::optional<std::string> get_object(Session& session, const std::string& bucket,
                                      const std::string& key, std::size_t most, const Stop& stop);

struct ObjectList {
  std::vector<std::string> keys;      // in the order of their bytes
  std::vector<std::string> prefixes;  // "folders" up to the delimiter
  bool more = false;                  // S3 has more after the last key
  std::string continuation;           // for the next call
};

// One page (at most 1,000) of what begins with `prefix`; `delimiter` "/" stops at the next slash,
// "" goes all the way down. `continuation` is that of the page before, "" for the first one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
// Throws as Client::call, and Error{kAwsFailed} for an answer that is no listing.
ObjectList list_objects(Session& session, const std::string& bucket, const std::string& prefix,
                        const std::string& delimiter, const std::string& continuation,
                        const Stop& stop);

}  // namespace drift::aws
