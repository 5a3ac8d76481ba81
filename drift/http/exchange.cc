#include "drift/http/exchange.h"

#include <array>
#include <string>
#include <utility>

#include "drift/base/error.h"
#include "drift/http/lines.h"

namespace drift {
namespace {

using Io = HttpConnection::Io;
using Kind = HttpFailure::Kind;
using std::chrono::milliseconds;

constexpr std::size_t kPiece = 16u << 10;  // what a TLS record holds

}  // namespace

HttpExchange::HttpExchange(const HttpRequest& request, const Stop& stop, Origin origin,
                           GiveBack give_back)
    : request_(request),
      stop_(stop),
      origin_(std::move(origin)),
      give_back_(std::move(give_back)),
      until_(Clock::now() + request.timeout),
      reception_(request, stop) {}

HttpExchange::~HttpExchange() {
  if (connection_ && reception_.keeps_connection()) give_back_(std::move(connection_));
}

milliseconds HttpExchange::time_left() const {
  return std::chrono::ceil<milliseconds>(until_ - Clock::now());
}

HttpFailure HttpExchange::failed(Kind kind) const {
  HttpFailure failure = connection_->failure(kind);
  failure.received = reception_.received();
  return failure;
}

HttpFailure HttpExchange::begin(std::unique_ptr<HttpConnection> connection) {
  connection_ = std::move(connection);
  unanswered_ = false;
  // A small body leaves with the head, in one piece.
  std::string first = head_of(request_, origin_);
  const bool small = request_.body.size() < kPiece;
  if (small) first += request_.body;
  HttpFailure failure = send(first);
  if (failure.kind == Kind::kNone && !small) failure = send(request_.body);
  // A server that refuses a request may answer before it has all of it, and close.
  const HttpFailure unsent = failure;
  if (failure.kind == Kind::kBroken) failure = {};
  while (failure.kind == Kind::kNone && !reception_.has_head()) failure = receive();
  unanswered_ =
      !reception_.begun() && (failure.kind == Kind::kClosed || failure.kind == Kind::kBroken);
  return unanswered_ && unsent.kind == Kind::kBroken ? unsent : failure;
}

HttpFailure HttpExchange::send(std::string_view data) {
  while (!data.empty()) {
    std::size_t sent = 0;
    const Io outcome = connection_->send(data, sent);
    data.remove_prefix(sent);
    if (outcome == Io::kFailed) return failed(Kind::kBroken);
    if (outcome != Io::kBlocked) continue;
    if (HttpFailure failure = wait(/*to_write=*/true); failure.kind != Kind::kNone) return failure;
  }
  return {};
}

HttpFailure HttpExchange::read_more() {
  const std::size_t before = reception_.received();
  while (!reception_.whole() && reception_.received() == before) {
    if (HttpFailure failure = receive(); failure.kind != Kind::kNone) return failure;
  }
  return {};
}

// One piece of the answer.
HttpFailure HttpExchange::receive() {
  std::array<char, kPiece> buffer;
  for (;;) {
    std::size_t received = 0;
    switch (connection_->receive(buffer.data(), buffer.size(), received)) {
      case Io::kDone:
        if (!reception_.take({buffer.data(), received})) return failed(reception_.ended());
        // A server that never pauses must not outrun the time either.
        if (Clock::now() < until_ && !stop_.due()) return {};
        break;
      case Io::kClosed: return reception_.take_end() ? HttpFailure{} : failed(reception_.ended());
      case Io::kFailed: return failed(Kind::kBroken);
      case Io::kBlocked: break;
    }
    if (reception_.whole()) return {};
    if (HttpFailure failure = wait(/*to_write=*/false); failure.kind != Kind::kNone) return failure;
  }
}

HttpFailure HttpExchange::wait(bool to_write) {
  const auto now = Clock::now();
  if (reception_.overdue(now)) return failed(reception_.ended());
  if (now >= until_) {
    return failed(reception_.has_head() ? Kind::kNotCompleteInTime : Kind::kNoAnswerInTime);
  }
  connection_->wait(to_write, std::min(reception_.patience(now), time_left()), stop_);
  return {};
}

void HttpExchange::fail(const HttpFailure& failure, const CaLocations& trusted) const {
  if (failure.kind == Kind::kStopped) stop_.check(("waiting for " + origin_.authority).c_str());
  throw http_error(failure, request_, origin_,
                   trusted.file.empty() ? trusted.folder : trusted.file);
}

}  // namespace drift
