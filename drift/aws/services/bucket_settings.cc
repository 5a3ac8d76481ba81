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

using Paths = std::vector<std::pair<std::string, std::string>>;

// The body of GET /?`query`; nothing where S3 says `none`, the code of what was never configured.
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

// A page that is no such document must not pass for one that says nothing.
void require_document(const std::string& body, std::string_view root, Session& session,
                      const std::string& bucket, const char* operation) {
  if (body.find("<" + std::string(root)) != std::string::npos) return;
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
  constexpr const char* kOperation = "s3:GetBucketVersioning";
  const auto body = ask(session, bucket, kOperation, "versioning", "", stop);
  require_document(*body, "VersioningConfiguration", session, bucket, kOperation);
  return xml_texts(*body, {"Status"})["Status"];
}

std::optional<BucketEncryption> bucket_encryption(Session& session, const std::string& bucket,
                                                  const Stop& stop) {
  constexpr const char* kOperation = "s3:GetEncryptionConfiguration";
  const auto body = ask(session, bucket, kOperation, "encryption",
                        "ServerSideEncryptionConfigurationNotFoundError", stop);
  if (!body) return std::nullopt;
  require_document(*body, "ServerSideEncryptionConfiguration", session, bucket, kOperation);
  auto texts = xml_texts(*body, {"SSEAlgorithm", "KMSMasterKeyID"});
  if (texts["SSEAlgorithm"].empty()) return std::nullopt;
  return BucketEncryption{texts["SSEAlgorithm"], texts["KMSMasterKeyID"]};
}

std::optional<std::vector<std::string>> public_access_block_gaps(Session& session,
                                                                 const std::string& bucket,
                                                                 const Stop& stop) {
  constexpr const char* kOperation = "s3:GetBucketPublicAccessBlock";
  const auto body = ask(session, bucket, kOperation, "publicAccessBlock",
                        "NoSuchPublicAccessBlockConfiguration", stop);
  if (!body) return std::nullopt;
  require_document(*body, "PublicAccessBlockConfiguration", session, bucket, kOperation);
  auto texts = xml_texts(
      *body, {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"});
  std::vector<std::string> off;
  for (const char* name :
       {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}) {
    const std::string& value = texts[name];
    if (value != "true" && value != "TRUE") off.emplace_back(name);
  }
  return off;
}

std::vector<LifecycleRule> bucket_lifecycle(Session& session, const std::string& bucket,
                                            const Stop& stop) {
  constexpr const char* kOperation = "s3:GetLifecycleConfiguration";
  const auto body =
      ask(session, bucket, kOperation, "lifecycle", "NoSuchLifecycleConfiguration", stop);
  if (!body) return {};
  require_document(*body, "LifecycleConfiguration", session, bucket, kOperation);
  std::vector<LifecycleRule> rules;
  // Where one rule ends and the next begins is lost in the list of paths, so each is read alone.
  constexpr std::string_view kBegin = "<Rule>";
  constexpr std::string_view kEnd = "</Rule>";
  for (std::size_t at = body->find(kBegin); at != std::string::npos; at = body->find(kBegin, at)) {
    const std::size_t end = body->find(kEnd, at);
    if (end == std::string::npos) break;
    LifecycleRule rule;
    for (const auto& [path, text] : xml_paths(body->substr(at, end + kEnd.size() - at))) {
      if (path == "Rule/Prefix" || path == "Rule/Filter/Prefix" || path == "Rule/Filter/And/Prefix")
        rule.prefix = text;
      if (path.starts_with("Rule/Filter/Tag") || path.starts_with("Rule/Filter/And/Tag") ||
          path.find("/ObjectSize") != std::string::npos)
        rule.conditional = true;
      if (path == "Rule/Status") rule.enabled = text == "Enabled";
      if (path == "Rule/Expiration/Days") rule.expires_after = number(text);
    }
    rules.push_back(std::move(rule));
    at = end;
  }
  return rules;
}

std::optional<ObjectLock> bucket_object_lock(Session& session, const std::string& bucket,
                                             const Stop& stop) {
  constexpr const char* kOperation = "s3:GetBucketObjectLockConfiguration";
  const auto body =
      ask(session, bucket, kOperation, "object-lock", "ObjectLockConfigurationNotFoundError", stop);
  if (!body) return std::nullopt;
  require_document(*body, "ObjectLockConfiguration", session, bucket, kOperation);
  auto texts = xml_texts(*body, {"ObjectLockEnabled", "Mode", "Days", "Years"});
  if (texts["ObjectLockEnabled"] != "Enabled") return std::nullopt;
  return ObjectLock{texts["Mode"], number(texts["Days"]) + 365 * number(texts["Years"])};
}

std::optional<std::string> bucket_policy(Session& session, const std::string& bucket,
                                         const Stop& stop) {
  return ask(session, bucket, "s3:GetBucketPolicy", "policy", "NoSuchBucketPolicy", stop);
}

}  // namespace drift::aws
