#include "drift/aws/services/s3_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/aws/endpoint.h"
#include "drift/aws/sigv4.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, with the upper case
// and underscores of buckets from before 2018.
void require_bucket_name(const std::string& bucket) {
  const bool possible =
      bucket.size() >= 3 && bucket.size() <= 255 &&
      std::all_of(bucket.begin(), bucket.end(), [](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
      });
  if (possible) return;
  throw Error{Fault::kConfiguration,
              fmt::format("\"{}\" is no name of an S3 bucket", printable(bucket)),
              "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX"};
}

bool fits_host_name(const std::string& bucket) {
  return bucket.size() <= 63 && is_lower_or_digit(bucket.front()) &&
         is_lower_or_digit(bucket.back()) && std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return is_lower_or_digit(c) || c == '-';
         });
}

// S3 answers in one of these ways where a bucket is in another region.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
bool is_elsewhere(const ServiceError& error, const std::string& asked) {
  if (error.region.empty() || error.region == asked) return false;
  return error.status == 301 || error.status == 302 || error.status == 307 ||
         error.code == "PermanentRedirect" || error.code == "AuthorizationHeaderMalformed" ||
         error.code == "IllegalLocationConstraintException";
}

}  // namespace

ObjectAddress object_address(const std::string& bucket, const std::string& key,
                             bool custom_endpoint) {
  const std::string path = "/" + uri_encoded(key, true);
  if (!custom_endpoint && fits_host_name(bucket)) return {bucket + ".", path};
  return {"", "/" + uri_encoded(bucket, false) + path};
}

std::string object_arn(const std::string& region, const std::string& bucket,
                       const std::string& key) {
  return fmt::format("arn:{}:s3:::{}{}{}", partition_of(region), bucket, key.empty() ? "" : "/",
                     key);
}

Answer send_to_bucket(Session& session, const std::string& bucket, const std::string& key,
                      const std::string& query, Call call, const Stop& stop) {
  require_bucket_name(bucket);
  call.service = Service::kS3;
  const auto send_to = [&](const std::string& region) {
    call.region = region;
    call.resource = object_arn(region, bucket, key);
    const bool custom = endpoint_of(Service::kS3, region, session.environment()).custom;
    const ObjectAddress address = object_address(bucket, key, custom);
    call.host_prefix = address.host_prefix;
    call.target = address.target + (query.empty() ? "" : "?" + query);
    return Client(session).send(call, stop);
  };
  const std::string known = session.bucket_region(bucket);
  Answer answer = send_to(known.empty() ? session.region() : known);
  if (answer.error && is_elsewhere(*answer.error, call.region)) {
    const std::string region = answer.error->region;
    answer = send_to(region);
    // Remembered only where it was true.
    if (!answer.error || answer.error->status == 412 || answer.error->status == 404) {
      session.set_bucket_region(bucket, region);
    }
  }
  return answer;
}

}  // namespace drift::aws
