#include "drift/runtime_api/local_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <variant>

// After <utility>, which Boost 1.74 forgets where there are coroutines.
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "drift/base/base64.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/runtime_api/invoke.h"

namespace drift::runtime_api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using boost::beast::tcp_stream;
using boost::system::error_code;
using Request = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t kMostConnections = 64;
constexpr std::uint32_t kMostHeadBytes = 32u << 10;
constexpr std::chrono::seconds kIdleTime{60};
constexpr std::chrono::seconds kHeadTime{10};
constexpr std::chrono::seconds kIdleTimeWhenFull{2};
constexpr std::chrono::milliseconds kLookAgain{250};
constexpr std::chrono::seconds kReceivingTime{30};
// How long the rest of a request that was refused is read and thrown away: closing at once would
// reset the connection, and the client would lose the reason.
constexpr std::chrono::seconds kLingeringTime{3};
constexpr std::chrono::milliseconds kPauseAfterFailure{100};

// Nothing where `text` is no Base64; some clients leave its padding out.
std::optional<std::string> client_context_in(std::string text) {
  text.append((4 - text.size() % 4) % 4, '=');
  return base64_decoded(text);
}

// Of a header that came twice it is not known which one the proxy wrote.
std::string only_value(const RequestHead& head, const std::string& name) {
  const auto named = [&](const auto& header) { return !name.empty() && header.first == name; };
  if (std::count_if(head.headers.begin(), head.headers.end(), named) != 1) return "";
  constexpr std::size_t kMostBytes = 256;
  return printable(head.header(name).substr(0, kMostBytes));
}

// One invocation on its way to the function and back.
struct Job {
  InvokeCall call;
  Invocation invocation;
  std::function<void(Response)> done;  // called on the server's thread
  asio::executor_work_guard<asio::io_context::executor_type> keeps_running;
};

Response response_of(int status, std::string body, const std::string& request_id) {
  Response response{static_cast<http::status>(status), 11};
  response.set(http::field::content_type, "application/json");
  response.set("x-amzn-RequestId", request_id);
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

Response refused(const Refusal& refusal, const std::string& request_id) {
  Response response = response_of(refusal.status, refusal.json(), request_id);
  response.set("x-amzn-ErrorType", refusal.type);
  return response;
}

[[noreturn]] void refuse_listen(const std::string& text, const char* why) {
  throw Error{Fault::kUsage, fmt::format("cannot listen on \"{}\": {}", shortened(text), why),
              "give 127.0.0.1:PORT, [::1]:PORT or localhost:PORT; port 0 takes a free one"};
}

}  // namespace

ListenAddress read_listen_address(const std::string& text) {
  constexpr const char* kNone = "not ADDRESS:PORT";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) refuse_listen(text, kNone);
  ListenAddress read;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data() + colon + 1, end, read.port);
  if (failure != std::errc{} || rest != end) refuse_listen(text, kNone);

  read.address = text.substr(0, colon);
  if (ascii_lower(read.address) == "localhost") read.address = "127.0.0.1";
  const bool brackets = read.address.starts_with('[') && read.address.ends_with(']');
  if (brackets) read.address = read.address.substr(1, read.address.size() - 2);
  error_code none;
  const asio::ip::address address = asio::ip::make_address(read.address, none);
  if (none || address.is_v6() != brackets) refuse_listen(text, kNone);
  if (!address.is_loopback()) {
    refuse_listen(text, "not on loopback, and whoever reaches this server is let in");
  }
  return read;
}

class LocalServer::State {
 public:
  explicit State(LocalServerSettings settings);
  ~State() { ending_ = true; }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  const std::string& authority() const { return authority_; }
  const std::string& caller_header() const { return settings_.caller_header; }
  void serve(const Function& function, const Stop& stop, const Log& log);

  class Connection;

 private:
  void accept();
  void make_room();
  void end();
  void enqueue(Job job);
  void work(const Function& function, const Stop& stop, const Log& log);
  Response run(const Job& job, const Function& function, const Stop& stop, const Log& log) const;

  LocalServerSettings settings_;
  // Before what may still hold connections when all of this is destroyed.
  std::set<Connection*> connections_;
  bool accepting_ = false, ending_ = false;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_}, full_{io_};
  bool making_room_ = false;
  std::string authority_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> jobs_;  // guarded by the mutex, as is closed_
  bool closed_ = false;
};

