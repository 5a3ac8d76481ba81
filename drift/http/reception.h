// The answer to one HTTP/1.1 request while it arrives: where it ends, and held to its bounds.
// https://www.rfc-editor.org/rfc/rfc9112#section-6
//
// Boost.Beast reads it. Refused as kNotHttp is what it refuses, such as lines that end with a bare
// line feed, headers that are none and a status without the space after it, and what would let two
// readers disagree about where the answer ends: two lengths, or a length beside Transfer-Encoding.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "drift/http/failure.h"
#include "drift/http/http.h"

namespace drift {

class HttpReception {
 public:
  using Clock = std::chrono::steady_clock;

  // Both must outlive it.
  HttpReception(const HttpRequest& request, const Stop& stop);
  ~HttpReception();
  HttpReception(const HttpReception&) = delete;
  HttpReception& operator=(const HttpReception&) = delete;

  // What the server sent next. False where the exchange must end: see `ended`.
  bool take(std::string_view data);
  // The server has closed the connection. False where the answer was not whole then.
  bool take_end();

  bool has_head() const;
  bool whole() const;
  // Whether a byte of an answer has come.
  bool begun() const { return last_piece_ != Clock::time_point{}; }
  // Whether the connection may serve another request after this answer.
  bool keeps_connection() const;

  // Whether the time is up at `now`: the run's, or the server has fallen silent in the middle of
  // its answer.
  bool overdue(Clock::time_point now);
  // How long nobody has to ask `overdue` again, more than zero.
  std::chrono::milliseconds patience(Clock::time_point now) const;

  // Why we ended it, kNone where we did not.
  HttpFailure::Kind ended() const { return ended_; }
  // Bytes of the body so far; the body that was not yet taken away is `response().body`.
  std::size_t received() const;
  HttpResponse& response() { return response_; }

 private:
  class Parser;

  bool end(HttpFailure::Kind why);
  bool take_head(std::string_view& data);
  bool read_head(std::string_view head);
  bool take_body(std::string_view& data);

  const HttpRequest& request_;
  const Stop& stop_;
  HttpResponse response_;
  std::unique_ptr<Parser> parser_;
  std::string unread_;             // of a head, or of a chunk's line or the trailer: not read yet
  std::size_t searched_ = 0;       // of `unread_`, for the end of the head
  std::size_t interim_bytes_ = 0;  // of the heads before the answer's own
  bool surplus_ = false;
  Clock::time_point last_piece_{};  // the epoch before the first
  HttpFailure::Kind ended_ = HttpFailure::Kind::kNone;
};

}  // namespace drift
