// The lines of an HTTP message: what may be sent, and how what came is read.
#pragma once

#include <string>
#include <string_view>

#include "drift/base/http.h"

namespace drift {

struct Origin;

// Throws Error{kHttpFailed} for a method, a target or a header that would not arrive as what it is:
// names that are no tokens (RFC 9110, 5.6.2), values with a line break or a NUL, a target that does
// not begin with '/' or holds a space or a control character. Values are not shown.
void require_sendable(const HttpRequest& request, const Origin& origin);

// The request as it goes over the wire, up to the body. Requires `require_sendable`.
std::string head_of(const HttpRequest& request, const Origin& origin);

// Takes one line of an answer's head into `response`; a status line starts it anew, because a
// server may send 100 Continue first.
void read_header_line(std::string_view line, HttpResponse& response);

}  // namespace drift
