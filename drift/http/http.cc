#include "drift/http/http.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/http/authorities.h"
#include "drift/http/connection.h"
#include "drift/http/exchange.h"
#include "drift/http/failure.h"
#include "drift/http/lines.h"
#include "drift/http/origin.h"

namespace drift {
namespace {

using Kind = HttpFailure::Kind;
using SteadyClock = HttpConnection::Clock;
using std::chrono::milliseconds;

// Longer than a burst of calls, shorter than what NAT gateways and servers forget about.
constexpr std::chrono::seconds kLongestIdle{110};
constexpr std::size_t kMostIdle = 32;
// A connection that is being opened ahead is waited for this long; then another is tried.
constexpr milliseconds kLongestWaitForAhead{1'000};
// A condition variable cannot wait for a signal's flag, so the flag is looked at this often.
constexpr milliseconds kTick{50};

CaLocations usual(CaLocations where) {
  if (where.file.empty() && where.folder.empty()) where.file = system_ca_bundle();
  return where;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(CaLocations where) : authorities(usual(std::move(where))) {}
  ~Impl();

  using Connection = std::unique_ptr<HttpConnection>;
  Connection take(const std::string& key, const Stop& stop);
  void keep(const std::string& key, Connection connection);
  void forget(const std::string& key);
  void open_ahead(const std::string& key, const Origin& origin);

  struct Idle {
    std::string key;
    Connection connection;
    SteadyClock::time_point since;
  };

  Authorities authorities;  // outlives the connections
  Stop closing;
  std::mutex mutex;
  std::condition_variable opened;
  std::list<Idle> idle;                   // the newest first
  std::map<std::string, int> on_the_way;  // connections that `connect_ahead` opens
  std::vector<std::thread> openers;
};

HttpClient::Impl::~Impl() {
  closing.request();
  for (std::thread& opener : openers) opener.join();
}

// A connection that is open already, or will be in a moment; null where a new one is needed.
HttpClient::Impl::Connection HttpClient::Impl::take(const std::string& key, const Stop& stop) {
  const auto patient_until = SteadyClock::now() + kLongestWaitForAhead;
  std::unique_lock lock{mutex};
  for (;;) {
    const auto found =
        std::find_if(idle.begin(), idle.end(), [&](const Idle& one) { return one.key == key; });
    if (found != idle.end()) {
      Idle taken = std::move(*found);
      idle.erase(found);
      lock.unlock();
      if (SteadyClock::now() - taken.since < kLongestIdle && taken.connection->still_open()) {
        return std::move(taken.connection);
      }
      lock.lock();
      continue;
    }
    const auto coming = on_the_way.find(key);
    if (coming == on_the_way.end() || stop.due() || SteadyClock::now() >= patient_until) return {};
    opened.wait_for(lock, kTick);
  }
}

void HttpClient::Impl::keep(const std::string& key, Connection connection) {
  const std::lock_guard lock{mutex};
  idle.push_front({key, std::move(connection), SteadyClock::now()});
  if (idle.size() > kMostIdle) idle.pop_back();
}

// Where one kept connection was dead the others are as old, and each would cost an attempt.
void HttpClient::Impl::forget(const std::string& key) {
  std::list<Idle> dead;  // closed without the mutex
  const std::lock_guard lock{mutex};
  for (auto one = idle.begin(); one != idle.end();) {
    const auto next = std::next(one);
    if (one->key == key) dead.splice(dead.end(), idle, one);
    one = next;
  }
}

void HttpClient::Impl::open_ahead(const std::string& key, const Origin& origin) {
  Connection connection;
  try {
    connection = std::make_unique<HttpConnection>(origin, authorities);
    if (connection->connect(HttpRequest{}.connect_timeout, closing).kind != Kind::kNone) {
      connection.reset();
    }
  } catch (const std::exception&) {
    connection.reset();  // whoever needs it will meet the same, and say so
  }
  if (connection) keep(key, std::move(connection));
  const std::lock_guard lock{mutex};
  if (const auto coming = on_the_way.find(key); --coming->second == 0) on_the_way.erase(coming);
  opened.notify_all();
}

HttpClient::HttpClient(CaLocations authorities)
    : impl_(std::make_unique<Impl>(std::move(authorities))) {}

HttpClient::~HttpClient() = default;

const CaLocations& HttpClient::authorities() const { return impl_->authorities.where(); }

void HttpClient::connect_ahead(const std::string& address) {
  const Origin origin = parse_origin(address);
  const std::lock_guard lock{impl_->mutex};
  ++impl_->on_the_way[address];
  try {
    impl_->openers.emplace_back([this, address, origin] { impl_->open_ahead(address, origin); });
  } catch (const std::system_error&) {  // no thread to be had
    impl_->on_the_way.erase(address);
  }
}

std::unique_ptr<HttpExchange> HttpClient::begin(const HttpRequest& request, const Stop& stop) {
  const Origin origin = parse_origin(request.origin);
  require_sendable(request, origin);
  stop.check(("waiting for " + origin.authority).c_str());
  for (bool kept_ones = request.repeatable && !request.public_addresses_only;; kept_ones = false) {
    auto exchange = std::make_unique<HttpExchange>(
        request, stop, origin, [this, key = request.origin](Impl::Connection connection) {
          impl_->keep(key, std::move(connection));
        });
    Impl::Connection connection = kept_ones ? impl_->take(request.origin, stop) : nullptr;
    const bool kept = connection != nullptr;
    HttpFailure failure;
    if (!kept) {
      connection = std::make_unique<HttpConnection>(origin, impl_->authorities,
                                                    request.public_addresses_only);
      failure = connection->connect(std::min(request.connect_timeout, exchange->time_left()), stop);
    }
    if (failure.kind == Kind::kNone) failure = exchange->begin(std::move(connection));
    if (failure.kind == Kind::kNone) return exchange;
    if (!kept || !exchange->unanswered()) exchange->fail(failure, authorities());
    impl_->forget(request.origin);
  }
}

HttpResponse HttpClient::send(const HttpRequest& request, const Stop& stop) {
  const std::unique_ptr<HttpExchange> exchange = begin(request, stop);
  while (!exchange->whole()) {
    const HttpFailure failure = exchange->read_more();
    if (failure.kind != Kind::kNone) exchange->fail(failure, authorities());
  }
  return std::move(exchange->response());
}

HttpStream HttpClient::open(const HttpRequest& request, const Stop& stop) {
  std::unique_ptr<HttpExchange> exchange = begin(request, stop);
  exchange->authorities = authorities();
  return HttpStream(std::move(exchange));
}

HttpStream::HttpStream(std::unique_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;
HttpStream& HttpStream::operator=(HttpStream&&) noexcept = default;
HttpStream::~HttpStream() = default;

const HttpResponse& HttpStream::head() const { return exchange_->response(); }

std::size_t HttpStream::read(char* buffer, std::size_t size) {
  std::string& body = exchange_->response().body;
  if (exchange_->taken == body.size()) {
    body.clear();
    exchange_->taken = 0;
    const HttpFailure failure = exchange_->read_more();
    if (failure.kind != Kind::kNone) exchange_->fail(failure, exchange_->authorities);
  }
  const std::size_t count = std::min(size, body.size() - exchange_->taken);
  std::copy_n(body.data() + exchange_->taken, count, buffer);
  exchange_->taken += count;
  return count;
}

}  // namespace drift
