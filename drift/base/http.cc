#include "drift/base/http.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "drift/base/ca_bundle.h"
#include "drift/base/error.h"
#include "drift/base/http_failure.h"
#include "drift/base/http_lines.h"
#include "drift/base/http_reception.h"
#include "drift/base/origin.h"

namespace drift {
namespace {

using std::chrono::milliseconds;

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error{Fault::kInternal, "libcurl could not be initialised"};
    }
  });
}

// A program that is started meanwhile (credential_process) must not inherit our connections.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(list.release());
  list.reset(longer);
}

// One request on its way. The thread that sends waits for it; only the worker touches it meanwhile.
struct Exchange {
  Exchange(const HttpRequest& sent, const Stop& until, const Origin& where)
      : request(sent), stop(until), origin(where), reception(sent, until), easy(curl_easy_init()) {
    if (easy == nullptr) throw std::bad_alloc{};
    error_text[0] = '\0';
  }
  ~Exchange() { curl_easy_cleanup(easy); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void prepare(const std::string& ca_bundle);
  void give_body();
  void give_headers();
  void give_tls(const std::string& ca_bundle);
  HttpFailure failure() const;

  const HttpRequest& request;
  const Stop& stop;
  const Origin& origin;
  HttpReception reception;
  CURL* easy;
  List header_lines;
  std::array<char, CURL_ERROR_SIZE> error_text;
  CURLcode code = CURLE_OK;
  bool done = false;  // guarded by the client's mutex
};

template <typename Value>
void set(Exchange& exchange, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(exchange.easy, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc{};
  if (code != CURLE_OK) {
    throw Error{Fault::kInternal,
                std::string("libcurl refused an option: ") + curl_easy_strerror(code)};
  }
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* reception) {
  try {
    const bool taken = static_cast<HttpReception*>(reception)->take_header({data, size * count});
    return taken ? size * count : 0;
  } catch (const std::bad_alloc&) {  // must not pass through curl's frames
    return 0;
  }
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* reception) {
  try {
    const bool taken = static_cast<HttpReception*>(reception)->take_body({data, size * count});
    return taken ? size * count : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void Exchange::prepare(const std::string& ca_bundle) {
  auto& self = *this;
  const std::string url = (origin.tls ? "https://" : "http://") + origin.authority + '/';
  set(self, CURLOPT_URL, url.c_str());
  set(self, CURLOPT_PATH_AS_IS, 1L);
  set(self, CURLOPT_REQUEST_TARGET, request.target.c_str());
  set(self, CURLOPT_PROTOCOLS_STR, "http,https");
  set(self, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(self, CURLOPT_FOLLOWLOCATION, 0L);
  set(self, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(self, CURLOPT_NOSIGNAL, 1L);
  // Without it, an exchange that is given up waits for the resolver's thread.
  set(self, CURLOPT_QUICK_EXIT, 1L);
  // A function may run for minutes without a byte on the wire; NAT gateways forget after 350 s.
  set(self, CURLOPT_TCP_KEEPALIVE, 1L);
  set(self, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(self, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(self, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(self, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_response_bytes));
  set(self, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A proxy for plain http would get the call in clear, and the metadata services are not behind
  // any: "" is "no proxy, whatever the environment says".
  if (!origin.tls || origin.local()) set(self, CURLOPT_PROXY, "");

  give_body();
  give_headers();
  give_tls(ca_bundle);

  set(self, CURLOPT_HEADERFUNCTION, on_header);
  set(self, CURLOPT_HEADERDATA, static_cast<void*>(&reception));
  set(self, CURLOPT_WRITEFUNCTION, on_body);
  set(self, CURLOPT_WRITEDATA, static_cast<void*>(&reception));
  set(self, CURLOPT_ERRORBUFFER, error_text.data());
  set(self, CURLOPT_PRIVATE, static_cast<void*>(this));
}

void Exchange::give_body() {
  if (request.method == "HEAD") {
    set(*this, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    set(*this, CURLOPT_POST, 1L);
    set(*this, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(*this, CURLOPT_POSTFIELDS, request.body.data());
  }
  set(*this, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Exchange::give_headers() {
  set(*this, CURLOPT_USERAGENT, "schema-drift/" SCHEMA_DRIFT_VERSION);
  for (const std::string& line : header_lines_of(request)) append(header_lines, line);
  set(*this, CURLOPT_HTTPHEADER, header_lines.get());
}

void Exchange::give_tls(const std::string& ca_bundle) {
  set(*this, CURLOPT_SSL_VERIFYPEER, 1L);
  set(*this, CURLOPT_SSL_VERIFYHOST, 2L);
  set(*this, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (ca_bundle.empty()) return;
  set(*this, CURLOPT_CAINFO, ca_bundle.c_str());
  // The folder that libcurl was built with would be trusted as well, and would keep the parsed
  // bundle from being shared.
  set(*this, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

HttpFailure Exchange::failure() const {
  using Kind = HttpFailure::Kind;
  HttpFailure failure;
  failure.text = error_text.data();
  failure.received = reception.response().body.size();
  long os_error = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  failure.os_error = static_cast<int>(os_error);
  if (reception.ended() != Kind::kNone) {
    failure.kind = reception.ended();
    return failure;
  }
  long proxy_status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 300) {
    failure.kind = Kind::kProxyRefused;
    failure.proxy_status = static_cast<int>(proxy_status);
    return failure;
  }
  curl_off_t connected = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: failure.kind = Kind::kNameUnknown; break;
    case CURLE_COULDNT_RESOLVE_PROXY: failure.kind = Kind::kProxyUnknown; break;
    case CURLE_PROXY: failure.kind = Kind::kProxy; break;
    case CURLE_COULDNT_CONNECT: failure.kind = Kind::kNotConnected; break;
    case CURLE_OPERATION_TIMEDOUT:
      failure.kind = connected == 0                     ? Kind::kConnectTimeout
                     : reception.response().status == 0 ? Kind::kNoAnswerInTime
                                                        : Kind::kNotCompleteInTime;
      break;
    case CURLE_PEER_FAILED_VERIFICATION: failure.kind = Kind::kCertificate; break;
    case CURLE_SSL_CACERT_BADFILE: failure.kind = Kind::kCaBundle; break;
    case CURLE_SSL_CONNECT_ERROR: failure.kind = Kind::kTls; break;
    case CURLE_PARTIAL_FILE: failure.kind = Kind::kCut; break;
    case CURLE_GOT_NOTHING: failure.kind = Kind::kClosed; break;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      failure.kind = connected == 0 ? Kind::kNotConnected : Kind::kBroken;
      break;
    case CURLE_FILESIZE_EXCEEDED: failure.kind = Kind::kBodyTooLong; break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY: failure.kind = Kind::kNotHttp; break;
    default: failure.kind = Kind::kOther; failure.text = curl_easy_strerror(code);
  }
  return failure;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(std::string bundle) : ca_bundle(std::move(bundle)) {}
  ~Impl();

  void carry(Exchange& exchange);
  void start();
  void work();
  void take_new();
  void end_overdue();
  void take_finished();
  void wait_for_something();
  void finish(Exchange& exchange, CURLcode code);

  const std::string ca_bundle;
  std::mutex mutex;
  std::condition_variable finished;
  std::vector<Exchange*> waiting;  // handed in, not yet taken by the worker
  bool closing = false;
  CURLM* multi = nullptr;
  std::thread worker;
  // The worker's own.
  std::vector<Exchange*> running;
};

HttpClient::Impl::~Impl() {
  if (worker.joinable()) {
    {
      const std::lock_guard lock{mutex};
      closing = true;
    }
    curl_multi_wakeup(multi);
    worker.join();
  }
  if (multi != nullptr) curl_multi_cleanup(multi);
}

// Requires the mutex.
void HttpClient::Impl::start() {
  if (worker.joinable()) return;
  if (multi == nullptr) multi = curl_multi_init();
  if (multi == nullptr) throw std::bad_alloc{};
  // By default four times the exchanges under way: fewer than are kept between two bursts.
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 32L);
  worker = std::thread([this] { work(); });
}

// Returns when the exchange has ended, however.
void HttpClient::Impl::carry(Exchange& exchange) {
  std::unique_lock lock{mutex};
  start();
  waiting.push_back(&exchange);
  curl_multi_wakeup(multi);
  // The worker watches the exchange's Stop; once it has the exchange, only it may end it.
  finished.wait(lock, [&] { return exchange.done; });
}

void HttpClient::Impl::work() {
  for (;;) {
    {
      const std::lock_guard lock{mutex};
      if (closing) return;
    }
    take_new();
    int still_running = 0;
    curl_multi_perform(multi, &still_running);
    take_finished();
    end_overdue();
    wait_for_something();
  }
}

void HttpClient::Impl::take_new() {
  std::vector<Exchange*> taken;
  {
    const std::lock_guard lock{mutex};
    taken.swap(waiting);
  }
  for (Exchange* exchange : taken) {
    running.push_back(exchange);
    if (curl_multi_add_handle(multi, exchange->easy) != CURLM_OK) {
      finish(*exchange, CURLE_FAILED_INIT);
    }
  }
}

void HttpClient::Impl::take_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // The message dies with the removal of its handle.
    const CURLcode code = message->data.result;
    void* exchange = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
    finish(*static_cast<Exchange*>(exchange), code);
  }
}

void HttpClient::Impl::end_overdue() {
  const std::vector<Exchange*> now_running = running;
  const auto now = HttpReception::Clock::now();
  for (Exchange* exchange : now_running) {
    if (exchange->reception.overdue(now)) finish(*exchange, CURLE_ABORTED_BY_CALLBACK);
  }
}

void HttpClient::Impl::finish(Exchange& exchange, CURLcode code) {
  // A connection in the middle of an exchange is closed by this; one at its end is kept.
  curl_multi_remove_handle(multi, exchange.easy);
  running.erase(std::remove(running.begin(), running.end(), &exchange), running.end());
  const std::lock_guard lock{mutex};
  exchange.code = code;
  exchange.done = true;
  finished.notify_all();
}

void HttpClient::Impl::wait_for_something() {
  // Nothing to do until somebody hands in an exchange: that wakes us.
  milliseconds most{std::chrono::hours{1}};
  const auto now = HttpReception::Clock::now();
  std::vector<curl_waitfd> wakes;
  for (const Exchange* exchange : running) {
    most = std::min(most, exchange->reception.patience(now));
    wakes.push_back({exchange->stop.wake_fd(), CURL_WAIT_POLLIN, 0});
  }
  curl_multi_poll(multi, wakes.data(), static_cast<unsigned>(wakes.size()),
                  static_cast<int>(most.count()), nullptr);
}

HttpClient::HttpClient(std::string ca_bundle)
    : impl_(std::make_unique<Impl>(ca_bundle.empty() ? system_ca_bundle() : std::move(ca_bundle))) {
  initialise_curl();
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, const Stop& stop) {
  const Origin origin = parse_origin(request.origin);
  require_sendable(request, origin);
  stop.check(("waiting for " + origin.authority).c_str());
  Exchange exchange{request, stop, origin};
  exchange.prepare(impl_->ca_bundle);
  impl_->carry(exchange);
  if (exchange.code == CURLE_OK) return std::move(exchange.reception.response());

  const HttpFailure failure = exchange.failure();
  if (failure.kind == HttpFailure::Kind::kStopped) {
    stop.check(("waiting for " + origin.authority).c_str());
  }
  throw http_error(failure, request, origin, impl_->ca_bundle);
}

}  // namespace drift
