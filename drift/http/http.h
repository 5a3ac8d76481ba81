// HTTP requests and their answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/stop.h"
#include "drift/http/authorities.h"

namespace drift {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  // "https://host[:port]", without a path.
  std::string origin;
  // Path and query exactly as they go over the wire ("/a%2Fb?x=1"): nothing is normalised, because
  // what is sent must be what was signed.
  std::string target = "/";
  // Sent in this order. Host, Content-Length and User-Agent are added where missing; nothing else
  // is (no Expect, no Accept, no Accept-Encoding).
  HttpHeaders headers;
  std::string body;
  // Whether it may arrive twice. A request on a kept connection that turns out to be dead is sent
  // again on a new one; one that may not goes over a new connection from the start.
  bool repeatable = true;
  // Refuses to connect to an address of a private network or of this machine, a proxy's too: for
  // URLs that somebody else may have chosen.
  bool public_addresses_only = false;
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

class HttpConnections;
class HttpTransfer;

// An answer whose body is read as it comes. One thread at a time.
class HttpStream {
 public:
  HttpStream(HttpStream&&) noexcept;
  HttpStream& operator=(HttpStream&&) noexcept;
  // Its connection serves the next request where the body was read to its end, else it is closed.
  ~HttpStream();

  // Status and headers.
  const HttpResponse& head() const;
  // As many bytes as have come, at least one, at most `size`; none at the end of the body.
  // Throws as HttpClient::send.
  std::size_t read(char* buffer, std::size_t size);

 private:
  friend class HttpClient;
  HttpStream(HttpConnections& connections, std::unique_ptr<HttpTransfer> transfer);
  HttpConnections* connections_;
  std::unique_ptr<HttpTransfer> transfer_;
  std::size_t taken_ = 0;  // of what waits in the response's body
};

// Keeps connections open between exchanges. Several threads may use it at once; each carries its
// own exchange.
//
// HTTP/1.1: calls to one service do not overlap here, so HTTP/2 would give nothing. A
// repeatable request on a kept connection that turns out to be dead before a byte of the answer
// came is sent once more on a new one.
class HttpClient {
 public:
  // Trusts these authorities alone; where neither is named, the first of Debian's and Amazon
  // Linux's bundles.
  // Certificates are always verified; redirects are never followed; no proxy but what the
  // environment names for https (HTTPS_PROXY, NO_PROXY), and never for link-local or loopback
  // addresses.
  explicit HttpClient(CaLocations authorities = {});
  explicit HttpClient(std::string ca_bundle) : HttpClient(CaLocations{std::move(ca_bundle), ""}) {}
  // No exchange may be under way.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // What it trusts.
  const CaLocations& authorities() const;

  // Any status, 500 too, is a response and no exception. An answer that names no length ends where
  // the connection does.
  // Throws HttpError where there is no whole response: kHttpFailed (refused, reset, TLS, name not
  // found, cut body, body above the cap), `retryable` where trying again may help, or kTimedOut.
  // Throws Error{kHttpFailed} where the request cannot be sent as it is (a line break in a header),
  // Error{kTimedOut} where the run itself is out of time, Error{kInterrupted}, within 200 ms of the
  // request to stop.
  // The message names method and host, never the query or a header's value.
  HttpResponse send(const HttpRequest& request, const Stop& stop);

  // The same, for a body that need not fit into memory: returns when the head has come. `request`
  // and `stop` must outlive the stream, and so must the client.
  HttpStream open(const HttpRequest& request, const Stop& stop);

 private:
  std::unique_ptr<HttpConnections> connections_;
};

}  // namespace drift
