#include "migrations/git/conversation.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <string_view>

#include "migrations/git/authorities.h"
#include "migrations/git/remote_failure.h"

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

std::vector<RemoteCredential> credentials_for(const RepositoryLocation& location,
                                              const RemoteAccess& access) {
  if (location.kind == RepositoryLocation::Kind::kHttps) {
    return https_credentials(location, access.token);
  }
  if (const char* home = ::getenv("HOME"); home == nullptr || *home == '\0') {
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

}  // namespace

Conversation::Conversation(const RepositoryLocation& location, const RemoteAccess& access,
                           bool is_new, const Stop& stop)
    : location_(location),
      stop_(stop),
      is_new_(is_new),
      credentials_(credentials_for(location, access)),
      reception_(location_, credentials_, access.max_fetch_bytes) {
  if (location.kind == RepositoryLocation::Kind::kHttps) {
    https_.emplace(location_, credentials_, http_.emplace(git_authorities()), reception_, stop_);
  } else {
    ssh_.emplace(reception_, stop_);
  }
}

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
                               : make_ssh_transport(out, owner, conversation.ssh_->line);
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

}  // namespace drift::migrations
