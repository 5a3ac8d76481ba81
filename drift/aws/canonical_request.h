// The one form of a request that client and service both compute and sign.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drift::aws {

// Whether a header of that name (lower case) is signed. Those that a proxy or an HTTP library may
// add or change on the way are not; the list is botocore's.
bool signs_header(std::string_view name);

// The path as it is signed. `normalize` removes ".", ".." and empty segments; `double_encode`
// percent-encodes every byte that is sent but the unreserved ones and '/', so "%20" becomes
// "%2520" and a raw space "%20". An empty path is "/".
std::string canonical_path(std::string_view path, bool normalize, bool double_encode);

// The query (without '?') with every name and value percent-encoded, sorted by name and then by
// value, each with a '='. "%41" is first decoded to "A"; '+' stays a plus sign ("%2B").
std::string canonical_query(std::string_view query);

struct CanonicalHeaders {
  std::string block;  // "host:example.com\nx-amz-date:...\n"
  std::string names;  // "host;x-amz-date"
};

// Names in lower case and sorted; values trimmed with runs of white space folded to one space, even
// inside quotes; values of a repeated name, and the lines of a value, joined by commas in order.
// The port is dropped from Host where it is the default one.
CanonicalHeaders canonical_headers(const std::vector<std::pair<std::string, std::string>>& headers,
                                   bool tls);

}  // namespace drift::aws
