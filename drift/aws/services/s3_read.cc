#include "drift/aws/services/s3_read.h"

#include <fmt/format.h>

#include "drift/aws/services/s3_call.h"
#include "drift/aws/sigv4.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/url.h"

namespace drift::aws {
namespace {

// With encoding-type=url S3 writes keys as form fields: a space is "+".
std::string decoded_key(std::string_view text) {
  std::string spaces(text);
  for (char& c : spaces) {
    if (c == '+') c = ' ';
  }
  return percent_decoded(spaces);
}

}  // namespace

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
  bool complete = false;
  for (const auto& [path, text] : xml_paths(answer.response.body)) {
    if (path == "ListBucketResult/Contents/Key") list.keys.push_back(decoded_key(text));
    if (path == "ListBucketResult/CommonPrefixes/Prefix") {
      list.prefixes.push_back(decoded_key(text));
    }
    if (path == "ListBucketResult/NextContinuationToken") list.continuation = text;
    if (path == "ListBucketResult/IsTruncated") {
      complete = true;
      list.more = text == "true";
    }
  }
  // Half a listing would hide reports; a page without its end is none.
  if (!complete || (list.more && list.continuation.empty())) {
    throw Error{Fault::kAwsFailed,
                fmt::format("s3:ListBucket on {} was answered with success, but not with a listing",
                            printable(object_arn(session.region(), bucket, ""))),
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_S3"};
  }
  return list;
}

}  // namespace drift::aws
