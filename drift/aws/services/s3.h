// Amazon S3: one call to a bucket, wherever it is, and the few that keeping reports takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// s3://BUCKET/PREFIX
struct S3Place {
  std::string bucket;
  std::string prefix;  // "" or ends in '/'
};

// Any name that a bucket may have: 3 to 255 letters, digits, '.', '-' and '_'. New buckets have 63
// lower-case ones at most, without '_'; those that were made in us-east-1 before March 2018 keep
// theirs. What S3 would not give to a new one (two dots, "-s3alias") is left to it.
// Requires: begins with "s3://". Throws Error{kUsage} that says what is wrong with the name.
S3Place s3_place(const std::string& url);

// How a bucket is addressed: in the host name ("bucket." + endpoint) or, at a custom endpoint or
// where the name has dots (which no wildcard certificate covers) or is no host name, in the path.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
struct ObjectAddress {
  std::string host_prefix;
  std::string target;
};
ObjectAddress object_address(const std::string& bucket, const std::string& key,
                             bool custom_endpoint);

// "arn:aws:s3:::bucket/key", for messages. `region` decides the partition.
std::string object_arn(const std::string& region, const std::string& bucket,
                       const std::string& key);

// Sends `call` for `key` of `bucket` ("" for the bucket itself) with `query` ("versioning",
// "list-type=2&...": encoded already, "" for none); region, resource and target are filled in. A
// bucket in another region than the session's is found there by what S3 answers, and remembered.
// Throws as Client::send, and Error{kUsage} for an impossible bucket name.
Answer send_to_bucket(Session& session, const std::string& bucket, const std::string& key,
                      const std::string& query, Call call, const Stop& stop);

struct PutObject {
  std::string bucket;
  std::string key;
  std::string body;
  std::string content_type = "application/json";
  bool only_if_absent = true;  // If-None-Match: *
  // "" asks for nothing, so that the bucket's own default counts; "AES256" for S3's own keys.
  std::string kms_key;
  // Object Lock, where the bucket has it: mode GOVERNANCE or COMPLIANCE, and until when.
  std::string lock_mode;
  std::optional<TimePoint> lock_until;
};

enum class Put { kStored, kExists };

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
// With SHA-256 checksum. A bucket in another region than the session's
// is found there by what S3 answers.
//
// kExists says that some object has this key, not that another run wrote it: where the answer to a
// first attempt was lost, the second one meets the first one's object. Keys that nobody else can
// choose (with the run's id) make the two the same thing.
//
// Throws as Client::call, Error{kUsage} for an impossible bucket name, Error{kAwsFailed}
// for an answer that only looks like success. Where a policy of the bucket denies it, the hint says
// that such policies often demand a word about encryption.
Put put_object(Session& session, const PutObject& object, const Stop& stop);

// The object's content; nothing where there is no such object. S3 tells that only to who may list
// the bucket: without s3:ListBucket a missing object is Error{kAccessDenied}.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
// Throws as Client::call, and Error{kAwsFailed} for more than `most` bytes.
std::optional<std::string> get_object(Session& session, const std::string& bucket,
                                      const std::string& key, std::size_t most, const Stop& stop);

// What S3 encrypted an object with, as it says itself.
struct ObjectEncryption {
  std::string algorithm;  // AES256, aws:kms, aws:kms:dsse; "" for none
  std::string kms_key;    // an ARN; "" without one
};

// Nothing where there is no such object. HEAD takes the right to get it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
// Throws as Client::call.
std::optional<ObjectEncryption> object_encryption(Session& session, const std::string& bucket,
                                                  const std::string& key, const Stop& stop);

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
