// For development: a function on loopback, behind Lambda's own Invoke.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "drift/runtime_api/runtime.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::runtime_api {

struct ListenAddress {
  std::string address;     // "127.0.0.1", "::1"
  std::uint16_t port = 0;  // 0 takes a free one
};

// Reads ADDRESS:PORT; ADDRESS is localhost, one of 127.0.0.0/8, or [::1].
// Throws Error{kUsage} for what is none, and for an address that others could reach.
ListenAddress read_listen_address(const std::string& text);

struct LocalServerSettings {
  std::string listen = "127.0.0.1:0";
  // In lower case: the header in which a proxy in front, having verified who calls, names them; ""
  // where there is none. It counts where it comes once.
  std::string caller_header;
  std::chrono::milliseconds invocation_timeout = std::chrono::minutes{5};
};

// Answers POST /2015-03-31/functions/NAME[:QUALIFIER]/invocations for any name, with the status
// codes and headers of Lambda (X-Amz-Executed-Version, X-Amz-Function-Error, X-Amz-Log-Result,
// x-amzn-RequestId), so that any client of Lambda can use it by its endpoint URL. Clients sign
// their requests; the signature is not verified: who may connect to loopback is let in. What a
// browser sends is refused (see invoke.h).
//
// One invocation runs at a time, as in one environment of Lambda; others wait. At most 64
// connections are served at once, further ones wait to be accepted; they need not wait for who says
// nothing: while there are 64, a connection on which no request is under way is closed after 2 s. A
// head has at most 32 KiB, a payload 6 MB. The first head must have come within 10 s, each further
// one within 60 s after the answer before it, a payload within 30 s.
class LocalServer {
 public:
  // Binds and listens. Throws Error{kUsage} for an address that is none or not loopback, or that
  // is taken.
  explicit LocalServer(LocalServerSettings settings);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  // "http://127.0.0.1:PORT"
  std::string url() const;

  // Serves until `stop` is requested. The invocation that runs then is told to end (its Stop is
  // due) and what it says is still sent. `function` is called by one other thread.
  void serve(const Function& function, const Stop& stop, const Log& log);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace drift::runtime_api
