// The answer to one HTTP/1.1 request while it arrives: where it ends, and held to its bounds.
// https://www.rfc-editor.org/rfc/rfc9112#section-6
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "drift/base/http.h"
#include "drift/base/http_failure.h"

namespace drift {

class HttpReception {
 public:
  using Clock = std::chrono::steady_clock;

  // Both must outlive it.
  HttpReception(const HttpRequest& request, const Stop& stop) : request_(request), stop_(stop) {}

  // What the server sent next. False where the exchange must end: see `ended`.
  bool take(std::string_view data);
  // The server has closed the connection. False where the answer was not whole then.
  bool take_end();

  bool has_head() const { return stage_ > Stage::kHead; }
  bool whole() const { return stage_ == Stage::kDone; }
  // Whether a byte of an answer has come.
  bool begun() const { return last_piece_ != Clock::time_point{}; }
  // Whether the connection may serve another request after this answer.
  bool keeps_connection() const { return whole() && keeps_ && !surplus_; }

  // Whether the time is up at `now`: the run's, or the server has fallen silent in the middle of
  // its answer.
  bool overdue(Clock::time_point now);
  // How long nobody has to ask `overdue` again, more than zero.
  std::chrono::milliseconds patience(Clock::time_point now) const;

  // Why we ended it, kNone where we did not.
  HttpFailure::Kind ended() const { return ended_; }
  // Bytes of the body so far; the body that was not yet taken away is `response().body`.
  std::size_t received() const { return received_; }
  HttpResponse& response() { return response_; }

 private:
  enum class Stage {
    kHead,
    kCounted,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailer,
    kUntilClosed,
    kDone
  };

  bool end(HttpFailure::Kind why);
  bool take_line(std::string_view line);
  bool begin_body();
  bool begin_chunk(std::string_view line);
  bool take_body(std::string_view data);

  const HttpRequest& request_;
  const Stop& stop_;
  HttpResponse response_;
  Stage stage_ = Stage::kHead;
  std::string line_;            // the beginning of one that has not ended yet
  std::size_t line_bytes_ = 0;  // of head and trailer together
  std::uint64_t left_ = 0;      // of a counted body, or of a chunk
  std::size_t received_ = 0;
  bool keeps_ = true;
  bool surplus_ = false;
  Clock::time_point last_piece_{};  // the epoch before the first
  HttpFailure::Kind ended_ = HttpFailure::Kind::kNone;
};

}  // namespace drift
