#include "drift/aws/services/s3.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/aws/endpoint.h"
#include "drift/aws/sigv4.h"
#include "drift/aws/xml.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::aws {
namespace {

bool is_lower_or_digit(char c) { return is_alnum(c) && c == ascii_lower(c); }

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
void require_bucket_name(const std::string& bucket) {
  const auto refuse = [&](std::string_view why) {
    const std::string shown = redacted_url("s3://" + bucket).substr(5);
    throw Error{Fault::kUsage,
                fmt::format("invalid S3 bucket \"{}\": {}", shortened(shown, 200), why),
                "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX"};
  };
  if (bucket.empty()) refuse("no name");
  if (bucket.size() < 3) refuse("shorter than 3 characters");
  if (bucket.size() > 255) refuse("longer than 255 characters");
  if (!std::all_of(bucket.begin(), bucket.end(),
                   [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; })) {
    refuse("a name has letters, digits, '.', '-' and '_' alone");
  }
  in_addr address{};
  if (::inet_pton(AF_INET, bucket.c_str(), &address) == 1) refuse("an IP address");
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

constexpr const char* kOwnKeys = "AES256";

// Before every bucket had a default, AWS's own advice was to deny what asks for no encryption.
// https://aws.amazon.com/blogs/security/how-to-prevent-uploads-of-unencrypted-objects-to-amazon-s3/
Error put_failure(const Error& error, const PutObject& object) {
  const bool by_bucket =
      std::string_view(error.what()).find("explicit deny in a resource-based policy") !=
      std::string_view::npos;
  if (!by_bucket || !object.kms_key.empty()) return error;
  return {error.fault, error.what(),
          "the bucket's policy denies it; where it demands a word about encryption, give --kms-key "
          "AES256 or --kms-key KEY",
          error.retryable};
}

HttpHeaders put_headers(const PutObject& object) {
  HttpHeaders headers{{"Content-Type", object.content_type},
                      {"X-Amz-Sdk-Checksum-Algorithm", "SHA256"},
                      {"X-Amz-Checksum-Sha256", base64_encoded(sha256(object.body))}};
  if (object.only_if_absent) headers.emplace_back("If-None-Match", "*");
  if (object.kms_key == kOwnKeys) {
    headers.emplace_back("X-Amz-Server-Side-Encryption", kOwnKeys);
  } else if (!object.kms_key.empty()) {
    headers.emplace_back("X-Amz-Server-Side-Encryption", "aws:kms");
    headers.emplace_back("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", object.kms_key);
  }
  if (!object.lock_mode.empty() && object.lock_until) {
    headers.emplace_back("X-Amz-Object-Lock-Mode", object.lock_mode);
    headers.emplace_back("X-Amz-Object-Lock-Retain-Until-Date", rfc3339(*object.lock_until));
  }
  return headers;
}

// With encoding-type=url S3 writes keys as form fields: a space is "+".
std::string decoded_key(std::string_view text) {
  std::string spaces(text);
  for (char& c : spaces) {
    if (c == '+') c = ' ';
  }
  return percent_decoded(spaces);
}

}  // namespace

S3Place s3_place(const std::string& url) {
  const std::string text = url.substr(std::string_view("s3://").size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  S3Place place{text.substr(0, slash), text.substr(std::min(slash + 1, text.size()))};
  while (place.prefix.ends_with('/')) place.prefix.pop_back();
  if (!place.prefix.empty()) place.prefix += '/';
  require_bucket_name(place.bucket);
  return place;
}

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

Put put_object(Session& session, const PutObject& object, const Stop& stop) {
  Call call;
  call.operation = "s3:PutObject";
  call.method = "PUT";
  call.headers = put_headers(object);
  call.body = object.body;
  call.max_response_bytes = 1u << 20;
  const Answer answer = send_to_bucket(session, object.bucket, object.key, "", call, stop);
  if (answer.error && object.only_if_absent && answer.error->status == 412) return Put::kExists;
  if (answer.failure) throw put_failure(*answer.failure, object);
  // Every S3 answers a PUT with the entity's tag; a captive portal's page has none.
  if (answer.response.header("etag").empty()) {
    throw Error{Fault::kAwsFailed,
                fmt::format("s3:PutObject on {} was answered with success, but not by S3 (no ETag)",
                            printable(object_arn(session.region(), object.bucket, object.key))),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"};
  }
  return Put::kStored;
}

std::optional<std::string> get_object(Session& session, const std::string& bucket,
                                      const std::string& key, std::size_t most, const Stop& stop) {
  Call call;
  call.operation = "s3:GetObject";
  call.method = "GET";
  call.max_response_bytes = most;
  Answer answer = send_to_bucket(session, bucket, key, "", call, stop);
  if (answer.error && answer.error->status == 404 && answer.error->code != "NoSuchBucket") {
    return std::nullopt;
  }
  if (answer.failure) throw *answer.failure;
  return std::move(answer.response.body);
}

std::optional<ObjectEncryption> object_encryption(Session& session, const std::string& bucket,
                                                  const std::string& key, const Stop& stop) {
  Call call;
  call.operation = "s3:GetObject";
  call.method = "HEAD";
  const Answer answer = send_to_bucket(session, bucket, key, "", call, stop);
  if (answer.error && answer.error->status == 404) return std::nullopt;
  if (answer.failure) throw *answer.failure;
  const auto said = [&](std::string_view name) {
    return std::string(answer.response.header(name));
  };
  return ObjectEncryption{said("x-amz-server-side-encryption"),
                          said("x-amz-server-side-encryption-aws-kms-key-id")};
}

ObjectList list_objects(Session& session, const std::string& bucket, const std::string& prefix,
                        const std::string& delimiter, const std::string& continuation,
                        const Stop& stop) {
  Call call;
  call.operation = "s3:ListBucket";
  call.method = "GET";
  std::string query;
  if (!continuation.empty()) query = "continuation-token=" + uri_encoded(continuation, false) + "&";
  if (!delimiter.empty()) query += "delimiter=" + uri_encoded(delimiter, false) + "&";
  query += "encoding-type=url&list-type=2&prefix=" + uri_encoded(prefix, false);
  const Answer answer = send_to_bucket(session, bucket, "", query, call, stop);
  if (answer.failure) throw *answer.failure;

  ObjectList list;
  const pugi::xml_document document = parse_xml(answer.response.body);
  const pugi::xml_node page = document.child("ListBucketResult");
  for (const auto& object : page.children("Contents")) {
    list.keys.push_back(decoded_key(xml_text(object.child("Key"))));
  }
  for (const auto& folder : page.children("CommonPrefixes")) {
    list.prefixes.push_back(decoded_key(xml_text(folder.child("Prefix"))));
  }
  list.continuation = xml_text(page.child("NextContinuationToken"));
  const std::string truncated = xml_text(page.child("IsTruncated"));
  list.more = truncated == "true";
  // Half a listing would hide reports; a page without its end is none.
  if (truncated.empty() || (list.more && list.continuation.empty())) {
    throw Error{Fault::kAwsFailed,
                fmt::format("s3:ListBucket on {} was answered with success, but not with a listing",
                            printable(object_arn(session.region(), bucket, ""))),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"};
  }
  return list;
}

}  // namespace drift::aws
