// Where a service is: host names by region and partition, and what overrides them.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
#pragma once

#include <string>
#include <string_view>

namespace drift::aws {

class Environment;

enum class Service { kLambda, kS3, kSns, kSecretsManager, kSsm, kSts, kEventBridge, kCloudWatch };

// "lambda", "s3", "sns", "secretsmanager", "ssm", "sts", "events", "monitoring": in host names,
// signatures and AWS_ENDPOINT_URL_<SERVICE> (SECRETS_MANAGER, EVENTBRIDGE, CLOUDWATCH there).
std::string_view service_name(Service service);

struct Endpoint {
  std::string origin;       // "https://sns.eu-central-1.amazonaws.com"
  std::string path_prefix;  // of a custom endpoint such as http://localhost:9000/aws; "" mostly
  bool custom = false;      // S3 then uses path style
};

// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section, its endpoint_url
// (none of them with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), else the partition's host name with
// AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT.
// For S3 the bucket is not part of it. Throws Error{kConfiguration} for FIPS or dualstack with a
// custom endpoint, and for a region that could not be part of a host name.
Endpoint endpoint_of(Service service, const std::string& region, const Environment& environment);

// The Host header of a request to `origin`: without the scheme's own port, as it is signed.
std::string host_header(const std::string& origin);

// "aws", "aws-cn", "aws-us-gov", ... of a region: the second field of its ARNs.
std::string_view partition_of(std::string_view region);

}  // namespace drift::aws
