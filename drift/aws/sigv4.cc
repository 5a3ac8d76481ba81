#include "drift/aws/sigv4.h"

#include <algorithm>

#include "drift/aws/canonical_request.h"
#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr char kDate[] = "X-Amz-Date";
constexpr char kToken[] = "X-Amz-Security-Token";
constexpr char kBodyHash[] = "X-Amz-Content-Sha256";

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

void drop(Headers& headers, std::string_view name) {
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [&](const auto& header) { return same_name(header.first, name); }),
                headers.end());
}

const std::string* find(const Headers& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (same_name(header.first, name)) return &header.second;
  }
  return nullptr;
}

// What both kinds sign of the request's own headers.
Headers own_headers(const SigningRequest& request) {
  if (find(request.headers, "Host") == nullptr) {
    throw Error{Fault::kInternal, "a request without a Host header cannot be signed"};
  }
  Headers headers = request.headers;
  drop(headers, kDate);
  drop(headers, "Authorization");
  return headers;
}

std::string body_hash(const SigningRequest& request) {
  const std::string* given = find(request.headers, kBodyHash);
  return given != nullptr ? *given : sha256_hex(request.body);
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

// "20150830/us-east-1/service/aws4_request"
std::string credential_scope(const SigningScope& scope) {
  return basic_timestamp(scope.time).substr(0, 8) + '/' + scope.region + '/' + scope.service +
         "/aws4_request";
}

std::string signing_key(const SigningScope& scope, const SigningKeys& keys) {
  const std::string date = basic_timestamp(scope.time).substr(0, 8);
  std::string first = "AWS4" + keys.secret_access_key;
  std::string key = hmac_sha256(first, date);
  wipe(first);
  for (const std::string_view step :
       {std::string_view{scope.region}, std::string_view{scope.service},
        std::string_view{"aws4_request"}}) {
    std::string next = hmac_sha256(key, step);
    wipe(key);
    key = std::move(next);
  }
  return key;
}

Signature sign(const SigningRequest& request, const SigningScope& scope, const SigningKeys& keys,
               std::string_view query, const CanonicalHeaders& headers, std::string_view hash) {
  Signature result;
  std::string& canonical = result.canonical_request;
  for (const char c : request.method) {
    canonical += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  canonical += '\n';
  canonical +=
      canonical_path(path_of(request.target), scope.normalize_path, scope.double_encode_path);
  canonical += '\n';
  canonical += canonical_query(query);
  canonical += '\n' + headers.block + '\n' + headers.names + '\n';
  canonical += hash;

  result.string_to_sign = std::string{kAlgorithm} + '\n' + basic_timestamp(scope.time) + '\n' +
                          credential_scope(scope) + '\n' + sha256_hex(canonical);
  result.signature = hex_encoded(hmac_sha256(signing_key(scope, keys), result.string_to_sign));
  return result;
}

}  // namespace

SignedHeaders sign_headers(const SigningRequest& request, const SigningScope& scope,
                           const SigningKeys& keys) {
  const std::string hash = body_hash(request);
  Headers to_sign = own_headers(request);
  SignedHeaders result;

  const auto add_signed = [&](const char* name, const std::string& value) {
    drop(to_sign, name);
    to_sign.emplace_back(name, value);
    result.headers.emplace_back(name, value);
  };
  add_signed(kDate, basic_timestamp(scope.time));
  if (!keys.session_token.empty()) {
    if (scope.omit_session_token) {
      drop(to_sign, kToken);
      result.headers.emplace_back(kToken, keys.session_token);
    } else {
      add_signed(kToken, keys.session_token);
    }
  }
  if (scope.sign_body) add_signed(kBodyHash, hash);

  const CanonicalHeaders canonical = canonical_headers(to_sign, request.tls);
  result.details = sign(request, scope, keys, query_of(request.target), canonical, hash);
  result.headers.emplace_back("Authorization",
                              std::string{kAlgorithm} + " Credential=" + keys.access_key_id + '/' +
                                  credential_scope(scope) + ", SignedHeaders=" + canonical.names +
                                  ", Signature=" + result.details.signature);
  return result;
}

SignedQuery presign_query(const SigningRequest& request, const SigningScope& scope,
                          const SigningKeys& keys, std::chrono::seconds expires) {
  SignedQuery result;
  const CanonicalHeaders canonical = canonical_headers(own_headers(request), request.tls);

  std::string& query = result.query;
  query = query_of(request.target);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!query.empty()) query += '&';
    query += name;
    query += '=' + uri_encoded(value, false);
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", keys.access_key_id + '/' + credential_scope(scope));
  add(kDate, basic_timestamp(scope.time));
  add("X-Amz-SignedHeaders", canonical.names);
  if (expires.count() > 0) add("X-Amz-Expires", std::to_string(expires.count()));
  const bool has_token = !keys.session_token.empty();
  if (has_token && !scope.omit_session_token) add(kToken, keys.session_token);

  result.details = sign(request, scope, keys, query, canonical, body_hash(request));
  add("X-Amz-Signature", result.details.signature);
  if (has_token && scope.omit_session_token) add(kToken, keys.session_token);
  return result;
}

std::string uri_encoded(std::string_view text, bool keep_slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (unreserved || (keep_slash && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

}  // namespace drift::aws
