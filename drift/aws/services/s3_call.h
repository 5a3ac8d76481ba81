// One call to a bucket, wherever it is.
#pragma once

#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

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
// Throws as Client::send, and Error{kConfiguration} for an impossible bucket name.
Answer send_to_bucket(Session& session, const std::string& bucket, const std::string& key,
                      const std::string& query, Call call, const Stop& stop);

}  // namespace drift::aws
