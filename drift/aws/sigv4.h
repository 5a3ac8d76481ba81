// AWS Signature Version 4, as a pure function: no clock, no I/O.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/clock.h"
#include "drift/base/secrets.h"

namespace drift::aws {

struct SigningKeys {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // "" where there is none

  ~SigningKeys() {
    wipe(secret_access_key);
    wipe(session_token);
  }
};

// A request as it goes over the wire.
struct SigningRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query as sent
  // Names in any case, values as sent; must contain Host. An X-Amz-Content-Sha256 among them is
  // taken for the body's hash ("UNSIGNED-PAYLOAD"). X-Amz-Date and Authorization are left out, and
  // so are those that a proxy may change.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Whether it goes over TLS: its default port (443, else 80) is no part of the signed Host, as
  // HTTP clients do not send it.
  bool tls = true;
};

struct SigningScope {
  std::string service;  // "s3", "lambda", ...
  std::string region;
  TimePoint time;
  // All services but S3: dot segments and empty segments are removed from the path, and what was
  // sent is encoded once more ("%3A" is signed as "%253A").
  bool normalize_path = true;
  bool double_encode_path = true;
  // Adds and signs x-amz-content-sha256 (S3 wants it).
  bool sign_body = false;
  // The session token is added after signing and so not signed.
  bool omit_session_token = false;
};

struct Signature {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;  // 64 hex digits
};

struct SignedHeaders {
  Signature details;
  // What to add to the request: X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 where
  // wanted, Authorization last. Headers of the same names that the request has already must go.
  std::vector<std::pair<std::string, std::string>> headers;
};

// Both throw Error{kInternal} where the request names no Host.
SignedHeaders sign_headers(const SigningRequest& request, const SigningScope& scope,
                           const SigningKeys& keys);

struct SignedQuery {
  Signature details;
  // The whole query of the presigned URL, without '?': what the target had, then ours.
  std::string query;
};

// A presigned request that is good for `expires`; zero leaves X-Amz-Expires out. Not for S3, which
// signs "UNSIGNED-PAYLOAD" there; `sign_body` has no meaning.
SignedQuery presign_query(const SigningRequest& request, const SigningScope& scope,
                          const SigningKeys& keys, std::chrono::seconds expires);

// The password of RDS IAM authentication: a presigned request for exactly this host, port and user,
// good for 15 minutes from `now`.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
std::string rds_auth_token(const std::string& host, int port, const std::string& user,
                           const std::string& region, const SigningKeys& keys, TimePoint now);

// RFC 3986 encoding of all but A-Z a-z 0-9 - _ . ~, upper-case hex; `keep_slash` leaves '/'.
std::string uri_encoded(std::string_view text, bool keep_slash);

}  // namespace drift::aws
