#include "drift/base/http_lines.h"

#include <algorithm>

#include "drift/base/ascii.h"
#include "drift/base/error.h"
#include "drift/base/origin.h"
#include "drift/base/printable.h"

namespace drift {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

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

std::vector<std::string> header_lines_of(const HttpRequest& request) {
  // What libcurl adds by itself, and what AWS does not want to see unsigned or has no use for.
  std::vector<std::string> unwanted = {"Expect", "Accept", "Content-Type"};
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers) {
    const std::string lowered = ascii_lower(name);
    unwanted.erase(
        std::remove_if(unwanted.begin(), unwanted.end(),
                       [&](const std::string& own) { return ascii_lower(own) == lowered; }),
        unwanted.end());
    if (lowered == "content-length") continue;
    const std::string_view text = trimmed(value);
    // "Name:" would switch a header off; "Name;" is libcurl's way to send an empty one.
    lines.push_back(text.empty() ? name + ';' : name + ": " + std::string{text});
  }
  for (const std::string& name : unwanted) lines.push_back(name + ':');
  return lines;
}

void read_header_line(std::string_view line, HttpResponse& response) {
  if (line.substr(0, 5) == "HTTP/") {
    response.headers.clear();
    const std::size_t space = line.find(' ');
    response.status = 0;
    for (std::size_t i = space + 1;
         space != std::string_view::npos && i < line.size() && i < space + 4; ++i) {
      if (line[i] < '0' || line[i] > '9') break;
      response.status = response.status * 10 + (line[i] - '0');
    }
    return;
  }
  const std::string_view text = trimmed(line);
  if (text.empty()) return;
  // A line that begins with white space belongs to the header before it (RFC 9112, 5.2).
  if ((line.front() == ' ' || line.front() == '\t') && !response.headers.empty()) {
    response.headers.back().second += ' ';
    response.headers.back().second += text;
    return;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;
  response.headers.emplace_back(ascii_lower(trimmed(text.substr(0, colon))),
                                std::string{trimmed(text.substr(colon + 1))});
}

}  // namespace drift
