#include "drift/base/http_reception.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "drift/base/ascii.h"
#include "drift/base/http_lines.h"

namespace drift {
namespace {

using std::chrono::milliseconds;
using Kind = HttpFailure::Kind;

// No service answers with more, and without a bound a server could fill the memory with headers.
constexpr std::size_t kMostLineBytes = 256u << 10;

bool has_word(std::string_view list, std::string_view word) {
  return ascii_lower(std::string(list)).find(word) != std::string::npos;
}

}  // namespace

bool HttpReception::end(Kind why) {
  ended_ = why;
  return false;
}

bool HttpReception::take(std::string_view data) {
  last_piece_ = Clock::now();
  while (!data.empty()) {
    switch (stage_) {
      case Stage::kHead:
      case Stage::kChunkSize:
      case Stage::kChunkEnd:
      case Stage::kTrailer: {
        const std::size_t end_of_line = data.find('\n');
        const std::string_view piece = data.substr(0, end_of_line);
        // What speaks another protocol may never end its line.
        constexpr std::string_view kStart = "HTTP/1.";
        if (stage_ == Stage::kHead && response_.status == 0) {
          const std::string start = line_.substr(0, kStart.size()) + std::string(piece);
          if (!start.starts_with(kStart.substr(0, start.size()))) return end(Kind::kNotHttp);
        }
        // Chunks have lines as well, as many as the body needs.
        const bool counts = stage_ == Stage::kHead || stage_ == Stage::kTrailer;
        if (counts) line_bytes_ += piece.size();
        if (line_bytes_ > kMostLineBytes || line_.size() + piece.size() > kMostLineBytes) {
          return end(Kind::kHeadersTooLong);
        }
        line_ += piece;
        data.remove_prefix(piece.size());
        if (data.empty()) return true;
        data.remove_prefix(1);
        if (counts) ++line_bytes_;
        if (!line_.empty() && line_.back() == '\r') line_.pop_back();
        const std::string line = std::move(line_);
        line_.clear();
        if (!take_line(line)) return false;
        break;
      }
      case Stage::kCounted:
      case Stage::kChunk: {
        const auto most = std::min<std::uint64_t>(left_, data.size());
        const std::string_view piece = data.substr(0, static_cast<std::size_t>(most));
        if (!take_body(piece)) return false;
        data.remove_prefix(piece.size());
        left_ -= most;
        if (left_ == 0) stage_ = stage_ == Stage::kChunk ? Stage::kChunkEnd : Stage::kDone;
        break;
      }
      case Stage::kUntilClosed: return take_body(data);
      case Stage::kDone: surplus_ = true; return true;
    }
  }
  return true;
}

bool HttpReception::take_end() {
  if (stage_ == Stage::kUntilClosed) stage_ = Stage::kDone;
  if (whole()) return true;
  return end(begun() ? (has_head() ? Kind::kCut : Kind::kBroken) : Kind::kClosed);
}

// A line of the head, of a chunk's or of the trailer, without its end.
bool HttpReception::take_line(std::string_view line) {
  switch (stage_) {
    case Stage::kHead:
      if (!line.empty() || response_.status == 0) {
        if (response_.status == 0) keeps_ = !line.starts_with("HTTP/1.0");
        read_header_line(line, response_);
        return response_.status != 0 || end(Kind::kNotHttp);
      }
      return begin_body();
    case Stage::kChunkSize: return begin_chunk(line);
    case Stage::kChunkEnd: stage_ = Stage::kChunkSize; return line.empty() || end(Kind::kNotHttp);
    default:  // the trailer brings headers that nobody asked for
      if (line.empty()) stage_ = Stage::kDone;
      return true;
  }
}

bool HttpReception::begin_body() {
  const int status = response_.status;
  if (status == 101) return end(Kind::kNotHttp);
  if (status < 200) {  // "100 Continue": the answer is still to come
    response_ = {};
    return true;
  }
  std::string_view length;
  bool chunked = false, coded = false;
  for (const auto& [name, value] : response_.headers) {
    if (name == "connection") keeps_ = keeps_ && !has_word(value, "close");
    if (name == "transfer-encoding") {
      coded = true;
      chunked = ascii_lower(value).ends_with("chunked");  // the last coding is the outermost
    }
    if (name != "content-length") continue;
    if (!length.empty() && length != value) return end(Kind::kNotHttp);
    length = value;
  }
  if (request_.method == "HEAD" || status == 204 || status == 304) {
    stage_ = Stage::kDone;
    return true;
  }
  if (coded) {
    // A length beside it is either a mistake or an attempt to have two readers disagree.
    keeps_ = keeps_ && length.empty();
    stage_ = chunked ? Stage::kChunkSize : Stage::kUntilClosed;
  } else if (!length.empty()) {
    const auto [end_of_number, failure] =
        std::from_chars(length.data(), length.data() + length.size(), left_);
    if (failure != std::errc{} || end_of_number != length.data() + length.size()) {
      return end(Kind::kNotHttp);
    }
    if (left_ > request_.max_response_bytes) return end(Kind::kBodyTooLong);
    stage_ = left_ == 0 ? Stage::kDone : Stage::kCounted;
  } else {
    stage_ = Stage::kUntilClosed;
  }
  keeps_ = keeps_ && stage_ != Stage::kUntilClosed;
  return true;
}

bool HttpReception::begin_chunk(std::string_view line) {
  const auto [end_of_number, failure] =
      std::from_chars(line.data(), line.data() + line.size(), left_, 16);
  const std::string_view rest(end_of_number,
                              static_cast<std::size_t>(line.data() + line.size() - end_of_number));
  // An extension may follow, which says nothing to us.
  const bool well_formed =
      rest.empty() || rest.front() == ';' || rest.front() == ' ' || rest.front() == '\t';
  if (failure != std::errc{} || !well_formed) return end(Kind::kNotHttp);
  stage_ = left_ == 0 ? Stage::kTrailer : Stage::kChunk;
  return true;
}

bool HttpReception::take_body(std::string_view data) {
  if (data.size() > request_.max_response_bytes - received_) return end(Kind::kBodyTooLong);
  received_ += data.size();
  response_.body += data;
  return true;
}

bool HttpReception::overdue(Clock::time_point now) {
  if (stop_.due()) {
    ended_ = Kind::kStopped;
  } else if (begun() && now - last_piece_ >= request_.stall_timeout) {
    ended_ = Kind::kStalled;
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
