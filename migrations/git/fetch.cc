#include "migrations/git/fetch.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "migrations/git/https.h"
#include "migrations/git/library.h"
#include "migrations/git/reception.h"
#include "migrations/git/remote.h"
#include "migrations/git/ssh.h"
#include "migrations/git/upload_pack.h"

namespace drift::migrations {
namespace {

// The form in which ssh and hosts publish fingerprints.
std::string fingerprint_of(const git_cert_hostkey& key) {
  std::string_view type = "key";
  switch (key.raw_type) {
    case GIT_CERT_SSH_RAW_TYPE_RSA: type = "ssh-rsa"; break;
    case GIT_CERT_SSH_RAW_TYPE_DSS: type = "ssh-dss"; break;
    case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_256: type = "ecdsa-sha2-nistp256"; break;
    case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_384: type = "ecdsa-sha2-nistp384"; break;
    case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_521: type = "ecdsa-sha2-nistp521"; break;
    case GIT_CERT_SSH_RAW_TYPE_KEY_ED25519: type = "ssh-ed25519"; break;
    default: break;
  }
  return fmt::format("{} {}", type, sha256_fingerprint(key.hash_sha256));
}

std::vector<RemoteCredential> ssh_credentials_of(const RepositoryLocation& location,
                                                 const RemoteAccess& access) {
  if (environment_or_empty("HOME").empty()) {
    throw Error{Fault::kHostNotVerified,
                fmt::format("{} cannot be verified: HOME is not set, so there is no known_hosts",
                            location.host),
                "set HOME to the folder that holds .ssh/known_hosts"};
  }
  return ssh_credentials(location, access.ssh_key);
}

bool is_of_network(int kind) {
  return kind == GIT_ERROR_HTTP || kind == GIT_ERROR_SSH || kind == GIT_ERROR_NET ||
         kind == GIT_ERROR_SSL;
}

bool is_of_clone(int kind) {
  return kind == GIT_ERROR_CONFIG || kind == GIT_ERROR_ODB || kind == GIT_ERROR_OBJECT ||
         kind == GIT_ERROR_REFERENCE || kind == GIT_ERROR_REPOSITORY || kind == GIT_ERROR_ZLIB ||
         kind == GIT_ERROR_TREE || kind == GIT_ERROR_TAG;
}

bool is_of_pack(int kind) { return kind == GIT_ERROR_INDEXER || kind == GIT_ERROR_ZLIB; }

// What libgit2's callbacks need, and the error that one of them decided on: libgit2 carries only a
// number through its C frames. Must outlive the git_remote that uses it, on the same thread.
class Conversation {
 public:
  // Throws Error{kHostNotVerified} where there is nothing to verify a host by, and what
  // `ssh_credentials` throws. `is_new`: what is fetched goes into a clone that is empty yet.
  Conversation(const RepositoryLocation& location, const RemoteAccess& access, bool is_new,
               UploadPack* https, const Stop& stop);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  git_remote_callbacks callbacks();

  std::uint64_t bytes() const { return reception_.bytes(); }

  // Before, a failure of the system's is one to reach the host; from here on, one to write a file.
  void connected() { connected_ = true; }

  // Throws unless `code` is a success: what a callback decided, what `Stop::check` throws, what
  // `remote_failure` makes of it, `damaged_pack`, what GitReception refused, or
  // Error{kCacheUnusable} where the clone is at fault.
  void check(int code) const;

 private:
  int go_on() const { return stop_.due() ? GIT_EUSER : 0; }
  int next_credential(git_credential** out, unsigned allowed);
  int check_host(const git_cert& cert, bool valid);