// Reads a request, has it carried out, writes the answer, and again. Lives while something of it is
// under way: each handler holds a reference.
class LocalServer::State::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(State& server, tcp::socket socket) : server_(server), stream_(std::move(socket)) {
    server_.connections_.insert(this);
  }
  ~Connection() {
    server_.connections_.erase(this);
    server_.accept();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read_head();
  // Where nobody waits for an answer, and has not for so long.
  void end_if_idle(Clock::duration at_least) {
    if (idle_ && Clock::now() - idle_since_ >= at_least) stream_.close();
  }

 private:
  void on_head(error_code error);
  void read_body();
  void on_body(error_code error);
  void answer(Response response, bool keep_alive);
  // And nothing more is read from it.
  void refuse(const Refusal& refusal) { answer(refused(refusal, request_id_), false); }
  void linger();
  void discard();

  State& server_;
  tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Request> request_;
  InvokeCall call_;
  std::string caller_;
  Response response_;
  std::string request_id_;
  bool served_ = false;
  bool idle_ = true;
  Clock::time_point idle_since_ = Clock::now();
};

void LocalServer::State::Connection::read_head() {
  idle_ = true;
  idle_since_ = Clock::now();
  request_.emplace();
  request_->header_limit(kMostHeadBytes);
  request_->body_limit(kMostPayloadBytes);
  stream_.expires_after(served_ ? kIdleTime : kHeadTime);  // one that is new is expected to speak
  http::async_read_header(
      stream_, buffer_, *request_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_head(error); });
}

void LocalServer::State::Connection::on_head(error_code error) {
  request_id_ = new_request_id();
  idle_ = false;
  if (error == http::error::header_limit) {
    return refuse(
        {431, "RequestHeaderFieldsTooLarge", "the head of the request is longer than 32 KiB"});
  }
  if (error == http::error::body_limit) return on_body(error);
  if (error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return refuse({400, "BadRequestException", "not an HTTP request"});
  }
  if (error) return;  // gone, or silent for too long

  RequestHead head;
  const auto& message = request_->get();
  head.method = std::string(message.method_string());
  head.target = std::string(message.target());
  for (const auto& field : message) {
    head.headers.emplace_back(ascii_lower(std::string(field.name_string())),
                              std::string(field.value()));
  }
  auto read = read_invoke(head, server_.authority());
  if (const auto* refusal = std::get_if<Refusal>(&read)) return refuse(*refusal);
  call_ = std::get<InvokeCall>(std::move(read));
  caller_ = only_value(head, server_.caller_header());
  const auto length = request_->content_length();
  if (length && *length > kMostPayloadBytes) return on_body(http::error::body_limit);
  if (ascii_lower(head.header("expect")) != "100-continue") return read_body();
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = shared_from_this()](error_code failed, std::size_t) {
                      if (!failed) self->read_body();
                    });
}

void LocalServer::State::Connection::read_body() {
  stream_.expires_after(kReceivingTime);
  http::async_read(
      stream_, buffer_, *request_,
      [self = shared_from_this()](error_code error, std::size_t) { self->on_body(error); });
}

void LocalServer::State::Connection::on_body(error_code error) {
  if (error == http::error::body_limit) {
    return refuse({413, "RequestTooLargeException",
                   fmt::format("the payload is longer than {} bytes", kMostPayloadBytes)});
  }
  if (error) return;
  const bool keep_alive = request_->get().keep_alive();
  std::string payload = std::move(request_->get().body());
  // Lambda itself refuses what is no JSON; an empty payload is an empty object.
  if (payload.empty()) payload = "{}";
  if (!nlohmann::json::accept(payload)) {
    return answer(
        refused({400, "InvalidRequestContentException", "the payload is not JSON"}, request_id_),
        keep_alive);
  }
  if (call_.type == InvokeCall::Type::kDryRun) {
    return answer(response_of(204, "", request_id_), keep_alive);
  }
  stream_.expires_never();
  Invocation invocation;
  invocation.payload = std::move(payload);
  invocation.request_id = request_id_;
  invocation.function_arn = call_.function;
  invocation.trace_id = call_.trace_id;
  invocation.caller = caller_;
  invocation.client_context = client_context_in(call_.client_context).value_or("");
  server_.enqueue({call_, std::move(invocation),
                   [self = shared_from_this(), keep_alive](Response response) {
                     self->answer(std::move(response), keep_alive);
                   },
                   asio::make_work_guard(server_.io_)});
}

void LocalServer::State::Connection::answer(Response response, bool keep_alive) {
  response_ = std::move(response);
  response_.keep_alive(keep_alive && !server_.ending_);
  stream_.expires_after(kReceivingTime);
  http::async_write(stream_, response_, [self = shared_from_this()](error_code error, std::size_t) {
    if (error) return;
    if (!self->response_.keep_alive()) return self->linger();
    self->response_ = {};
    self->served_ = true;
    self->read_head();
  });
}

