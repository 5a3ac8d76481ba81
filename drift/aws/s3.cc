#include "drift/aws/s3.h"

#include <fmt/format.h>

#include "drift/aws/digest.h"
#include "drift/aws/s3_call.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"

namespace drift::aws {
namespace {

HttpHeaders put_headers(const PutObject& object) {
  HttpHeaders headers{{"Content-Type", object.content_type},
                      {"X-Amz-Sdk-Checksum-Algorithm", "SHA256"},
                      {"X-Amz-Checksum-Sha256", base64_encoded(sha256(object.body))}};
  if (object.only_if_absent) headers.emplace_back("If-None-Match", "*");
  if (object.kms_key.empty()) {
    headers.emplace_back("X-Amz-Server-Side-Encryption", "AES256");
  } else {
    headers.emplace_back("X-Amz-Server-Side-Encryption", "aws:kms");
    headers.emplace_back("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", object.kms_key);
  }
  if (!object.lock_mode.empty() && object.lock_until) {
    headers.emplace_back("X-Amz-Object-Lock-Mode", object.lock_mode);
    headers.emplace_back("X-Amz-Object-Lock-Retain-Until-Date", rfc3339(*object.lock_until));
  }
  return headers;
}

}  // namespace

Put put_object(Session& session, const PutObject& object, const Stop& stop) {
  Call call;
  call.operation = "s3:PutObject";
  call.method = "PUT";
  call.headers = put_headers(object);
  call.body = object.body;
  call.max_response_bytes = 1u << 20;
  const Answer answer = send_to_bucket(session, object.bucket, object.key, "", call, stop);
  if (answer.error && object.only_if_absent && answer.error->status == 412) return Put::kExists;
  if (answer.failure) throw *answer.failure;
  // Every S3 answers a PUT with the entity's tag; a captive portal's page has none.
  if (answer.response.header("etag").empty()) {
    throw Error{Fault::kAwsFailed,
                fmt::format("s3:PutObject on {} was answered with success, but not by S3 (no ETag)",
                            printable(object_arn(session.region(), object.bucket, object.key))),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"};
  }
  return Put::kStored;
}

}  // namespace drift::aws