  const RepositoryLocation& location_;
  const Stop& stop_;
  bool is_new_;
  GitHttps* https_;  // null over ssh
  std::vector<RemoteCredential> credentials_;
  std::optional<GitReception> own_reception_;
  GitReception& reception_;
  SshLine ssh_{reception_, stop_};
  std::size_t tried_ = 0;
  bool connected_ = false;
  std::optional<Error> failure_;
};

Conversation::Conversation(const RepositoryLocation& location, const RemoteAccess& access,
                           bool is_new, UploadPack* https, const Stop& stop)
    : location_(location),
      stop_(stop),
      is_new_(is_new),
      https_(https == nullptr ? nullptr : &https->https()),
      credentials_(https == nullptr ? ssh_credentials_of(location, access) : https->credentials()),
      reception_(https == nullptr ? own_reception_.emplace(location_, credentials_,
                                                           access.max_fetch_bytes, access.received)
                                  : https->reception()) {}

git_remote_callbacks Conversation::callbacks() {
  git_remote_callbacks result;
  git_remote_init_callbacks(&result, GIT_REMOTE_CALLBACKS_VERSION);
  result.payload = this;
  result.credentials = [](git_credential** out, const char*, const char*, unsigned allowed,
                          void* self) {
    return static_cast<Conversation*>(self)->next_credential(out, allowed);
  };
  result.certificate_check = [](git_cert* cert, int valid, const char*, void* self) {
    return static_cast<Conversation*>(self)->check_host(*cert, valid != 0);
  };
  result.transport = [](git_transport** out, git_remote* owner, void* self) {
    Conversation& conversation = *static_cast<Conversation*>(self);
    return conversation.https_ ? conversation.https_->make_transport(out, owner)
                               : make_ssh_transport(out, owner, conversation.ssh_);
  };
  result.transfer_progress = [](const git_indexer_progress*, void* self) {
    return static_cast<Conversation*>(self)->go_on();
  };
  result.sideband_progress = [](const char*, int, void* self) {
    return static_cast<Conversation*>(self)->go_on();
  };
  return result;
}

void Conversation::check(int code) const {
  const std::string message = last_message();
  const git_error* last = git_error_last();
  const int kind = last == nullptr ? GIT_ERROR_NONE : last->klass;
  if (failure_) throw *failure_;
  if (reception_.failure()) throw *reception_.failure();
  if (https_ && https_->failure()) throw *https_->failure();
  if (code == 0) return;
  stop_.check("reading the remote repository");
  if (code == GIT_EAUTH) throw credentials_refused(location_, credentials_);
  if (const std::string fatal = reception_.fatal(); !fatal.empty()) {
    throw remote_failure(location_, credentials_, "its server says: " + fatal);
  }
  // A clone that was whole may have been damaged here; a new one holds what the remote has sent.
  if (is_new_ && is_of_pack(kind)) throw damaged_pack(location_, message);
  if (is_of_network(kind) || (!connected_ && !is_of_clone(kind))) {
    const std::string said = reception_.said();
    throw remote_failure(location_, credentials_,
                         said.empty() ? message : message + "; before that it said: " + said);
  }
  throw Error{
      Fault::kCacheUnusable,
      fmt::format("the clone of {} cannot be brought up to date: {}", location_.url, message),
      "--cache-dir names a folder that this user may write, on a disk with room for a bare clone",
      true};
}

int Conversation::next_credential(git_credential** out, unsigned allowed) {
  using Kind = RemoteCredential::Kind;
  if (stop_.due()) return GIT_EUSER;
  if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) {
    const std::string user = credentials_.empty() ? "git" : credentials_.front().user;
    return git_credential_username_new(out, user.c_str());
  }
  while (tried_ < credentials_.size()) {
    const RemoteCredential& next = credentials_[tried_++];
    const char* user = next.user.c_str();
    if (next.kind == Kind::kPassword && (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) != 0) {
      return git_credential_userpass_plaintext_new(out, user, next.password.c_str());
    }
    if (next.kind == Kind::kAgent && (allowed & GIT_CREDENTIAL_SSH_KEY) != 0) {
      return git_credential_ssh_key_from_agent(out, user);
    }
    if (next.kind == Kind::kKeyFile && (allowed & GIT_CREDENTIAL_SSH_KEY) != 0) {
      return git_credential_ssh_key_new(out, user, nullptr, next.key_file.c_str(), "");
    }
  }
  failure_.emplace(credentials_refused(location_, credentials_));
  return GIT_EUSER;
}

// Never accepts what libgit2 could not verify; only notes it, to put it into words.
int Conversation::check_host(const git_cert& cert, bool valid) {
  if (valid) return go_on();
  if (cert.cert_type != GIT_CERT_HOSTKEY_LIBSSH2) return GIT_ECERTIFICATE;
  failure_.emplace(
      host_key_refused(location_, fingerprint_of(reinterpret_cast<const git_cert_hostkey&>(cert))));
  return GIT_ECERTIFICATE;
}

// Every file that is created costs, so HEAD is written only where it changes.
int point_head_at(git_repository* repo, const std::string& target) {
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, repo, "HEAD") == 0) {
    const Reference head(raw);
    const char* now = git_reference_symbolic_target(head.get());
    if (now != nullptr && now == target) return 0;
  }
  const int code = git_reference_symbolic_create(&raw, repo, "HEAD", target.c_str(), 1, "fetch");
  if (code == 0) git_reference_free(raw);
  return code;
}

