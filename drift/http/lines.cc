#include "drift/http/lines.h"

#include <algorithm>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/http/origin.h"

namespace drift {
namespace {

// RFC 9110, section 5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

[[noreturn]] void refuse(const Origin& origin, const std::string& what) {
  throw Error{Fault::kHttpFailed, "nothing was sent to " + origin.authority + ": " + what,
              "look for a stray line end or space in the settings and credentials"};
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

void require_sendable(const HttpRequest& request, const Origin& origin) {
  if (!is_token(request.method)) refuse(origin, "the method is no word");
  const bool clean = std::all_of(request.target.begin(), request.target.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
  if (!clean || request.target.empty() || request.target.front() != '/') {
    refuse(origin, "the path holds a space or a control character, or does not begin with /");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) refuse(origin, printable(name) + " is no name of a header");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      refuse(origin, "the value of header " + name + " holds a line break");
    }
  }
}

std::string head_of(const HttpRequest& request, const Origin& origin) {
  const auto own = [&](std::string_view wanted) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [&](const auto& header) { return ascii_lower(header.first) == wanted; });
  };
  std::string head = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  const auto append = [&](std::string_view name, std::string_view value) {
    head += name;
    head += value.empty() ? ":" : ": ";
    head += value;
    head += "\r\n";
  };
  // Host stands first where a server looks for it (RFC 9112, 3.2), without the scheme's own port.
  std::string_view host = origin.authority;
  const std::string_view port = origin.tls ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  for (const auto& [name, value] : request.headers) {
    if (ascii_lower(name) == "host") host = trimmed(value);
  }
  append("Host", host);
  if (!own("user-agent")) append("User-Agent", "schema-drift/" SCHEMA_DRIFT_VERSION);
  for (const auto& [name, value] : request.headers) {
    const std::string lowered = ascii_lower(name);
    if (lowered == "host" || lowered == "content-length") continue;
    append(name, trimmed(value));
  }
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) append("Content-Length", std::to_string(request.body.size()));
  return head + "\r\n";
}

}  // namespace drift
