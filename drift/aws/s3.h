// Amazon S3: the few calls that keeping reports takes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
#pragma once

#include <optional>
#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

struct PutObject {
  std::string bucket;
  std::string key;
  std::string body;
  std::string content_type = "application/json";
  bool only_if_absent = true;  // If-None-Match: *
  std::string kms_key;         // "" encrypts with AES256
  // Object Lock, where the bucket has it: mode GOVERNANCE or COMPLIANCE, and until when.
  std::string lock_mode;
  std::optional<TimePoint> lock_until;
};

enum class Put { kStored, kExists };

// With SHA-256 checksum and server-side encryption. A bucket in another region than the session's
// is found there by what S3 answers.
//
// kExists says that some object has this key, not that another run wrote it: where the answer to a
// first attempt was lost, the second one meets the first one's object. Keys that nobody else can
// choose (with the run's id) make the two the same thing.
//
// Throws as Client::call, Error{kConfiguration} for an impossible bucket name, Error{kAwsFailed}
// for an answer that only looks like success.
Put put_object(Session& session, const PutObject& object, const Stop& stop);

}  // namespace drift::aws
