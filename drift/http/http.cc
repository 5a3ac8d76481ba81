#include "drift/http/http.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <string>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/http/origin.h"
#include "drift/http/transfer.h"

namespace drift {
namespace {

constexpr std::size_t kMostIdle = 32;
// Of a stream's body: what is read ahead of its reader.
constexpr std::size_t kMostWaiting = 64u << 10;

// RFC 9110, section 5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || kOthers.find(c) != std::string_view::npos;
  });
}

// Throws for a method, a target or a header that would not arrive as what it is. Values are not
// shown.
void require_sendable(const HttpRequest& request, const Origin& origin) {
  const auto refuse = [&](const std::string& what) {
    throw Error{Fault::kHttpFailed, "nothing was sent to " + origin.authority + ": " + what,
                "look for a stray line end or space in the settings and credentials"};
  };
  if (!is_token(request.method)) refuse("invalid method");
  const bool clean = std::all_of(request.target.begin(), request.target.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
  if (!clean || !request.target.starts_with('/')) {
    refuse("the path holds a space or a control character, or does not begin with /");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) refuse("invalid name of a header: " + printable(name));
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      refuse("the value of header " + name + " holds a line break");
    }
  }
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (known == name) return value;
  }
  return {};
}

// The transfers that wait for their next exchange, each with the connection that it keeps. Whoever
// takes one has it alone, so threads share none.
class HttpConnections {
 public:
  explicit HttpConnections(CaLocations where) : authorities(authorities_of(std::move(where))) {}

  std::unique_ptr<HttpTransfer> begin(const HttpRequest& request, const Stop& stop,
                                      std::size_t most_waiting);
  // Takes one back, where it can be used again.
  void keep(std::unique_ptr<HttpTransfer> transfer);

  Authorities& authorities;

 private:
  std::unique_ptr<HttpTransfer> take(const Origin& origin);
  void forget(const Origin& origin);

  std::mutex mutex_;
  std::list<std::unique_ptr<HttpTransfer>> idle_;  // the newest first
};

std::unique_ptr<HttpTransfer> HttpConnections::begin(const HttpRequest& request, const Stop& stop,
                                                     std::size_t most_waiting) {
  const Origin origin = parse_origin(request.origin);
  require_sendable(request, origin);
  stop.check(("waiting for " + origin.authority).c_str());
  std::unique_ptr<HttpTransfer> transfer;
  if (request.repeatable && !request.public_addresses_only) transfer = take(origin);
  if (!transfer) transfer = std::make_unique<HttpTransfer>(origin, authorities);
  transfer->begin(request, stop, most_waiting);
  // Where one kept connection was dead the others are as old, and each would cost an attempt.
  if (transfer->reconnected()) forget(origin);
  return transfer;
}

std::unique_ptr<HttpTransfer> HttpConnections::take(const Origin& origin) {
  const std::lock_guard lock{mutex_};
  const auto found = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const auto& one) { return one->origin() == origin; });
  if (found == idle_.end()) return nullptr;
  std::unique_ptr<HttpTransfer> taken = std::move(*found);
  idle_.erase(found);
  return taken;
}

void HttpConnections::keep(std::unique_ptr<HttpTransfer> transfer) {
  if (!transfer->keeps_connection()) return;
  const std::lock_guard lock{mutex_};
  idle_.push_front(std::move(transfer));
  if (idle_.size() > kMostIdle) idle_.pop_back();
}

void HttpConnections::forget(const Origin& origin) {
  const std::lock_guard lock{mutex_};
  idle_.remove_if([&](const auto& one) { return one->origin() == origin; });
}

HttpClient::HttpClient(CaLocations authorities)
    : connections_(std::make_unique<HttpConnections>(std::move(authorities))) {}

HttpClient::~HttpClient() = default;

const CaLocations& HttpClient::authorities() const { return connections_->authorities.where(); }

HttpResponse HttpClient::send(const HttpRequest& request, const Stop& stop) {
  std::unique_ptr<HttpTransfer> transfer =
      connections_->begin(request, stop, request.max_response_bytes);
  transfer->finish();
  HttpResponse response = std::move(transfer->response());
  connections_->keep(std::move(transfer));
  return response;
}

HttpStream HttpClient::open(const HttpRequest& request, const Stop& stop) {
  return {*connections_, connections_->begin(request, stop, kMostWaiting)};
}

HttpStream::HttpStream(HttpConnections& connections, std::unique_ptr<HttpTransfer> transfer)
    : connections_(&connections), transfer_(std::move(transfer)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;
HttpStream& HttpStream::operator=(HttpStream&&) noexcept = default;

HttpStream::~HttpStream() {
  if (transfer_ && transfer_->whole()) connections_->keep(std::move(transfer_));
}

const HttpResponse& HttpStream::head() const { return transfer_->response(); }

std::size_t HttpStream::read(char* buffer, std::size_t size) {
  std::string& body = transfer_->response().body;
  if (taken_ == body.size()) {
    body.clear();
    taken_ = 0;
    transfer_->read_more();
  }
  const std::size_t count = std::min(size, body.size() - taken_);
  std::copy_n(body.data() + taken_, count, buffer);
  taken_ += count;
  return count;
}

}  // namespace drift
