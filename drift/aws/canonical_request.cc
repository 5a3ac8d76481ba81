#include "drift/aws/canonical_request.h"

#include <algorithm>
#include <array>
#include <map>

#include "drift/aws/sigv4.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::aws {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
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
    if (is_blank(c)) {
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
  if (host.size() > port.size() &&
      host.compare(host.size() - port.size(), port.size(), port) == 0) {
    host.resize(host.size() - port.size());
  }
  return host;
}

}  // namespace

bool signs_header(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kChangedOnTheWay = {"baggage",
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
  return std::find(kChangedOnTheWay.begin(), kChangedOnTheWay.end(), name) ==
         kChangedOnTheWay.end();
}

std::string canonical_path(std::string_view path, bool normalize, bool double_encode) {
  if (path.empty()) return "/";
  const std::string normal = normalize ? without_dot_segments(path) : std::string{path};
  return double_encode ? uri_encoded(normal, true) : normal;
}

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

CanonicalHeaders canonical_headers(const std::vector<std::pair<std::string, std::string>>& headers,
                                   bool tls) {
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

}  // namespace drift::aws
