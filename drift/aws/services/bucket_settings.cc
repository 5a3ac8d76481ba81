#include "drift/aws/services/bucket_settings.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "drift/aws/services/s3.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

// The answer to GET /?`query`; nothing where S3 says `none`, the code of what was never configured.
std::optional<std::string> ask(Session& session, const std::string& bucket, const char* operation,
                               const std::string& query, std::string_view none, const Stop& stop) {
  Call call;
  call.operation = operation;
  call.method = "GET";
  call.max_response_bytes = 1u << 20;
  Answer answer = send_to_bucket(session, bucket, "", query, call, stop);
  if (answer.error && answer.error->status == 404 && answer.error->code == none) {
    return std::nullopt;
  }
  if (answer.failure) throw *answer.failure;
  return std::move(answer.response.body);
}

// The same for a document whose root is `root`: another page must not pass for one that says
// nothing.
std::optional<pugi::xml_document> ask(Session& session, const std::string& bucket,
                                      const char* operation, const std::string& query,
                                      std::string_view none, const char* root, const Stop& stop) {
  const auto body = ask(session, bucket, operation, query, none, stop);
  if (!body) return std::nullopt;
  pugi::xml_document document = parse_xml(*body);
  if (document.child(root)) return document;
  throw Error{Fault::kAwsFailed,
              fmt::format("{} on {} was answered with success, but not with a {}", operation,
                          printable(object_arn(session.region(), bucket, "")), root),
              "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"};
}

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string bucket_versioning(Session& session, const std::string& bucket, const Stop& stop) {
  const auto document = ask(session, bucket, "s3:GetBucketVersioning", "versioning", "",
                            "VersioningConfiguration", stop);
  return xml_text(first_element(*document, "Status"));
}

std::optional<BucketEncryption> bucket_encryption(Session& session, const std::string& bucket,
                                                  const Stop& stop) {
  const auto document = ask(session, bucket, "s3:GetEncryptionConfiguration", "encryption",
                            "ServerSideEncryptionConfigurationNotFoundError",
                            "ServerSideEncryptionConfiguration", stop);
  if (!document) return std::nullopt;
  BucketEncryption encryption{xml_text(first_element(*document, "SSEAlgorithm")),
                              xml_text(first_element(*document, "KMSMasterKeyID"))};
  if (encryption.algorithm.empty()) return std::nullopt;
  return encryption;
}

std::optional<std::vector<std::string>> public_access_block_gaps(Session& session,
                                                                 const std::string& bucket,
                                                                 const Stop& stop) {
  const auto document =
      ask(session, bucket, "s3:GetBucketPublicAccessBlock", "publicAccessBlock",
          "NoSuchPublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", stop);
  if (!document) return std::nullopt;
  std::vector<std::string> off;
  for (const char* name :
       {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}) {
    const std::string value = xml_text(first_element(*document, name));
    if (value != "true" && value != "TRUE") off.emplace_back(name);
  }
  return off;
}

std::vector<LifecycleRule> bucket_lifecycle(Session& session, const std::string& bucket,
                                            const Stop& stop) {
  const auto document = ask(session, bucket, "s3:GetLifecycleConfiguration", "lifecycle",
                            "NoSuchLifecycleConfiguration", "LifecycleConfiguration", stop);
  if (!document) return {};
  std::vector<LifecycleRule> rules;
  for (const auto& told : document->child("LifecycleConfiguration").children("Rule")) {
    const pugi::xml_node filter = told.child("Filter");
    LifecycleRule rule;
    // The rule itself has it in the older form.
    for (const pugi::xml_node& place : {told, filter, filter.child("And")}) {
      if (const pugi::xml_node prefix = place.child("Prefix")) rule.prefix = xml_text(prefix);
      rule.conditional |= place.child("Tag") || place.child("ObjectSizeGreaterThan") ||
                          place.child("ObjectSizeLessThan");
    }
    rule.enabled = xml_text(told.child("Status")) == "Enabled";
    rule.expires_after = number(xml_text(told.child("Expiration").child("Days")));
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::optional<ObjectLock> bucket_object_lock(Session& session, const std::string& bucket,
                                             const Stop& stop) {
  const auto document =
      ask(session, bucket, "s3:GetBucketObjectLockConfiguration", "object-lock",
          "ObjectLockConfigurationNotFoundError", "ObjectLockConfiguration", stop);
  if (!document) return std::nullopt;
  const auto text = [&](const char* name) { return xml_text(first_element(*document, name)); };
  if (text("ObjectLockEnabled") != "Enabled") return std::nullopt;
  return ObjectLock{text("Mode"), number(text("Days")) + 365 * number(text("Years"))};
}

std::optional<std::string> bucket_policy(Session& session, const std::string& bucket,
                                         const Stop& stop) {
  return ask(session, bucket, "s3:GetBucketPolicy", "policy", "NoSuchBucketPolicy", stop);
}

}  // namespace drift::aws
