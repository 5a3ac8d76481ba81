#include "drift/http/reception.h"

#include <algorithm>
#include <cstdint>
#include <utility>

// After <utility>, which Boost 1.74 forgets where there are coroutines.
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "drift/base/text.h"

namespace drift {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BoostView = boost::beast::string_view;
using std::chrono::milliseconds;
using Kind = HttpFailure::Kind;

// No service answers with more, and without a bound a server could fill the memory with headers.
constexpr std::size_t kMostLineBytes = 256u << 10;
// The shortest body of chunks: a last one, and no trailer. Beast 1.74 asserts that it is offered
// that much of it once it has seen the line of the last chunk.
constexpr std::size_t kLeastLastChunk = 5;

std::string_view seen(BoostView text) { return {text.data(), text.size()}; }

Kind kind_of(const error_code& error) {
  if (error == http::error::body_limit) return Kind::kBodyTooLong;
  if (error == http::error::header_limit) return Kind::kHeadersTooLong;
  return Kind::kNotHttp;
}

}  // namespace

// Of one head and what follows it: an interim answer has one of its own.
class HttpReception::Parser final : public http::basic_parser<false> {
 public:
  Parser(const HttpRequest& request, HttpResponse& response) : response_(response) {
    eager(true);
    skip(request.method == "HEAD");
    header_limit(static_cast<std::uint32_t>(kMostLineBytes));
    body_limit(std::uint64_t{request.max_response_bytes});
  }

  // How much of `text` has been read; the rest is needed again, with more behind it.
  std::size_t read(std::string_view text, error_code& error) {
    if (awaits_first_chunk() && text.front() == '0' && text.size() < kLeastLastChunk) return 0;
    const std::size_t size = put(boost::asio::const_buffer(text.data(), text.size()), error);
    if (error == http::error::need_more) error = {};
    return size;
  }

  bool is_interim() const { return response_.status < 200; }
  // HTTP/1.0 kept connections by agreement only, which nothing here asks for.
  bool keeps_connection() const { return is_done() && version_ == 11 && keep_alive(); }
  std::size_t received() const { return received_; }

 private:
  bool awaits_first_chunk() const { return is_header_done() && chunked() && !any_chunk_; }

  std::size_t take(BoostView body) {
    response_.body.append(body.data(), body.size());
    received_ += body.size();
    return body.size();
  }

  void on_request_impl(http::verb, BoostView, BoostView, int, error_code&) override {}
  void on_response_impl(int status, BoostView, int version, error_code&) override {
    response_.status = status;
    version_ = version;
  }
  void on_field_impl(http::field field, BoostView name, BoostView value, error_code&) override {
    if (is_header_done()) return;  // the trailer brings headers that nobody asked for
    if (field == http::field::transfer_encoding) coded_ = true;
    response_.headers.emplace_back(ascii_lower(seen(name)), std::string(seen(value)));
  }
  void on_header_impl(error_code& error) override {
    // Beast refuses a length beside chunks, but not beside another coding.
    if (coded_ && content_length()) error = http::error::bad_transfer_encoding;
    // What is below is no status, and nobody asked for another protocol.
    if (response_.status < 100 || response_.status == 101) error = http::error::bad_status;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(BoostView body, error_code&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t, BoostView, error_code&) override { any_chunk_ = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, BoostView body, error_code&) override {
    return take(body);
  }
  void on_finish_impl(error_code&) override {}

  HttpResponse& response_;
  int version_ = 0;
  bool coded_ = false;
  bool any_chunk_ = false;
  std::size_t received_ = 0;
};

HttpReception::HttpReception(const HttpRequest& request, const Stop& stop)
    : request_(request), stop_(stop), parser_(std::make_unique<Parser>(request, response_)) {}

HttpReception::~HttpReception() = default;

bool HttpReception::has_head() const { return parser_->is_header_done(); }

bool HttpReception::whole() const { return ended_ == Kind::kNone && parser_->is_done(); }

bool HttpReception::keeps_connection() const {
  return whole() && !surplus_ && parser_->keeps_connection();
}

std::size_t HttpReception::received() const { return parser_->received(); }

bool HttpReception::end(Kind why) {
  ended_ = why;
  return false;
}

bool HttpReception::take(std::string_view data) {
  if (ended_ != Kind::kNone) return false;
  last_piece_ = Clock::now();
  while (!data.empty()) {
    if (whole()) {
      surplus_ = true;
      return true;
    }
    if (!(has_head() ? take_body(data) : take_head(data))) return false;
  }
  return true;
}

// Beast gets a head when it is whole, so that what becomes of it does not depend on how it came.
bool HttpReception::take_head(std::string_view& data) {
  const std::size_t before = unread_.size();
  unread_ += data.substr(0, kMostLineBytes - interim_bytes_ - before);
  // What speaks another protocol may never end its line.
  constexpr std::string_view kStart = "HTTP/1.";
  if (!unread_.starts_with(kStart.substr(0, unread_.size()))) return end(Kind::kNotHttp);
  for (; (searched_ = unread_.find('\n', searched_)) != std::string::npos; ++searched_) {
    // Nor may somebody who never sends a carriage return, and Beast looks for an end with one.
    if (unread_[searched_ - 1] != '\r') return end(Kind::kNotHttp);
    if (unread_[searched_ - 2] != '\n') continue;
    data.remove_prefix(searched_ + 1 - before);
    unread_.resize(searched_ + 1);
    searched_ = 0;
    return read_head(std::exchange(unread_, {}));
  }
  searched_ = unread_.size();
  if (searched_ + interim_bytes_ == kMostLineBytes) return end(Kind::kHeadersTooLong);
  data = {};
  return true;
}

bool HttpReception::read_head(std::string_view head) {
  error_code error;
  const std::size_t size = parser_->read(head, error);
  if (error) return end(kind_of(error));
  if (size != head.size() || !has_head()) return end(Kind::kNotHttp);
  if (!parser_->is_interim()) return true;
  // "100 Continue": the answer is still to come.
  interim_bytes_ += size;
  response_ = {};
  parser_ = std::make_unique<Parser>(request_, response_);
  return true;
}

bool HttpReception::take_body(std::string_view& data) {
  // The beginning of a chunk's line or of the trailer, which Beast wants in one piece.
  const bool joined = !unread_.empty();
  if (joined) unread_ += data;
  const std::string_view text = joined ? std::string_view(unread_) : data;
  error_code error;
  const std::size_t size = parser_->read(text, error);
  if (error) return end(kind_of(error));
  if (whole()) {
    surplus_ = size < text.size();
  } else if (text.size() - size > kMostLineBytes) {
    return end(Kind::kHeadersTooLong);
  } else if (joined) {
    unread_.erase(0, size);
  } else {
    unread_ = text.substr(size);
  }
  data = {};
  return true;
}

bool HttpReception::take_end() {
  if (ended_ != Kind::kNone) return false;
  if (whole()) return true;
  if (has_head()) {
    error_code error;
    parser_->put_eof(error);
    if (whole()) return true;
  }
  return end(begun() ? (has_head() ? Kind::kCut : Kind::kBroken) : Kind::kClosed);
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
