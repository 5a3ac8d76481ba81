// Amazon S3: what a bucket says about itself. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// Each is one call with a right of its own, named in its error. All throw as Client::call, and
// Error{kAwsFailed} for an answer that only looks like success. What was never configured, which S3
// answers with an error of its own, is nothing.

// s3:GetBucketVersioning. "Enabled", "Suspended", or "" where it never was.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
std::string bucket_versioning(Session& session, const std::string& bucket, const Stop& stop);

struct BucketEncryption {
  std::string algorithm;  // AES256, aws:kms, aws:kms:dsse
  std::string kms_key;    // "" is AWS's own
};
// s3:GetEncryptionConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html
std::optional<BucketEncryption> bucket_encryption(Session& session, const std::string& bucket,
                                                  const Stop& stop);

// s3:GetBucketPublicAccessBlock. Which of the four switches are off, by their names; nothing where
// the bucket has no block of its own (its account may have one).
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
std::optional<std::vector<std::string>> public_access_block_gaps(Session& session,
                                                                 const std::string& bucket,
                                                                 const Stop& stop);

struct LifecycleRule {
  std::string prefix;        // "" takes every object
  bool conditional = false;  // also by tag or size
  bool enabled = false;
  int expires_after = 0;  // days; 0 where it ends no current version
};
// s3:GetLifecycleConfiguration. Empty where there is none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
std::vector<LifecycleRule> bucket_lifecycle(Session& session, const std::string& bucket,
                                            const Stop& stop);

struct ObjectLock {
  std::string mode;  // of the default retention; "" where the bucket retains nothing by itself
  int days = 0;      // years count as 365
};
// s3:GetBucketObjectLockConfiguration. Nothing where the bucket has no Object Lock.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html
std::optional<ObjectLock> bucket_object_lock(Session& session, const std::string& bucket,
                                             const Stop& stop);

// s3:GetBucketPolicy. The policy's JSON; nothing where there is none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
std::optional<std::string> bucket_policy(Session& session, const std::string& bucket,
                                         const Stop& stop);

}  // namespace drift::aws