void LocalServer::State::Connection::linger() {
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  if (server_.ending_) return;
  idle_ = true;
  idle_since_ = Clock::now();
  stream_.expires_after(kLingeringTime);
  discard();
}

void LocalServer::State::Connection::discard() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(64u << 10),
                          [self = shared_from_this()](error_code error, std::size_t) {
                            if (!error) self->discard();
                          });
}

LocalServer::State::State(LocalServerSettings settings) : settings_(std::move(settings)) {
  const ListenAddress where = read_listen_address(settings_.listen);
  const tcp::endpoint endpoint{asio::ip::make_address(where.address), where.port};
  try {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    const tcp::endpoint bound = acceptor_.local_endpoint();
    const std::string address = bound.address().to_string();
    authority_ = fmt::format(fmt::runtime(bound.address().is_v6() ? "[{}]:{}" : "{}:{}"), address,
                             bound.port());
  } catch (const boost::system::system_error& error) {
    throw Error{Fault::kUsage,
                fmt::format("cannot listen on {}: {}", settings_.listen, error.code().message()),
                "port 0 takes a free one"};
  }
}

void LocalServer::State::accept() {
  if (accepting_ || ending_) return;
  if (connections_.size() >= kMostConnections) return make_room();
  accepting_ = true;
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    accepting_ = false;
    if (!error) {
      std::make_shared<Connection>(*this, std::move(socket))->read_head();
      return accept();
    }
    // Out of descriptors, say: asking again at once would only turn in a circle.
    pause_.expires_after(kPauseAfterFailure);
    pause_.async_wait([this](error_code) { accept(); });
  });
}

// Whoever waits to be accepted cannot be seen, so room is made in any case.
void LocalServer::State::make_room() {
  if (std::exchange(making_room_, true)) return;
  full_.expires_after(kLookAgain);
  full_.async_wait([this](error_code error) {
    making_room_ = false;
    if (error || ending_ || connections_.size() < kMostConnections) return;
    for (Connection* connection : connections_) connection->end_if_idle(kIdleTimeWhenFull);
    make_room();
  });
}

void LocalServer::State::end() {
  ending_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  full_.cancel();
  for (Connection* connection : connections_) connection->end_if_idle(Clock::duration::zero());
}

void LocalServer::State::enqueue(Job job) {
  const std::lock_guard lock{mutex_};
  jobs_.push_back(std::move(job));
  arrived_.notify_one();
}

// The function's own thread: while it waits for a database, others may connect and be heard.
void LocalServer::State::work(const Function& function, const Stop& stop, const Log& log) {
  for (;;) {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Response response = run(job, function, stop, log);
    // The job goes along, because the last reference to its connection must die over there.
    asio::post(io_, [job = std::move(job), response = std::move(response)]() mutable {
      job.done(std::move(response));
    });
  }
}

Response LocalServer::State::run(const Job& job, const Function& function, const Stop& stop,
                                 const Log& log) const {
  const Stop until{settings_.invocation_timeout, stop};
  const InvokeResponse told = carry_out(job.call, job.invocation, function, until, log);
  Response response = response_of(told.status, told.body, job.invocation.request_id);
  for (const auto& [name, value] : told.headers) response.set(name, value);
  if (job.call.wants_log) response.set("X-Amz-Log-Result", base64_encoded(told.log_tail));
  return response;
}

void LocalServer::State::serve(const Function& function, const Stop& stop, const Log& log) {
  asio::posix::stream_descriptor wake{io_, ::dup(stop.wake_fd())};
  wake.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code) { end(); });
  accept();
  std::thread worker{[&] { work(function, stop, log); }};
  for (bool done = false; !done;) {
    try {
      io_.run();
      done = true;
    } catch (const std::exception& error) {  // of one connection: its handler is gone, others stay
      log.warning("a request could not be handled", {{"error", error.what()}});
    }
  }
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    arrived_.notify_one();
  }
  worker.join();
}

LocalServer::LocalServer(LocalServerSettings settings)
    : state_(std::make_unique<State>(std::move(settings))) {}

LocalServer::~LocalServer() = default;

std::string LocalServer::url() const { return "http://" + state_->authority(); }

void LocalServer::serve(const Function& function, const Stop& stop, const Log& log) {
  state_->serve(function, stop, log);
}

}  // namespace drift::runtime_api
