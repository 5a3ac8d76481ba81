// One connection to an HTTP server, made by libcurl: name, proxy, TCP and TLS. The only user of
// curl.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "drift/base/stop.h"
#include "drift/http/failure.h"
#include "drift/http/origin.h"

namespace drift {

class Authorities;

// What goes over it is HttpExchange's business: libcurl could send the requests as well, but not
// connect before there is one. One thread at a time.
class HttpConnection {
 public:
  using Clock = std::chrono::steady_clock;

  // Connects nothing yet. `authorities` must outlive it.
  // `public_only`: see HttpRequest::public_addresses_only.
  HttpConnection(const Origin& origin, Authorities& authorities, bool public_only = false);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // kNone once it is open. Certificates are always verified. No proxy but what the environment
  // names for https (HTTPS_PROXY, NO_PROXY), and never for plain http or local addresses.
  HttpFailure connect(std::chrono::milliseconds timeout, const Stop& stop);

  // Whether the other side has neither closed it nor said anything unasked, as far as is known
  // here. For a connection between two exchanges.
  bool still_open();

  enum class Io { kDone, kBlocked, kClosed, kFailed };
  // Without waiting; kDone where at least one byte went, kBlocked where `wait` may help.
  Io send(std::string_view data, std::size_t& sent);
  Io receive(char* buffer, std::size_t size, std::size_t& received);
  // Until the socket can be read (or written), the time is over, or `stop` is requested.
  void wait(bool to_write, std::chrono::milliseconds most, const Stop& stop) const;

  // Why the last call came to nothing, in the library's words.
  HttpFailure failure(HttpFailure::Kind kind) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift
