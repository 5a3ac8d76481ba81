// One HTTP exchange over libcurl. The only user of curl.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/stop.h"

namespace drift {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  // "https://host[:port]", without a path.
  std::string origin;
  // Path and query exactly as they go over the wire ("/a%2Fb?x=1"): nothing is normalised
  // (CURLOPT_PATH_AS_IS), because what is sent must be what was signed.
  std::string target = "/";
  // Sent in this order. Host, Content-Length and User-Agent are added where missing; nothing else
  // is (no Expect, no Accept, no Accept-Encoding).
  HttpHeaders headers;
  std::string body;
  // Longest body of a response that is taken.
  std::size_t max_response_bytes = 8u << 20;
  // For this exchange alone; the run's own deadline (Stop) counts too. Name, TCP and TLS; the whole
  // of it; and between two pieces of an answer that has begun (a server may think longer than that
  // before it begins).
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds stall_timeout{20'000};
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // names in lower case
  std::string body;

  // The first value of that header (lower-case name), "" where there is none.
  std::string_view header(std::string_view name) const;
};

// Keeps connections open between exchanges, and may be used by several threads at once: one thread
// of its own, started by the first exchange, carries all of them, so that they share connections,
// resolved names and the parsed authorities (16 ms of processor time a time they are parsed).
//
// HTTP/1.1: calls to one service do not overlap here, so HTTP/2 would give nothing. A request on a
// kept connection that turns out to be dead before a byte of the answer came is sent once more on a
// new one.
class HttpClient {
 public:
  // `ca_bundle`: file of authorities, and the only ones trusted; "" takes the first of Debian's and
  // Amazon Linux's bundles.
  // Certificates are always verified; redirects are never followed; no proxy but what the
  // environment names for https (HTTPS_PROXY, NO_PROXY), and never for link-local or loopback
  // addresses.
  explicit HttpClient(std::string ca_bundle = {});
  // Waits for no exchange: none may be under way.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status, 500 too, is a response and no exception. An answer that names no length ends where
  // the connection does.
  // Throws Error{kHttpFailed} where there is no whole response (refused, reset, TLS, name not
  // found, cut body, body above the cap) or the request cannot be sent as it is (a line break in a
  // header), `retryable` where trying again may help; Error{kTimedOut} (retryable unless the run
  // itself is out of time); Error{kInterrupted}, within 200 ms of the request to stop.
  // The message names method and host, never the query or a header's value.
  HttpResponse send(const HttpRequest& request, const Stop& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift
