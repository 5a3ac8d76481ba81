#include "drift/http/transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/http/authorities.h"
#include "drift/http/failure.h"

namespace drift {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = HttpFailure::Kind;
using std::chrono::milliseconds;

constexpr char kUserAgent[] = "schema-drift/" SCHEMA_DRIFT_VERSION;
// No service answers with more, and without a bound a server could fill the memory with headers.
constexpr std::size_t kMostHeaderBytes = 256u << 10;
// Longer than a burst of calls, shorter than what NAT gateways and servers forget about.
constexpr long kLongestIdleSeconds = 110;

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error{Fault::kInternal, "libcurl could not be initialised"};
    }
  });
}

// A program that is started meanwhile (credential_process) must not inherit our connections.
// `refused` is where to say that an address was none to connect to; null takes every address.
curl_socket_t open_socket(void* refused, curlsocktype, curl_sockaddr* address) {
  if (refused != nullptr && !is_public_address(&address->addr)) {
    *static_cast<bool*>(refused) = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode lend_authorities(CURL*, void* ssl_ctx, void* authorities) {
  static_cast<Authorities*>(authorities)->lend_to(ssl_ctx);
  return CURLE_OK;
}

struct FreeLines {
  void operator()(curl_slist* lines) const { curl_slist_free_all(lines); }
};
using Lines = std::unique_ptr<curl_slist, FreeLines>;

void append(Lines& lines, const std::string& line) {
  curl_slist* longer = curl_slist_append(lines.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(lines.release());
  lines.reset(longer);
}

// In libcurl's notation, where "Name:" is a header of its own that is not sent and "Name;" one
// without a value.
Lines header_lines(const HttpRequest& request, const Origin& origin) {
  // As it was signed: libcurl's own would spell some addresses otherwise.
  std::string_view host = origin.authority;
  const std::string_view port = origin.tls ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  std::vector<std::string> unwanted = {"accept", "expect", "content-type"};
  for (const auto& [name, value] : request.headers) {
    if (ascii_lower(name) == "host") host = trimmed(value);
    std::erase(unwanted, ascii_lower(name));
  }
  Lines lines;
  append(lines, "Host: " + std::string(host));
  for (const std::string& name : unwanted) append(lines, name + ':');
  for (const auto& [name, value] : request.headers) {
    const std::string lowered = ascii_lower(name);
    if (lowered == "host" || lowered == "content-length") continue;
    const std::string_view text = trimmed(value);
    append(lines, text.empty() ? name + ';' : name + ": " + std::string(text));
  }
  return lines;
}

}  // namespace

struct HttpTransfer::Impl {
  // What is known of one exchange.
  struct Exchange {
    const HttpRequest* request = nullptr;
    const Stop* stop = nullptr;
    std::size_t most_waiting = 0;
    Clock::time_point until{};
    Lines lines;

    HttpResponse response{};
    bool sent = false;  // the request, over a connection that stands
    bool has_head = false;
    bool done = false;
    bool paused = false;
    bool private_refused = false;
    std::size_t header_bytes = 0;    // those of interim answers too
    std::size_t received = 0;        // of the body
    Clock::time_point last_piece{};  // the epoch before the first
    CURLcode code = CURLE_OK;
    Kind ended = Kind::kNone;  // why it came to nothing
    bool keeps_connection = false;
    bool reconnected = false;
  };

  Impl(Origin where, Authorities& trusted)
      : origin(std::move(where)),
        authorities(trusted),
        multi(curl_multi_init()),
        easy(curl_easy_init()) {
    error_text[0] = '\0';
  }
  // The connection is closed with the multi handle that owns it.
  ~Impl() {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode failure = curl_easy_setopt(easy, option, value);
    if (failure == CURLE_OUT_OF_MEMORY) throw std::bad_alloc{};
    if (failure == CURLE_OK) return;
    throw Error{Fault::kInternal,
                std::string("libcurl refused an option: ") + curl_easy_strerror(failure)};
  }
  long about(CURLINFO what) const {
    long value = 0;
    curl_easy_getinfo(easy, what, &value);
    return value;
  }
  void prepare_connection();
  void prepare_tls();
  void prepare_request();
  bool take_line(std::string_view line);
  void take_head(int status);
  std::size_t take_body(std::string_view data);
  template <typename Reached>
  void go_on_until(Reached reached);
  void check_time();
  void wait() const;
  void end(CURLcode code);
  Kind kind_of(CURLcode code) const;
  [[noreturn]] void fail(Kind kind);

  const Origin origin;
  Authorities& authorities;
  CURLM* const multi;
  CURL* const easy;
  bool kept = false;  // the last exchange has left its connection
  Exchange now;
  std::array<char, CURL_ERROR_SIZE> error_text;
};

void HttpTransfer::Impl::prepare_connection() {
  const std::string url = (origin.tls ? "https://" : "http://") + origin.authority + '/';
  const milliseconds time = std::min(now.request->connect_timeout, now.request->timeout);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  // Without it, a connection that is given up waits for the resolver's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  // A function may run for minutes without a byte on the wire; NAT gateways forget after 350 s.
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXAGE_CONN, kLongestIdleSeconds);
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  const bool public_only = now.request->public_addresses_only;
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(public_only ? &now.private_refused : nullptr));
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, static_cast<long>(time.count())));
  // A proxy for plain http would get the call in clear, and the metadata services are not behind
  // any: "" is "no proxy, whatever the environment says".
  if (!origin.tls || origin.local()) set(CURLOPT_PROXY, "");
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_ERRORBUFFER, error_text.data());
}

void HttpTransfer::Impl::prepare_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const CaLocations& where = authorities.where();
  if (!origin.tls || (where.file.empty() && where.folder.empty())) return;
  if (!authorities.load()) fail(Kind::kCaBundle);
  // What libcurl was built with would be trusted as well, and read for each connection.
  set(CURLOPT_CAINFO, nullptr);
  set(CURLOPT_CAPATH, nullptr);
  set(CURLOPT_SSL_CTX_FUNCTION, lend_authorities);
  set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(&authorities));
}

void HttpTransfer::Impl::prepare_request() {
  const HttpRequest& request = *now.request;
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT" || request.method == "PATCH";
  if (has_body) {
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(CURLOPT_REQUEST_TARGET, request.target.c_str());
  set(CURLOPT_USERAGENT, kUserAgent);  // a proxy's, too
  now.lines = header_lines(request, origin);
  set(CURLOPT_HTTPHEADER, now.lines.get());

  // libcurl's frames are C: nothing can be thrown through them, so without memory this ends here.
  const auto self = static_cast<void*>(this);
  set(CURLOPT_PREREQDATA, self);
  set(
      CURLOPT_PREREQFUNCTION, +[](void* of, char*, char*, int, int) noexcept {
        static_cast<Impl*>(of)->now.sent = true;
        return CURL_PREREQFUNC_OK;
      });
  set(CURLOPT_HEADERDATA, self);
  set(
      CURLOPT_HEADERFUNCTION, +[](char* line, std::size_t, std::size_t size, void* of) noexcept {
        return static_cast<Impl*>(of)->take_line({line, size}) ? size : 0;
      });
  set(CURLOPT_WRITEDATA, self);
  set(
      CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* of) noexcept {
        return static_cast<Impl*>(of)->take_body({data, size});
      });
}

bool HttpTransfer::Impl::take_line(std::string_view line) {
  now.last_piece = Clock::now();
  now.header_bytes += line.size();
  if (now.header_bytes > kMostHeaderBytes) now.ended = Kind::kHeadersTooLong;
  // The empty line. "100 Continue": the answer is still to come. After the body: the trailer.
  if (line.front() == '\r' || line.front() == '\n') {
    const int status = static_cast<int>(about(CURLINFO_RESPONSE_CODE));
    if (status / 100 != 1 && !now.has_head) take_head(status);
    if (status == 101) now.ended = Kind::kNotHttp;  // nobody asked for another protocol
  }
  return now.ended == Kind::kNone;
}

void HttpTransfer::Impl::take_head(int status) {
  now.has_head = true;
  now.response.status = status;
  now.reconnected = std::exchange(kept, false) && about(CURLINFO_NUM_CONNECTS) > 0;
  for (curl_header* header = nullptr;
       (header = curl_easy_nextheader(easy, CURLH_HEADER, -1, header)) != nullptr;) {
    auto& [name, value] =
        now.response.headers.emplace_back(ascii_lower(header->name), trimmed(header->value));
    // libcurl goes by the last of two lengths, and by none that has more than 64 bits. Where such
    // an answer ends is not known (RFC 9112, 6.3), so it may be cut.
    if (name != "content-length") continue;
    if (value.size() > 18 || value != now.response.header(name)) now.ended = Kind::kNotHttp;
  }
}

std::size_t HttpTransfer::Impl::take_body(std::string_view data) {
  now.last_piece = Clock::now();
  if (data.size() > now.request->max_response_bytes - now.received) {
    now.ended = Kind::kBodyTooLong;
    return 0;
  }
  std::string& body = now.response.body;
  if (body.size() >= now.most_waiting) {
    now.paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  body += data;
  now.received += data.size();
  return data.size();
}

template <typename Reached>
void HttpTransfer::Impl::go_on_until(Reached reached) {
  if (now.ended != Kind::kNone) fail(now.ended);
  if (std::exchange(now.paused, false)) {
    now.last_piece = Clock::now();
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }
  while (!now.done) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) throw std::bad_alloc{};
    int left = 0;
    if (const CURLMsg* message = curl_multi_info_read(multi, &left)) end(message->data.result);
    // A server that never pauses must not outrun the time either.
    if (!now.done && now.ended == Kind::kNone) check_time();
    if (reached()) return;
    if (now.ended != Kind::kNone) fail(now.ended);
    if (!now.done) wait();
  }
}

void HttpTransfer::Impl::check_time() {
  const auto time = Clock::now();
  const bool begun = now.last_piece != Clock::time_point{};
  if (now.stop->due()) fail(Kind::kStopped);
  if (begun && time - now.last_piece >= now.request->stall_timeout) fail(Kind::kStalled);
  if (time < now.until) return;
  fail(now.has_head ? Kind::kNotCompleteInTime
       : now.sent   ? Kind::kNoAnswerInTime
                    : Kind::kConnectTimeout);
}

// Until libcurl has something to do, or `check_time`.
void HttpTransfer::Impl::wait() const {
  const auto time = Clock::now();
  auto most = std::min<Clock::duration>(now.stop->remaining(), now.until - time);
  if (now.last_piece != Clock::time_point{}) {
    most = std::min<Clock::duration>(most, now.last_piece + now.request->stall_timeout - time);
  }
  most = std::clamp<Clock::duration>(most, milliseconds{0}, std::chrono::hours{1});
  curl_waitfd wake{now.stop->wake_fd(), CURL_WAIT_POLLIN, 0};
  // One more than is left, so that it is over when we wake.
  const auto whole = std::chrono::floor<milliseconds>(most) + milliseconds{1};
  curl_multi_poll(multi, &wake, 1, static_cast<int>(whole.count()), nullptr);
}

void HttpTransfer::Impl::end(CURLcode code) {
  now.code = code;
  if (now.ended != Kind::kNone) return;
  // libcurl takes a head that breaks off for one that has come to its end.
  if (code == CURLE_OK && !now.has_head) now.ended = Kind::kBroken;
  if (code != CURLE_OK) now.ended = kind_of(code);
  if (now.ended != Kind::kNone) return;
  now.done = true;
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
  now.keeps_connection = kept = socket != CURL_SOCKET_BAD;
}

Kind HttpTransfer::Impl::kind_of(CURLcode code) const {
  const std::string_view text = error_text.data();
  if (now.private_refused) return Kind::kPrivateAddress;
  if (about(CURLINFO_HTTP_CONNECTCODE) >= 300) return Kind::kProxyRefused;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return Kind::kNameUnknown;
    case CURLE_COULDNT_RESOLVE_PROXY: return Kind::kProxyUnknown;
    case CURLE_PROXY: return Kind::kProxy;
    case CURLE_OPERATION_TIMEDOUT: return Kind::kConnectTimeout;
    case CURLE_PEER_FAILED_VERIFICATION: return Kind::kCertificate;
    case CURLE_SSL_CACERT_BADFILE: return Kind::kCaBundle;
    case CURLE_SSL_CONNECT_ERROR: return Kind::kTls;
    case CURLE_COULDNT_CONNECT:
      return text.starts_with("Unsupported proxy") ? Kind::kProxy : Kind::kNotConnected;
    case CURLE_GOT_NOTHING: return Kind::kClosed;
    case CURLE_PARTIAL_FILE: return now.has_head ? Kind::kCut : Kind::kBroken;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL: return Kind::kNotHttp;
    // Its word for a line that is too long for it.
    case CURLE_OUT_OF_MEMORY: return now.sent ? Kind::kHeadersTooLong : Kind::kOther;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (text.ends_with("in chunked-encoding")) return Kind::kNotHttp;
      return now.sent ? Kind::kBroken : Kind::kNotConnected;
    default: return Kind::kOther;
  }
}

void HttpTransfer::Impl::fail(Kind kind) {
  now.ended = kind;
  if (kind == Kind::kStopped) now.stop->check(("waiting for " + origin.authority).c_str());
  HttpFailure failure;
  failure.kind = kind;
  // What libcurl adds to its words may quote a proxy's URL, password and all; of a certificate it
  // is what people need.
  if (kind == Kind::kCertificate || kind == Kind::kTls) failure.text = error_text.data();
  if (failure.text.empty()) failure.text = curl_easy_strerror(now.code);
  failure.os_error = static_cast<int>(about(CURLINFO_OS_ERRNO));
  failure.proxy_status = static_cast<int>(about(CURLINFO_HTTP_CONNECTCODE));
  failure.received = now.received;
  throw http_error(failure, *now.request, origin, authorities.where().file);
}

HttpTransfer::HttpTransfer(Origin origin, Authorities& authorities) {
  initialise_curl();
  // libcurl reads them by itself.
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    if (const auto proxy = environment_variable(name)) remember_secret_url(*proxy);
  }
  impl_ = std::make_unique<Impl>(std::move(origin), authorities);
  if (impl_->multi == nullptr || impl_->easy == nullptr) throw std::bad_alloc{};
}

HttpTransfer::~HttpTransfer() = default;

const Origin& HttpTransfer::origin() const { return impl_->origin; }

void HttpTransfer::begin(const HttpRequest& request, const Stop& stop, std::size_t most_waiting) {
  Impl& self = *impl_;
  curl_multi_remove_handle(self.multi, self.easy);
  curl_easy_reset(self.easy);
  self.error_text[0] = '\0';
  self.now = {};
  self.now.request = &request;
  self.now.stop = &stop;
  self.now.most_waiting = most_waiting;
  self.now.until = Clock::now() + request.timeout;
  self.prepare_connection();
  self.prepare_tls();
  self.prepare_request();
  if (curl_multi_add_handle(self.multi, self.easy) != CURLM_OK) throw std::bad_alloc{};
  self.go_on_until([&] { return self.now.has_head; });
}

HttpResponse& HttpTransfer::response() { return impl_->now.response; }

void HttpTransfer::read_more() {
  impl_->go_on_until([this] { return !impl_->now.response.body.empty(); });
}

void HttpTransfer::finish() {
  impl_->go_on_until([] { return false; });
}

bool HttpTransfer::whole() const { return impl_->now.done; }
bool HttpTransfer::keeps_connection() const { return impl_->now.keeps_connection; }
bool HttpTransfer::reconnected() const { return impl_->now.reconnected; }

}  // namespace drift
