// The answer to one HTTP request while it arrives, held to its bounds.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "drift/base/http.h"
#include "drift/base/http_failure.h"

namespace drift {

class HttpReception {
 public:
  using Clock = std::chrono::steady_clock;

  // Both must outlive it.
  HttpReception(const HttpRequest& request, const Stop& stop) : request_(request), stop_(stop) {}

  // One line of the head, a piece of the body. False where the exchange must end: see `ended`.
  bool take_header(std::string_view line);
  bool take_body(std::string_view data);

  // Whether the time is up at `now`: the run's, or the server has fallen silent in the middle of
  // its answer.
  bool overdue(Clock::time_point now);
  // How long nobody has to ask `overdue` again, more than zero.
  std::chrono::milliseconds patience(Clock::time_point now) const;

  // Why we ended it, kNone where we did not.
  HttpFailure::Kind ended() const { return ended_; }
  HttpResponse& response() { return response_; }
  const HttpResponse& response() const { return response_; }

 private:
  bool begun() const { return last_piece_ != Clock::time_point{}; }

  const HttpRequest& request_;
  const Stop& stop_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool in_body_ = false;
  Clock::time_point last_piece_{};  // the epoch before the first
  HttpFailure::Kind ended_ = HttpFailure::Kind::kNone;
};

}  // namespace drift
