#include "drift/http/connection.h"

#include <curl/curl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/http/authorities.h"

namespace drift {
namespace {

using Kind = HttpFailure::Kind;
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

bool speaks_openssl() {
  const char* library = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return library != nullptr && std::string_view(library).starts_with("OpenSSL/");
}

}  // namespace

struct HttpConnection::Impl {
  Impl(const Origin& where, Authorities& trusted)
      : origin(where), authorities(trusted), multi(curl_multi_init()), easy(curl_easy_init()) {
    error_text[0] = '\0';
  }
  // The connection is closed with the multi handle that owns it.
  ~Impl() {
    if (added) curl_multi_remove_handle(multi, easy);
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
  void prepare(milliseconds timeout);
  void give_tls();
  Kind kind_of_failure() const;

  const Origin origin;
  Authorities& authorities;
  CURLM* const multi;
  CURL* const easy;
  bool added = false;
  bool public_only = false;
  bool private_refused = false;
  int socket = -1;
  CURLcode code = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_text;
};

void HttpConnection::Impl::prepare(milliseconds timeout) {
  const std::string url = (origin.tls ? "https://" : "http://") + origin.authority + '/';
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_USERAGENT, "schema-drift/" SCHEMA_DRIFT_VERSION);  // for a proxy
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(CURLOPT_NOSIGNAL, 1L);
  // Without it, a connection that is given up waits for the resolver's thread.
  set(CURLOPT_QUICK_EXIT, 1L);
  // A function may run for minutes without a byte on the wire; NAT gateways forget after 350 s.
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(public_only ? &private_refused : nullptr));
  set(CURLOPT_CONNECTTIMEOUT_MS, std::max<long>(1, static_cast<long>(timeout.count())));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A proxy for plain http would get the call in clear, and the metadata services are not behind
  // any: "" is "no proxy, whatever the environment says".
  if (!origin.tls || origin.local()) set(CURLOPT_PROXY, "");
  set(CURLOPT_ERRORBUFFER, error_text.data());
  give_tls();
}

void HttpConnection::Impl::give_tls() {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const CaLocations& where = authorities.where();
  if (where.file.empty() && where.folder.empty()) return;
  // What libcurl was built with would be trusted as well.
  const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  const bool lent = speaks_openssl();
  set(CURLOPT_CAINFO, lent ? nullptr : path(where.file));
  set(CURLOPT_CAPATH, lent ? nullptr : path(where.folder));
  if (!lent) return;
  set(CURLOPT_SSL_CTX_FUNCTION, lend_authorities);
  set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(&authorities));
}

Kind HttpConnection::Impl::kind_of_failure() const {
  if (private_refused) return Kind::kPrivateAddress;
  long proxy_status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 300) return Kind::kProxyRefused;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return Kind::kNameUnknown;
    case CURLE_COULDNT_RESOLVE_PROXY: return Kind::kProxyUnknown;
    case CURLE_PROXY: return Kind::kProxy;
    case CURLE_OPERATION_TIMEDOUT: return Kind::kConnectTimeout;
    case CURLE_PEER_FAILED_VERIFICATION: return Kind::kCertificate;
    case CURLE_SSL_CACERT_BADFILE: return Kind::kCaBundle;
    case CURLE_SSL_CONNECT_ERROR: return Kind::kTls;
    case CURLE_COULDNT_CONNECT:
      if (std::string_view(error_text.data()).starts_with("Unsupported proxy")) return Kind::kProxy;
      return Kind::kNotConnected;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return Kind::kNotConnected;
    default: return Kind::kOther;
  }
}

HttpConnection::HttpConnection(const Origin& origin, Authorities& authorities, bool public_only) {
  initialise_curl();
  // libcurl reads them by itself.
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    if (const char* proxy = std::getenv(name)) remember_secret_url(proxy);
  }
  impl_ = std::make_unique<Impl>(origin, authorities);
  impl_->public_only = public_only;
  if (impl_->multi == nullptr || impl_->easy == nullptr) throw std::bad_alloc{};
}

HttpConnection::~HttpConnection() = default;

HttpFailure HttpConnection::failure(Kind kind) const {
  HttpFailure failure;
  failure.kind = kind;
  // What libcurl adds to its words may quote a proxy's URL, password and all; of a certificate it
  // is what people need.
  if (kind == Kind::kCertificate || kind == Kind::kTls) failure.text = impl_->error_text.data();
  if (failure.text.empty()) failure.text = curl_easy_strerror(impl_->code);
  long value = 0;
  curl_easy_getinfo(impl_->easy, CURLINFO_OS_ERRNO, &value);
  failure.os_error = static_cast<int>(value);
  curl_easy_getinfo(impl_->easy, CURLINFO_HTTP_CONNECTCODE, &value);
  failure.proxy_status = static_cast<int>(value);
  return failure;
}

HttpFailure HttpConnection::connect(milliseconds timeout, const Stop& stop) {
  Impl& self = *impl_;
  if (self.origin.tls && !self.authorities.readable() && !self.authorities.where().file.empty()) {
    return failure(Kind::kCaBundle);
  }
  self.prepare(timeout);
  if (curl_multi_add_handle(self.multi, self.easy) != CURLM_OK) throw std::bad_alloc{};
  self.added = true;
  for (int running = 1;;) {
    curl_multi_perform(self.multi, &running);
    if (running == 0) break;
    if (stop.due()) return failure(Kind::kStopped);
    curl_waitfd wake{stop.wake_fd(), CURL_WAIT_POLLIN, 0};
    const auto most = std::min(stop.remaining() + milliseconds{1}, timeout + milliseconds{1});
    curl_multi_poll(self.multi, &wake, 1, static_cast<int>(most.count()), nullptr);
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(self.multi, &left);
  self.code = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
  if (self.code != CURLE_OK) return failure(self.kind_of_failure());
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(self.easy, CURLINFO_ACTIVESOCKET, &socket);
  self.socket = socket;
  return {};
}

bool HttpConnection::still_open() {
  // Over TLS there may be session tickets to read, which are nothing that was said.
  char byte = 0;
  std::size_t received = 0;
  return receive(&byte, 1, received) == Io::kBlocked;
}

HttpConnection::Io HttpConnection::send(std::string_view data, std::size_t& sent) {
  sent = 0;
  impl_->code = curl_easy_send(impl_->easy, data.data(), data.size(), &sent);
  if (impl_->code == CURLE_AGAIN) return Io::kBlocked;
  return impl_->code == CURLE_OK ? Io::kDone : Io::kFailed;
}

HttpConnection::Io HttpConnection::receive(char* buffer, std::size_t size, std::size_t& received) {
  received = 0;
  impl_->code = curl_easy_recv(impl_->easy, buffer, size, &received);
  if (impl_->code == CURLE_AGAIN) return Io::kBlocked;
  if (impl_->code != CURLE_OK) return Io::kFailed;
  return received == 0 ? Io::kClosed : Io::kDone;
}

void HttpConnection::wait(bool to_write, milliseconds most, const Stop& stop) const {
  const auto events = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
  std::array<pollfd, 2> waiting = {pollfd{impl_->socket, events, 0},
                                   pollfd{stop.wake_fd(), POLLIN, 0}};
  const auto bounded = std::clamp(most, milliseconds{0}, milliseconds{std::chrono::hours{1}});
  ::poll(waiting.data(), waiting.size(), static_cast<int>(bounded.count()));
}

}  // namespace drift
