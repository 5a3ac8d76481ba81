#include "migrations/git/https.h"

#include <fmt/format.h>
#include <git2/sys/transport.h>

#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "drift/base/base64.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/http/failure.h"
#include "migrations/git/remote.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kAdvertisement = "/info/refs?service=git-upload-pack";
constexpr std::string_view kPack = "/git-upload-pack";
constexpr int kMostRedirects = 7;
// https://git-scm.com/docs/gitprotocol-v2#_initial_client_request
const std::pair<std::string, std::string> kVersion2 = {"Git-Protocol", "version=2"};
// The run's own deadline is the one that counts: a large history takes as long as it takes.
constexpr std::chrono::hours kAsLongAsTheRun{24};
constexpr std::chrono::seconds kConnectTimeout{20};

// "https://host:port" and the rest.
std::pair<std::string, std::string> split(const std::string& url) {
  const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
  return {url.substr(0, slash), url.substr(slash)};
}

std::string host_of(std::string_view origin) {
  std::string host = ascii_lower(origin.substr(kScheme.size()));
  const std::size_t port = host.rfind(':');
  if (port != std::string::npos && host.find(']', port) == std::string::npos) host.resize(port);
  return host;
}

HttpRequest request_to(const std::string& origin, std::string target) {
  HttpRequest request;
  request.origin = origin;
  request.target = std::move(target);
  // Some servers know a client of git by this beginning.
  request.headers = {{"User-Agent", "git/2.0 (schema-drift " SCHEMA_DRIFT_VERSION ")"}};
  request.max_response_bytes = std::string::npos;
  request.connect_timeout = kConnectTimeout;
  request.timeout = request.stall_timeout = kAsLongAsTheRun;
  return request;
}

// A short answer is read to its end, so that the connection can be used again.
void drain(HttpStream& stream) {
  char buffer[4096];
  for (int pieces = 0; pieces < 16; ++pieces) {
    if (stream.read(buffer, sizeof buffer) == 0) return;
  }
}

}  // namespace

// What libgit2 holds. The first members are what it knows of them.
struct GitHttps::Transport {
  git_smart_subtransport parent;
  GitHttps* self;
};

struct GitHttps::Stream {
  git_smart_subtransport_stream parent{};
  GitHttps* self = nullptr;
  bool is_pack = false;
  std::string body;
  std::string read_before;  // of the answer
  std::optional<HttpStream> answer;

  static Stream& of(git_smart_subtransport_stream* stream) {
    return *reinterpret_cast<Stream*>(stream);
  }

  void begin() {
    if (!is_pack && self->handed_over_) {
      answer.emplace(std::move(self->handed_over_->rest));
      read_before = std::move(self->handed_over_->read);
      self->handed_over_.reset();
      return;
    }
    answer.emplace(is_pack ? self->pack(std::move(body), false) : self->advertisement(false));
    self->reception_.begin(is_pack ? GitReception::Part::kPack : GitReception::Part::kRefs);
  }

  int read(char* buffer, std::size_t size, std::size_t& received) {
    // libgit2's frames are C: nothing may be thrown through them.
    try {
      if (!answer) begin();
      if (!read_before.empty()) {
        received = std::min(read_before.size(), size);
        read_before.copy(buffer, received);
        read_before.erase(0, received);
        return 0;  // the reception has it
      }
      received = answer->read(buffer, size);
      if (self->reception_.take({buffer, received})) return 0;
    } catch (const HttpError& error) {
      self->failure_ = https_failure(self->location_, error, self->http_.authorities());
    } catch (const Error& error) {
      const bool of_the_run = error.fault == Fault::kInterrupted || error.fault == Fault::kTimedOut;
      if (!of_the_run) self->failure_ = error;
    } catch (const std::exception& error) {
      self->failure_ = cannot_be_read(self->location_, error.what(), false);
    }
    git_error_set_str(GIT_ERROR_HTTP, "the request failed");
    return -1;
  }
};

GitHttps::GitHttps(const RepositoryLocation& location,
                   const std::vector<RemoteCredential>& credentials, HttpClient& http,
                   GitReception& reception, const Stop& stop)
    : location_(location),
      credentials_(credentials),
      http_(http),
      reception_(reception),
      stop_(stop) {
  std::tie(origin_, base_path_) = split(location.url);
  base_origin_ = origin_;
  base_path_.resize(std::min(base_path_.find_first_of("?#"), base_path_.size()));
  while (base_path_.ends_with('/')) base_path_.pop_back();
  authorized_ = !credentials.empty();
}

