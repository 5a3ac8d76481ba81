#include "drift/aws/sigv4.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::aws {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kBlanks = " \t\r\n\v\f";
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

// RFC 3986, section 5.2.4, and empty segments as well, which AWS services drop. Unlike the RFC a
// last "." or ".." leaves no slash behind, as botocore has it.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string normal;
  for (const std::string_view segment : kept) {
    normal += '/';
    normal += segment;
  }
  if (kept.empty() || path.back() == '/') normal += '/';
  return normal;
}

// Without white space around it, and a single space for each within: a folded header's line breaks
// (RFC 9112, obs-fold), too, of which no request of ours has any.
std::string canonical_value(std::string_view line) {
  std::string value;
  bool gap = false;
  for (const char c : line) {
    if (kBlanks.find(c) != std::string_view::npos) {
      gap = !value.empty();
      continue;
    }
    if (gap) value += ' ';
    gap = false;
    value += c;
  }
  return value;
}

std::string without_default_port(std::string host, bool tls) {
  const std::string_view port = tls ? ":443" : ":80";
  if (host.size() > port.size() && host.ends_with(port)) host.resize(host.size() - port.size());
  return host;
}

// Whether a header of that name (lower case) is signed. Those that a proxy or an HTTP library may
// add or change on the way are not; the list is botocore's.
bool signs_header(std::string_view name) {
  static constexpr std::string_view kChangedOnTheWay[] = {"baggage",
                                                          "connection",
                                                          "expect",
                                                          "keep-alive",
                                                          "proxy-authenticate",
                                                          "te",
                                                          "proxy-authorization",
                                                          "traceparent",
                                                          "tracestate",
                                                          "trailer",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "user-agent",
                                                          "x-amzn-trace-id"};
  return std::find(std::begin(kChangedOnTheWay), std::end(kChangedOnTheWay), name) ==
         std::end(kChangedOnTheWay);
}

// The path as it is signed. `normalize` removes ".", ".." and empty segments; `double_encode`
// percent-encodes every byte that is sent but the unreserved ones and '/', so "%20" becomes
// "%2520" and a raw space "%20". An empty path is "/".
std::string canonical_path(std::string_view path, bool normalize, bool double_encode) {
  if (path.empty()) return "/";
  const std::string normal = normalize ? without_dot_segments(path) : std::string{path};
  return double_encode ? uri_encoded(normal, true) : normal;
}

// The query (without '?') with every name and value percent-encoded, sorted by name and then by
// value, each with a '='. "%41" is first decoded to "A"; '+' stays a plus sign ("%2B").
std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view parameter : split(query, '&')) {
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
    parameters.emplace_back(uri_encoded(percent_decoded(parameter.substr(0, equals)), false),
                            uri_encoded(percent_decoded(value), false));
  }
  // Names before values, so that "Param" stands before "Param-3" although '=' comes after '-'.
  std::sort(parameters.begin(), parameters.end());
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    if (!canonical.empty()) canonical += '&';
    canonical += name + '=' + value;
  }
  return canonical;
}

struct CanonicalHeaders {
  std::string block;  // "host:example.com\nx-amz-date:...\n"
  std::string names;  // "host;x-amz-date"
};

// Names in lower case and sorted; values trimmed with runs of white space folded to one space, even
// inside quotes; values of a repeated name, and the lines of a value, joined by commas in order.
// The port is dropped from Host where it is the default one.
CanonicalHeaders canonical_headers(const Headers& headers, bool tls) {
  std::map<std::string, std::string> by_name;
  for (const auto& [name, value] : headers) {
    const std::string lowered = ascii_lower(name);
    if (!signs_header(lowered)) continue;
    std::string text = canonical_value(value);
    if (lowered == "host") text = without_default_port(std::move(text), tls);
    const auto [found, added] = by_name.try_emplace(lowered, text);
    if (!added) found->second += ',' + text;
  }
  CanonicalHeaders canonical;
  for (const auto& [name, value] : by_name) {
    canonical.block += name + ':' + value + '\n';
    if (!canonical.names.empty()) canonical.names += ';';
    canonical.names += name;
  }
  return canonical;
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
    canonical += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
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

std::string rds_auth_token(const std::string& host, int port, const std::string& user,
                           const std::string& region, const SigningKeys& keys, TimePoint now) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  const std::string address = (bare_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);

  SigningRequest request;
  request.target = "/?Action=connect&DBUser=" + uri_encoded(user, false);
  // Host names are signed in lower case; the token keeps the name as it was given.
  request.headers = {{"Host", ascii_lower(address)}};

  SigningScope scope;
  scope.service = "rds-db";
  scope.region = region;
  scope.time = now;
  // The database takes a token for 15 minutes, whatever a longer time would say.
  const SignedQuery query = presign_query(request, scope, keys, std::chrono::minutes{15});
  return address + "/?" + query.query;
}

std::string uri_encoded(std::string_view text, bool keep_slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
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
