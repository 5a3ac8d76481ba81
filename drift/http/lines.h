// The lines of a request: what may be sent, and how it goes over the wire. Our own, because the
// target must arrive byte for byte as it was signed.
#pragma once

#include <string>
#include <string_view>

#include "drift/http/http.h"

namespace drift {

struct Origin;

// Throws Error{kHttpFailed} for a method, a target or a header that would not arrive as what it is:
// names that are no tokens (RFC 9110, 5.6.2), values with a line break or a NUL, a target that does
// not begin with '/' or holds a space or a control character. Values are not shown.
void require_sendable(const HttpRequest& request, const Origin& origin);

// The request as it goes over the wire, up to the body. Requires `require_sendable`.
std::string head_of(const HttpRequest& request, const Origin& origin);

}  // namespace drift
