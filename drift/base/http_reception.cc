#include "drift/base/http_reception.h"

#include <algorithm>

#include "drift/base/http_lines.h"

namespace drift {
namespace {

using std::chrono::milliseconds;

// No service answers with more, and without a bound a server could fill the memory with headers.
constexpr std::size_t kMostHeaderBytes = 256u << 10;

}  // namespace

bool HttpReception::take_header(std::string_view line) {
  last_piece_ = Clock::now();
  header_bytes_ += line.size();
  if (header_bytes_ > kMostHeaderBytes) {
    ended_ = HttpFailure::Kind::kHeadersTooLong;
    return false;
  }
  // A chunked body may bring further headers after it, which nobody asked for.
  if (!in_body_) read_header_line(line, response_);
  return true;
}

bool HttpReception::take_body(std::string_view data) {
  last_piece_ = Clock::now();
  in_body_ = true;
  if (data.size() > request_.max_response_bytes - response_.body.size()) {
    ended_ = HttpFailure::Kind::kBodyTooLong;
    return false;
  }
  response_.body += data;
  return true;
}

bool HttpReception::overdue(Clock::time_point now) {
  if (stop_.due()) {
    ended_ = HttpFailure::Kind::kStopped;
  } else if (begun() && now - last_piece_ >= request_.stall_timeout) {
    ended_ = HttpFailure::Kind::kStalled;
  } else {
    return false;
  }
  return true;
}

milliseconds HttpReception::patience(Clock::time_point now) const {
  milliseconds most = stop_.remaining();
  if (begun()) {
    const auto silent = std::chrono::floor<milliseconds>(now - last_piece_);
    most = std::min(most, request_.stall_timeout - silent);
  }
  // One more than is left, so that it is over when we wake.
  return std::max(most + milliseconds{1}, milliseconds{1});
}

}  // namespace drift