Fetched converse(const std::string& path, bool is_new, const RepositoryLocation& location,
                 const RemoteAccess& access, UploadPack* https, const Stop& stop) {
  const OpenRepository clone = open_clone(path, location.url);
  git_repository* const repo = clone.repo.get();
  Conversation conversation(location, access, is_new, https, stop);
  const auto check = [&](int code) { conversation.check(code); };
  git_remote* remote_raw = nullptr;
  // Anonymous, so that nothing of it is written to the clone's configuration.
  check(git_remote_create_anonymous(&remote_raw, repo, location.url.c_str()));
  const Remote remote(remote_raw);

  git_remote_connect_options connect_options;
  git_remote_connect_options_init(&connect_options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
  connect_options.callbacks = conversation.callbacks();
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = connect_options.callbacks;
  options.update_fetchhead = 0;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // the second refspec takes them all
  check(git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &connect_options));
  conversation.connected();
  stop.check("reading the remote repository");

  std::array<char*, 2> refspecs = {const_cast<char*>("+refs/heads/*:refs/heads/*"),
                                   const_cast<char*>("+refs/tags/*:refs/tags/*")};
  const git_strarray refspec_array = {refspecs.data(), refspecs.size()};
  check(git_remote_download(remote.get(), &refspec_array, &options));
  stop.check("reading the remote repository");
  // Pruning first makes room for a branch "a/b" where "a" was.
  check(git_remote_prune(remote.get(), &options.callbacks));
  check(git_remote_update_tips(remote.get(), &options.callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE,
                               "fetch"));

  git_buf branch = GIT_BUF_INIT;
  const int found = git_remote_default_branch(&branch, remote.get());
  const std::string default_branch = found == 0 ? branch.ptr : "";
  git_buf_dispose(&branch);
  if (found != GIT_ENOTFOUND) check(found);
  // An unborn HEAD where the remote's is (an empty repository) or names no branch: the one of an
  // earlier fetch would be a guess.
  check(point_head_at(repo, found == 0 ? default_branch : "refs/schema-drift/no-default-branch"));

  const git_indexer_progress* progress = git_remote_stats(remote.get());
  Fetched fetched{found == 0, progress->received_objects, conversation.bytes(), {}};
  if (https != nullptr) fetched.round_trips = https->https().requests();
  return fetched;
}

// What a thread that may be left behind needs, all of it its own.
struct Errand {
  std::string path;
  bool is_new = false;
  RepositoryLocation location;
  RemoteAccess access;
  Stop stop;
  std::promise<Fetched> outcome;
};

void begin(std::shared_ptr<Errand> errand) {
  // Signals go to the thread that waits: libssh2 takes EINTR for a time-out, and libgit2 tries
  // again.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([errand = std::move(errand)] {
    try {
      errand->outcome.set_value(converse(errand->path, errand->is_new, errand->location,
                                         errand->access, nullptr, errand->stop));
    } catch (...) {
      errand->outcome.set_exception(std::current_exception());
    }
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

Fetched fetch(const std::string& path, bool is_new, const RepositoryLocation& location,
              const RemoteAccess& access, UploadPack* https, const Stop& stop) {
  if (https != nullptr) return converse(path, is_new, location, access, https, stop);
  // libgit2 has a time limit for servers since 1.7, GIT_OPT_SET_SERVER_TIMEOUT; Debian 12 has 1.5.
  constexpr std::chrono::milliseconds kTick{50};
  const std::shared_ptr<Errand> errand(new Errand{path, is_new, location, access, {}, {}});
  std::future<Fetched> outcome = errand->outcome.get_future();
  begin(errand);
  while (outcome.wait_for(std::min(kTick, stop.remaining())) != std::future_status::ready) {
    if (!stop.due()) continue;
    errand->stop.request();
    stop.check("reading the remote repository");
  }
  return outcome.get();
}

}  // namespace drift::migrations
