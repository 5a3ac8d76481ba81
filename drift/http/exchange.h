// One request and its answer on a connection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "drift/http/connection.h"
#include "drift/http/http.h"
#include "drift/http/origin.h"
#include "drift/http/reception.h"

namespace drift {

class HttpExchange {
 public:
  using Clock = HttpConnection::Clock;
  // Takes the connection back: open where it may serve another request.
  using GiveBack = std::function<void(std::unique_ptr<HttpConnection>)>;

  // The time of the request begins to run. `request` and `stop` must outlive it.
  HttpExchange(const HttpRequest& request, const Stop& stop, Origin origin, GiveBack give_back);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  const Origin& origin() const { return origin_; }
  const Stop& stop() const { return stop_; }
  std::chrono::milliseconds time_left() const;

  // Sends the request and waits for the head of the answer. kNone where that came to be.
  HttpFailure begin(std::unique_ptr<HttpConnection> connection);
  // Where `begin` failed: whether the server never said a byte, so that another connection may be
  // tried.
  bool unanswered() const { return unanswered_; }

  HttpResponse& response() { return reception_.response(); }
  // Waits for more of the body, or its end. Requires `begin`.
  HttpFailure read_more();
  bool whole() const { return reception_.whole(); }

  // The error of `failure`, and as `Stop::check` where the run ended it.
  [[noreturn]] void fail(const HttpFailure& failure, const CaLocations& authorities) const;

  // For HttpStream.
  CaLocations authorities;
  std::size_t taken = 0;  // of response().body

 private:
  HttpFailure send(std::string_view data);
  HttpFailure receive();
  HttpFailure wait(bool to_write);
  HttpFailure failed(HttpFailure::Kind kind) const;

  const HttpRequest& request_;
  const Stop& stop_;
  const Origin origin_;
  GiveBack give_back_;
  const Clock::time_point until_;
  HttpReception reception_;
  std::unique_ptr<HttpConnection> connection_;
  bool unanswered_ = false;
};

}  // namespace drift