int GitHttps::make_transport(git_transport** out, git_remote* owner) {
  git_smart_subtransport_definition definition{};
  definition.rpc = 1;
  definition.param = this;
  definition.callback = [](git_smart_subtransport** made, git_transport*, void* self) {
    auto transport = std::make_unique<Transport>();
    transport->self = static_cast<GitHttps*>(self);
    transport->parent.action = [](git_smart_subtransport_stream** stream,
                                  git_smart_subtransport* parent, const char*,
                                  git_smart_service_t service) {
      auto fresh = std::make_unique<Stream>();
      fresh->self = reinterpret_cast<Transport*>(parent)->self;
      fresh->is_pack = service == GIT_SERVICE_UPLOADPACK;
      fresh->parent.subtransport = parent;
      fresh->parent.read = [](git_smart_subtransport_stream* from, char* buffer, std::size_t size,
                              std::size_t* received) {
        return Stream::of(from).read(buffer, size, *received);
      };
      fresh->parent.write = [](git_smart_subtransport_stream* to, const char* data,
                               std::size_t size) {
        Stream::of(to).body.append(data, size);
        return 0;
      };
      fresh->parent.free = [](git_smart_subtransport_stream* done) { delete &Stream::of(done); };
      *stream = &fresh.release()->parent;
      return 0;
    };
    transport->parent.close = [](git_smart_subtransport*) { return 0; };
    transport->parent.free = [](git_smart_subtransport* done) {
      delete reinterpret_cast<Transport*>(done);
    };
    *made = &transport.release()->parent;
    return 0;
  };
  return git_transport_smart(out, owner, &definition);
}

// To nobody but the place that the credentials were given for.
void GitHttps::authorize(HttpRequest& request) const {
  if (!authorized_ || request.origin != origin_) return;
  const RemoteCredential& credential = credentials_.front();
  request.headers.emplace_back(
      "Authorization", "Basic " + base64_encoded(credential.user + ':' + credential.password));
}

void GitHttps::refuse(int status) const {
  throw remote_failure(location_, credentials_,
                       fmt::format("unexpected http status code: {}", status));
}

HttpStream GitHttps::send() {
  ++requests_;
  return http_.open(request_, stop_);
}

HttpStream GitHttps::advertisement(bool version_2) {
  int refused = 0;
  for (int redirects = 0; redirects <= kMostRedirects;) {
    request_ = request_to(base_origin_, base_path_ + std::string(kAdvertisement));
    if (version_2) request_.headers.emplace_back(kVersion2);
    authorize(request_);
    HttpStream answer = send();
    const int status = answer.head().status;
    if (status == 200) {
      const std::string type = ascii_lower(answer.head().header("content-type"));
      if (type == "application/x-git-upload-pack-advertisement") return answer;
      throw bad_answer(location_, "what answers there does not speak git", false);
    }
    if (status == 401 && authorized_ && refused == 0) {
      refused = status;
      authorized_ = false;
      drain(answer);
      continue;
    }
    if (refused != 0) refuse(refused);
    if (status < 301 || status > 308 || status == 304) refuse(status);
    const std::string target(answer.head().header("location"));
    drain(answer);
    follow(target);
    ++redirects;
  }
  throw bad_answer(location_, "the redirects do not end", false);
}

// A renamed project, above all; what is asked for there is the same.
void GitHttps::follow(const std::string& target) {
  std::string url = target.starts_with('/') ? base_origin_ + target : target;
  const std::string scheme = ascii_lower(url.substr(0, kScheme.size()));
  if (scheme.starts_with("http://")) throw redirect_refused(location_, /*to_plain_http=*/true);
  if (scheme != kScheme || url.find('@') != std::string::npos ||
      host_of(split(url).first) != host_of(origin_)) {
    throw redirect_refused(location_, /*to_plain_http=*/false);
  }
  if (!url.ends_with(kAdvertisement)) {
    throw bad_answer(location_, "it redirects to a page that is not a repository", false);
  }
  url.resize(url.size() - kAdvertisement.size());
  std::tie(base_origin_, base_path_) = split(url);
}

HttpStream GitHttps::pack(std::string body, bool version_2) {
  request_ = request_to(base_origin_, base_path_ + std::string(kPack));
  request_.method = "POST";
  request_.headers.emplace_back("Content-Type", "application/x-git-upload-pack-request");
  request_.headers.emplace_back("Accept", "application/x-git-upload-pack-result");
  if (version_2) request_.headers.emplace_back(kVersion2);
  request_.body = std::move(body);
  authorize(request_);
  HttpStream answer = send();
  if (answer.head().status != 200) refuse(answer.head().status);
  return answer;
}

void GitHttps::hand_over(std::string read, HttpStream rest) {
  handed_over_.emplace(HandedOver{std::move(read), std::move(rest)});
}

}  // namespace drift::migrations
