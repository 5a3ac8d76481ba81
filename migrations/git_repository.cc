#include "migrations/git_repository.h"

#include <fmt/format.h>
#include <git2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/nearest.h"
#include "drift/base/printable.h"
#include "migrations/file_history.h"
#include "migrations/remote_credentials.h"
#include "migrations/remote_failure.h"
#include "migrations/repository_cache.h"
#include "migrations/repository_location.h"

namespace drift::migrations {
namespace {

// ------------------------------------------------------------------------------------- libgit2

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

using Repository = Handle<git_repository, git_repository_free>;
using Odb = Handle<git_odb, git_odb_free>;
using OdbObject = Handle<git_odb_object, git_odb_object_free>;
using Object = Handle<git_object, git_object_free>;
using CommitHandle = Handle<git_commit, git_commit_free>;
using Reference = Handle<git_reference, git_reference_free>;
using Remote = Handle<git_remote, git_remote_free>;
using Refdb = Handle<git_refdb, git_refdb_free>;
using ReferenceIterator = Handle<git_reference_iterator, git_reference_iterator_free>;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

void set_options() {
  // What a run reads depends on its arguments alone: no url.*.insteadOf or proxy of whoever's
  // home it runs in. (Proxies still come from the environment.)
  for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                          GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  }
  // git refuses repositories of another user because their configuration can name programs to run
  // (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory). We only read
  // objects and refs, in process: no hook, filter, fsmonitor or pager is ever started. A nightly
  // job reads what another user owns.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  // Extensions that change nothing for a reader of objects and refs; libgit2 refuses the rest
  // (https://git-scm.com/docs/repository-version).
  std::array<const char*, 3> extensions = {"partialclone", "preciousobjects", "worktreeconfig"};
  git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions.data(), extensions.size());
  // A blob is read once, so keeping it would only cost memory. Small windows onto packs keep
  // resident memory low, whatever the size of the repository.
  git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, std::size_t{0});
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(4 * kMebibyte));
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, 4 * kMebibyte);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, 8 * kMebibyte);
}

// Once a process, never undone: a thread left behind in a blocking connect may still be inside.
void start_libgit2() {
  [[maybe_unused]] static const bool started = [] {
    git_libgit2_init();
    set_options();
    return true;
  }();
}

std::string last_message() {
  const git_error* error = git_error_last();
  return error == nullptr || error->message == nullptr ? "unknown error" : error->message;
}

std::string hex(const git_oid& id) {
  std::array<char, GIT_OID_HEXSZ + 1> text{};
  git_oid_tostr(text.data(), text.size(), &id);
  return text.data();
}

git_oid oid_of(std::string_view text) {
  git_oid id;
  if (text.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, text.data(), text.size()) != 0) {
    throw Error{Fault::kInternal, fmt::format("{} is no object id", text)};
  }
  return id;
}

Commit commit_of(git_commit* commit) {
  Commit result;
  result.id = hex(*git_commit_id(commit));
  result.committed_at = TimePoint{std::chrono::seconds{git_commit_time(commit)}};
  if (const git_signature* author = git_commit_author(commit); author != nullptr) {
    result.author = valid_utf8(author->name);
  }
  if (const char* summary = git_commit_summary(commit); summary != nullptr) {
    result.summary = valid_utf8(summary);
  }
  return result;
}

// -------------------------------------------------------------------------------- repositories

struct OpenRepository {
  Repository repo;
  Odb odb;
  std::string url;
  std::string cached_at;           // bare clone of a remote; "" for a local repository
  bool has_default_branch = true;  // false where a remote's HEAD names no branch

  // Names a person could have meant, as they would write them.
  std::vector<std::string> ref_names() const {
    std::vector<std::string> names;
    git_reference_iterator* raw = nullptr;
    if (git_reference_iterator_new(&raw, repo.get()) != 0) return names;
    const ReferenceIterator iterator(raw);
    const char* name = nullptr;
    while (git_reference_next_name(&name, iterator.get()) == 0) {
      const std::string_view full = name;
      for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/remotes/"}) {
        if (full.substr(0, prefix.size()) == prefix) names.emplace_back(full.substr(prefix.size()));
      }
    }
    return names;
  }

  // Error for a `ref` that revparse refused with `code`.
  Error ref_error(const std::string& ref, int code) const {
    const std::string message = last_message();
    if (ref == "HEAD" && git_repository_head_unborn(repo.get()) == 1) {
      git_reference* raw = nullptr;
      git_reference_lookup(&raw, repo.get(), "HEAD");
      const Reference head(raw);
      return Error{Fault::kRefNotFound,
                   fmt::format("HEAD of {} points at {}, which has no commit", url,
                               git_reference_symbolic_target(head.get())),
                   names_hint(ref)};
    }
    if (git_reference* raw = nullptr; git_reference_dwim(&raw, repo.get(), ref.c_str()) == 0) {
      const Reference reference(raw);
      git_reference* direct_raw = nullptr;
      const int resolved = git_reference_resolve(&direct_raw, reference.get());
      const Reference direct(direct_raw);
      if (resolved == 0) {
        return unreadable(code, fmt::format("the commit that {} names", ref),
                          *git_reference_target(direct.get()));
      }
    }
    if (code == GIT_EAMBIGUOUS) {
      return Error{Fault::kRefNotFound, fmt::format("{} is ambiguous in {}", ref, url),
                   "give more digits of the commit's id"};
    }
    if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) {
      return Error{Fault::kRefNotFound, fmt::format("{} names nothing in {}", ref, url),
                   names_hint(ref)};
    }
    return Error{Fault::kRepositoryUnreadable,
                 fmt::format("{} cannot be looked up in {}: {}", ref, url, message),
                 "run `git fsck` there"};
  }

  std::string names_hint(const std::string& ref) const {
    const std::vector<std::string> names = ref_names();
    if (names.empty()) return "the repository has no branches and no tags";
    // "main" where only origin/main is there: the usual slip in a fresh clone.
    const auto ends_in_ref = [&](const std::string& name) {
      return name.size() > ref.size() &&
             name.compare(name.size() - ref.size(), ref.size(), ref) == 0 &&
             name[name.size() - ref.size() - 1] == '/';
    };
    const auto longer = std::find_if(names.begin(), names.end(), ends_in_ref);
    const std::string near = longer != names.end() ? *longer : nearest(ref, names);
    if (!near.empty()) return fmt::format("did you mean {}?", near);
    constexpr std::size_t kShown = 5;
    if (names.size() <= kShown) return fmt::format("there are {}", fmt::join(names, ", "));
    return fmt::format("there are {} and {} more",
                       fmt::join(names.begin(), names.begin() + kShown, ", "),
                       names.size() - kShown);
  }

  // Error for an object that could not be read; `what` names it in words.
  Error unreadable(int code, std::string_view what, const git_oid& id) const {
    if (!cached_at.empty()) {
      mark_damaged(cached_at);
      return Error{Fault::kCacheUnusable,
                   fmt::format("{} cannot be read from the cached clone of {} (object {}): {}",
                               what, url, hex(id), last_message()),
                   "run it again: the clone is made anew", true};
    }
    if (code == GIT_ENOTFOUND) {
      const bool shallow = git_repository_is_shallow(repo.get()) == 1;
      return Error{Fault::kRepositoryUnreadable,
                   fmt::format("{} is missing from {} (object {})", what, url, hex(id)),
                   shallow ? "this is a shallow clone: `git fetch --unshallow` completes it"
                           : "a partial clone lacks what it was told to leave out; else run "
                             "`git fsck` there"};
    }
    return Error{Fault::kRepositoryUnreadable,
                 fmt::format("{} cannot be read from {} (object {}): {}", what, url, hex(id),
                             last_message()),
                 "run `git fsck` there; a damaged repository is mended by cloning it anew"};
  }
};

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Error open_error(const std::string& path, int code) {
  const std::string message = last_message();
  if (code == GIT_ENOTFOUND) {
    return Error{Fault::kRepositoryNotFound, fmt::format("{} is not a git repository", path),
                 "give the folder that holds .git, or a bare repository"};
  }
  if (message.find("objectformat") != std::string::npos) {
    return Error{Fault::kUnsupported,
                 fmt::format("{} names its objects by SHA-256, which is not supported", path),
                 "read a SHA-1 repository"};
  }
  if (message.find("unsupported extension") != std::string::npos) {
    return Error{Fault::kUnsupported, fmt::format("{} cannot be read: {}", path, message),
                 "clone it without that extension"};
  }
  return Error{Fault::kRepositoryUnreadable, fmt::format("{} cannot be read: {}", path, message),
               "run `git fsck` there, and check that this user may read its files"};
}

Repository open_local(const std::string& path) {
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(path, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw Error{Fault::kRepositoryNotFound, fmt::format("{} does not exist", path),
                "--repository takes a path or a URL"};
  }
  if (failure) {
    throw Error{Fault::kRepositoryUnreadable,
                fmt::format("{} cannot be read: {}", path, failure.message()),
                "check that this user may enter each folder on the way"};
  }
  git_repository* raw = nullptr;
  const int code = git_repository_open_ext(&raw, path.c_str(), 0, nullptr);
  if (code != 0) throw open_error(path, code);
  return Repository(raw);
}

Odb open_odb(git_repository* repo, const std::string& url) {
  git_odb* raw = nullptr;
  if (const int code = git_repository_odb(&raw, repo); code != 0) throw open_error(url, code);
  return Odb(raw);
}

// ------------------------------------------------------------------------------------- remotes

// Certificates that OpenSSL's programs, and so curl and Python, would use. libgit2 with mbedTLS
// starts without any, and would refuse every server. Once a process: libgit2 has one list.
void load_certificates() {
  const auto variable = [](const char* name) -> const char* {
    const char* value = ::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
  };
  static const std::string failure = [&]() -> std::string {
    const char* file = variable("GIT_SSL_CAINFO");
    if (file == nullptr) file = variable("SSL_CERT_FILE");
    const char* folder = variable("SSL_CERT_DIR");
    if (file == nullptr && folder == nullptr) {
      for (const char* usual : {"/etc/ssl/certs/ca-certificates.crt",   // Debian, Alpine
                                "/etc/pki/tls/certs/ca-bundle.crt"}) {  // Fedora, Amazon Linux
        if (file == nullptr && ::access(usual, R_OK) == 0) file = usual;
      }
    }
    if (file == nullptr && folder == nullptr) return "there are no certificates on this machine";
    if (git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, folder) == 0) return {};
    return fmt::format("the certificates of {} cannot be loaded", file == nullptr ? folder : file);
  }();
  if (!failure.empty()) {
    throw Error{Fault::kHostNotVerified, failure,
                "install the package ca-certificates, or name a file of certificates in "
                "SSL_CERT_FILE"};
  }
}

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

// One conversation with a remote: what its callbacks need, and the error that one of them decided
// on. libgit2 carries only a number through its C frames.
class Conversation {
 public:
  Conversation(const RepositoryLocation& location, const RemoteAccess& access, const Stop& stop)
      : location_(location), stop_(stop) {
    if (location.kind == RepositoryLocation::Kind::kHttps) {
      load_certificates();
      credentials_ = https_credentials(location, access.token);
      return;
    }
    if (const char* home = ::getenv("HOME"); home == nullptr || *home == '\0') {
      throw Error{Fault::kHostNotVerified,
                  fmt::format("{} cannot be verified: HOME is not set, so there is no known_hosts",
                              location.host),
                  "set HOME to the folder that holds .ssh/known_hosts"};
    }
    credentials_ = ssh_credentials(location, access.ssh_key);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  git_remote_callbacks callbacks() {
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
    result.transfer_progress = [](const git_indexer_progress*, void* self) {
      return static_cast<Conversation*>(self)->go_on();
    };
    result.sideband_progress = [](const char*, int, void* self) {
      return static_cast<Conversation*>(self)->go_on();
    };
    return result;
  }

  // Before, a failure of the system's is one to reach the host; from here on, one to write a file.
  void connected() { connected_ = true; }

  // Throws unless `code` is a success. A refused host counts even then: libgit2 would have to go
  // on in spite of what it was told, but nothing is worth more than this check.
  void check(int code) const {
    const std::string message = last_message();
    const git_error* last = git_error_last();
    const int kind = last == nullptr ? GIT_ERROR_NONE : last->klass;
    if (certificate_refused_) throw certificate_refused(location_, message);
    if (failure_) throw *failure_;
    if (code == 0) return;
    stop_.check("reading the remote repository");
    if (code == GIT_EAUTH) throw credentials_refused(location_, credentials_);
    if (is_of_network(kind) || (!connected_ && !is_of_clone(kind))) {
      throw remote_failure(location_, credentials_, message);
    }
    throw Error{
        Fault::kCacheUnusable,
        fmt::format("the clone of {} cannot be brought up to date: {}", location_.url, message),
        "--cache-dir names a folder that this user may write, on a disk with room for a bare clone",
        true};
  }

 private:
  static bool is_of_network(int kind) {
    return kind == GIT_ERROR_HTTP || kind == GIT_ERROR_SSH || kind == GIT_ERROR_NET ||
           kind == GIT_ERROR_SSL;
  }

  static bool is_of_clone(int kind) {
    return kind == GIT_ERROR_CONFIG || kind == GIT_ERROR_ODB || kind == GIT_ERROR_OBJECT ||
           kind == GIT_ERROR_REFERENCE || kind == GIT_ERROR_REPOSITORY || kind == GIT_ERROR_ZLIB ||
           kind == GIT_ERROR_TREE || kind == GIT_ERROR_TAG;
  }

  int go_on() const { return stop_.due() ? GIT_EUSER : 0; }

  int next_credential(git_credential** out, unsigned allowed) {
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
  int check_host(const git_cert& cert, bool valid) {
    if (valid) return go_on();
    if (cert.cert_type == GIT_CERT_HOSTKEY_LIBSSH2) {
      failure_.emplace(host_key_refused(
          location_, fingerprint_of(reinterpret_cast<const git_cert_hostkey&>(cert))));
      return GIT_ECERTIFICATE;
    }
    // Passing an invalid certificate on is refusing it, with libgit2's reason as the message.
    certificate_refused_ = true;
    return GIT_PASSTHROUGH;
  }

  const RepositoryLocation& location_;
  const Stop& stop_;
  std::vector<RemoteCredential> credentials_;
  std::size_t tried_ = 0;
  bool connected_ = false;
  bool certificate_refused_ = false;
  std::optional<Error> failure_;
};

// Makes `repo`, a bare clone, the image of the remote: its branches and tags, and what they reach.
// True where the remote's HEAD names a branch.
bool fetch(git_repository* repo, const RepositoryLocation& location, const RemoteAccess& access,
           const Stop& stop, const Log& log) {
  Conversation conversation(location, access, stop);
  const auto check = [&](int code) { conversation.check(code); };
  git_remote* remote_raw = nullptr;
  // Anonymous, so that nothing of it is written to the clone's configuration.
  check(git_remote_create_anonymous(&remote_raw, repo, location.url.c_str()));
  const Remote remote(remote_raw);

  // NONE still follows redirects within the host (a renamed project); any further, the token would
  // go with the request.
  git_remote_connect_options connect_options;
  git_remote_connect_options_init(&connect_options, GIT_REMOTE_CONNECT_OPTIONS_VERSION);
  connect_options.callbacks = conversation.callbacks();
  connect_options.proxy_opts.type = GIT_PROXY_AUTO;
  connect_options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = connect_options.callbacks;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  options.update_fetchhead = 0;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // the second refspec takes them all
  check(git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &connect_options));
  conversation.connected();
  stop.check("reading the remote repository");

  std::array<char*, 2> refspecs = {const_cast<char*>("+refs/heads/*:refs/heads/*"),
                                   const_cast<char*>("+refs/tags/*:refs/tags/*")};
  const git_strarray refspec_array = {refspecs.data(), refspecs.size()};
  check(git_remote_download(remote.get(), &refspec_array, &options));
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
  const std::string head = found == 0 ? default_branch : "refs/schema-drift/no-default-branch";
  git_reference* head_raw = nullptr;
  const int set = git_reference_symbolic_create(&head_raw, repo, "HEAD", head.c_str(), 1, "fetch");
  git_reference_free(head_raw);
  check(set);

  const git_indexer_progress* progress = git_remote_stats(remote.get());
  log.info("fetched", {{"repository", location.url},
                       {"objects", std::to_string(progress->received_objects)},
                       {"bytes", std::to_string(progress->received_bytes)}});
  return found == 0;
}

// What a run is certain to need: a clone whose tip cannot be read is no clone.
void require_readable_tip(const OpenRepository& repository) {
  git_oid tip;
  if (git_reference_name_to_id(&tip, repository.repo.get(), "HEAD") != 0) return;  // none yet
  git_commit* raw = nullptr;
  int code = git_commit_lookup(&raw, repository.repo.get(), &tip);
  const CommitHandle commit(raw);
  git_tree* tree = nullptr;
  if (code == 0) code = git_commit_tree(&tree, commit.get());
  git_tree_free(tree);
  if (code != 0) throw repository.unreadable(code, "the newest commit", tip);
}

OpenRepository open_clone(const std::string& path, const std::string& url) {
  git_repository* repo = nullptr;
  git_odb* odb = nullptr;
  int code = git_repository_open_bare(&repo, path.c_str());
  OpenRepository result{Repository(repo), nullptr, url, path};
  if (code == 0) code = git_repository_odb(&odb, repo);
  result.odb.reset(odb);
  if (code == 0) return result;
  throw Error{Fault::kCacheUnusable,
              fmt::format("the cached clone of {} cannot be opened: {}", url, last_message()),
              "run it again: the clone is made anew", true};
}

void initialise_clone(const std::string& path, const std::string& url) {
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT;
  git_repository* raw = nullptr;
  const int code = git_repository_init_ext(&raw, path.c_str(), &options);
  git_repository_free(raw);
  if (code != 0) {
    throw Error{Fault::kCacheUnusable,
                fmt::format("a clone of {} cannot be made in {}: {}", url, path, last_message()),
                "--cache-dir names a folder that this user may write, on a disk with room for a "
                "bare clone"};
  }
}

// Thousands of branches would be as many files, looked through at every run.
void pack_references(git_repository* repo) {
  git_refdb* raw = nullptr;
  if (git_repository_refdb(&raw, repo) != 0) return;
  git_refdb_compress(Refdb(raw).get());
}

OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log) {
  RepositoryCache cache(access.cache_dir, location.url, stop);
  if (cache.usable()) {
    try {
      OpenRepository known = open_clone(cache.path(), location.url);
      known.has_default_branch = fetch(known.repo.get(), location, access, stop, log);
      require_readable_tip(known);
      return known;
    } catch (const Error& error) {
      if (error.fault != Fault::kCacheUnusable) throw;
      // Only the clone is at fault: the remote has all of it.
      log.warning("the cached clone is made anew", {{"why", error.what()}});
    }
  }
  const std::string path = cache.new_clone();
  initialise_clone(path, location.url);
  bool has_default_branch = false;
  {
    const OpenRepository made = open_clone(path, location.url);
    has_default_branch = fetch(made.repo.get(), location, access, stop, log);
    pack_references(made.repo.get());
    require_readable_tip(made);
  }
  cache.adopt_new_clone();
  OpenRepository result = open_clone(cache.path(), location.url);
  result.has_default_branch = has_default_branch;
  return result;
}

}  // namespace

struct GitRepository::Impl : OpenRepository {};

GitRepository::GitRepository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitRepository::GitRepository(GitRepository&&) noexcept = default;
GitRepository& GitRepository::operator=(GitRepository&&) noexcept = default;
GitRepository::~GitRepository() = default;

const std::string& GitRepository::url() const { return impl_->url; }

GitRepository GitRepository::open(std::string_view text, const RemoteAccess& access,
                                  const Stop& stop, const Log& log) {
  const RepositoryLocation location = parse_repository_location(text);
  stop.check("opening the repository");
  start_libgit2();
  auto impl = std::make_unique<Impl>();
  if (location.kind != RepositoryLocation::Kind::kLocal) {
    static_cast<OpenRepository&>(*impl) = open_remote(location, access, stop, log);
    return GitRepository(std::move(impl));
  }
  const std::string path =
      without_trailing_slash(std::filesystem::absolute(location.path).lexically_normal());
  impl->repo = open_local(path);
  const char* workdir = git_repository_workdir(impl->repo.get());
  impl->url =
      without_trailing_slash(workdir != nullptr ? workdir : git_repository_path(impl->repo.get()));
  impl->odb = open_odb(impl->repo.get(), impl->url);
  return GitRepository(std::move(impl));
}

// -------------------------------------------------------------------------------------- trees

struct GitTree::Impl {
  struct FoundTree {
    std::shared_ptr<git_tree> tree;
    std::string path;
  };
  struct Found {
    std::string path;  // every symlink resolved, but perhaps a last one
    TreeEntry entry;
  };
  enum class LastLink { kFollow, kKeep };

  std::shared_ptr<const OpenRepository> repository;
  Commit commit;
  git_oid root{};
  // Parsed trees by id. libgit2's own cache refuses large ones, and a versions folder of thousands
  // of files would be parsed anew for every file.
  std::map<std::string, std::shared_ptr<git_tree>> trees;

  std::shared_ptr<git_tree> tree(const git_oid& id, std::string_view path) {
    constexpr std::size_t kKept = 64;
    const std::string key(reinterpret_cast<const char*>(id.id), sizeof id.id);
    if (const auto known = trees.find(key); known != trees.end()) return known->second;
    git_tree* raw = nullptr;
    if (const int code = git_tree_lookup(&raw, repository->repo.get(), &id); code != 0) {
      throw repository->unreadable(
          code, path.empty() ? "the root folder" : fmt::format("the folder {}", path), id);
    }
    std::shared_ptr<git_tree> result(raw, git_tree_free);
    if (trees.size() >= kKept) trees.clear();
    trees.emplace(key, result);
    return result;
  }

  std::string blob(const git_oid& id, std::string_view path) const {
    git_odb* odb = repository->odb.get();
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int code = git_odb_read_header(&size, &type, odb, &id); code != 0) {
      throw repository->unreadable(code, path, id);
    }
    if (type != GIT_OBJECT_BLOB) {
      throw Error{Fault::kRepositoryUnreadable,
                  fmt::format("{} is no file in {} (object {} is a {})", path, repository->url,
                              hex(id), git_object_type2string(type)),
                  "run `git fsck` there"};
    }
    if (size > kMaxFileBytes) {
      throw Error{Fault::kRepositoryUnreadable,
                  fmt::format("{} has {} bytes, more than the {} that a migration may have", path,
                              size, kMaxFileBytes),
                  "take it out of the versions folder"};
    }
    git_odb_object* raw = nullptr;
    if (const int code = git_odb_read(&raw, odb, &id); code != 0) {
      throw repository->unreadable(code, path, id);
    }
    const OdbObject object(raw);
    return {static_cast<const char*>(git_odb_object_data(object.get())),
            git_odb_object_size(object.get())};
  }

  // Follows `path` from the root as a file system would: ".." leaves the folder that a symlink led
  // to. Nothing where it leads nowhere, out of the tree or in a circle.
  std::optional<Found> find(std::string_view path, LastLink last_link);
};

namespace {

TreeEntry entry_of(const git_tree_entry* entry) {
  TreeEntry result;
  result.name = git_tree_entry_name(entry);
  result.object_id = hex(*git_tree_entry_id(entry));
  switch (git_tree_entry_filemode(entry)) {
    case GIT_FILEMODE_TREE: result.kind = TreeEntry::Kind::kDirectory; break;
    case GIT_FILEMODE_LINK: result.kind = TreeEntry::Kind::kSymlink; break;
    case GIT_FILEMODE_COMMIT: result.kind = TreeEntry::Kind::kSubmodule; break;
    default: result.kind = TreeEntry::Kind::kFile; break;
  }
  return result;
}

// Puts the components of `path` on `pending`, the first on top. "." and empty ones (a leading,
// double or trailing slash) mean nothing.
void push_components(std::string_view path, std::vector<std::string>& pending) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view component =
        slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!component.empty() && component != ".") pending.emplace_back(component);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  }
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + '/' + name;
}

Error submodule_error(std::string_view path, std::string_view submodule) {
  return Error{Fault::kUnsupported,
               path == submodule
                   ? fmt::format("{} is a submodule, whose files are in another repository", path)
                   : fmt::format("{} lies in the submodule {}, whose files are in another "
                                 "repository",
                                 path, submodule),
               "point --repository at the submodule's own repository"};
}

}  // namespace

std::optional<GitTree::Impl::Found> GitTree::Impl::find(std::string_view path, LastLink last_link) {
  constexpr int kMaxLinks = 40;  // as Linux: path_resolution(7)
  std::vector<std::string> pending;
  push_components(path, pending);
  std::vector<FoundTree> folders = {{tree(root, ""), ""}};
  int links = 0;
  while (!pending.empty()) {
    const std::string name = std::move(pending.back());
    pending.pop_back();
    if (name == "..") {
      if (folders.size() == 1) return std::nullopt;
      folders.pop_back();
      continue;
    }
    const git_tree_entry* raw = git_tree_entry_byname(folders.back().tree.get(), name.c_str());
    if (raw == nullptr) return std::nullopt;
    const std::string full = joined(folders.back().path, name);
    TreeEntry entry = entry_of(raw);
    const bool last = pending.empty();
    switch (entry.kind) {
      case TreeEntry::Kind::kDirectory:
        folders.push_back({tree(*git_tree_entry_id(raw), full), full});
        if (last) return Found{full, std::move(entry)};
        break;
      case TreeEntry::Kind::kSymlink: {
        if (last && last_link == LastLink::kKeep) return Found{full, std::move(entry)};
        const std::string target = blob(*git_tree_entry_id(raw), full);
        if (++links > kMaxLinks || target.empty() || target.front() == '/') return std::nullopt;
        push_components(target, pending);
        break;
      }
      case TreeEntry::Kind::kSubmodule:
        if (!last) throw submodule_error(path, full);
        return Found{full, std::move(entry)};
      case TreeEntry::Kind::kFile:
        if (!last) return std::nullopt;
        return Found{full, std::move(entry)};
    }
  }
  // "", or a path (or a link) that ends in "..".
  TreeEntry entry;
  entry.kind = TreeEntry::Kind::kDirectory;
  entry.object_id = hex(*git_tree_id(folders.back().tree.get()));
  const std::string& full = folders.back().path;
  const std::size_t slash = full.rfind('/');
  entry.name = slash == std::string::npos ? full : full.substr(slash + 1);
  return Found{full, std::move(entry)};
}

GitTree::GitTree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GitTree::GitTree(GitTree&&) noexcept = default;
GitTree& GitTree::operator=(GitTree&&) noexcept = default;
GitTree::~GitTree() = default;

const Commit& GitTree::commit() const { return impl_->commit; }

std::optional<TreeEntry> GitTree::entry(std::string_view path) const {
  std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kKeep);
  if (!found) return std::nullopt;
  return std::move(found->entry);
}

std::optional<std::vector<TreeEntry>> GitTree::list(std::string_view path) const {
  const std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  if (found->entry.kind == TreeEntry::Kind::kSubmodule) throw submodule_error(path, found->path);
  if (found->entry.kind != TreeEntry::Kind::kDirectory) return std::nullopt;
  const std::shared_ptr<git_tree> folder = impl_->tree(oid_of(found->entry.object_id), found->path);
  const std::size_t count = git_tree_entrycount(folder.get());
  std::vector<TreeEntry> entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(entry_of(git_tree_entry_byindex(folder.get(), i)));
  }
  // git sorts "a" the folder behind "a.py"; a person and Alembic sort by name alone.
  std::sort(entries.begin(), entries.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.name < b.name; });
  return entries;
}

std::optional<std::string> GitTree::read(std::string_view path) const {
  const std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  if (found->entry.kind == TreeEntry::Kind::kSubmodule) throw submodule_error(path, found->path);
  if (found->entry.kind != TreeEntry::Kind::kFile) return std::nullopt;
  return impl_->blob(oid_of(found->entry.object_id), found->path);
}

std::string GitTree::read(const TreeEntry& file) const {
  return impl_->blob(oid_of(file.object_id), file.name);
}

std::optional<std::string> GitTree::real_path(std::string_view path) const {
  std::optional<Impl::Found> found = impl_->find(path, Impl::LastLink::kFollow);
  if (!found) return std::nullopt;
  return std::move(found->path);
}

// --------------------------------------------------------------------------------------- refs

GitTree GitRepository::tree_at(std::string_view ref) const {
  git_repository* repo = impl_->repo.get();
  const std::string wanted = ref.empty() ? "HEAD" : std::string(ref);
  if (wanted == "HEAD" && !impl_->has_default_branch) {
    throw Error{Fault::kRefNotFound, fmt::format("{} has no default branch", impl_->url),
                impl_->names_hint(wanted)};
  }
  git_object* raw = nullptr;
  int code = git_revparse_single(&raw, repo, wanted.c_str());
  if (code == GIT_ENOTFOUND && !impl_->cached_at.empty() && wanted.starts_with("origin/")) {
    // In the bare clone of a remote its branches are not under origin/, as they are for people.
    if (git_revparse_single(&raw, repo, wanted.c_str() + std::strlen("origin/")) == 0) code = 0;
  }
  const Object object(raw);
  if (code != 0) throw impl_->ref_error(wanted, code);

  git_object* peeled_raw = nullptr;
  const int peel_code = git_object_peel(&peeled_raw, object.get(), GIT_OBJECT_COMMIT);
  const Object peeled(peeled_raw);
  if (peel_code != 0 && git_object_type(object.get()) == GIT_OBJECT_TAG) {
    auto* tag = reinterpret_cast<git_tag*>(object.get());
    // What an annotated tag points at is named in the tag, so this is no wrong ref.
    if (git_tag_target_type(tag) == GIT_OBJECT_COMMIT) {
      throw impl_->unreadable(GIT_ENOTFOUND, fmt::format("the commit that {} names", wanted),
                              *git_tag_target_id(tag));
    }
  }
  if (peel_code != 0) {
    throw Error{Fault::kRefNotFound,
                fmt::format("{} names a {} in {}, not a commit", wanted,
                            git_object_type2string(git_object_type(object.get())), impl_->url),
                "--ref takes a branch, a tag or a commit"};
  }
  auto* commit = reinterpret_cast<git_commit*>(peeled.get());
  auto impl = std::make_unique<GitTree::Impl>();
  impl->repository = impl_;
  impl->commit = commit_of(commit);
  impl->root = *git_commit_tree_id(commit);
  impl->tree(impl->root, "");  // a commit without its tree is not there
  return GitTree(std::move(impl));
}

std::vector<std::optional<Commit>> GitRepository::introductions(
    const std::string& commit_id, const std::vector<std::string>& paths, const Stop& stop) const {
  const git_oid tip = oid_of(commit_id);
  git_odb* odb = impl_->odb.get();
  const ReadObject read = [&](const ObjectId& id) -> std::optional<std::string> {
    git_oid oid;
    git_oid_fromraw(&oid, id.data());
    git_odb_object* raw = nullptr;
    const int code = git_odb_read(&raw, odb, &oid);
    if (code == GIT_ENOTFOUND) return std::nullopt;
    if (code != 0) throw impl_->unreadable(code, "an object of its history", oid);
    const OdbObject object(raw);
    return std::string(static_cast<const char*>(git_odb_object_data(object.get())),
                       git_odb_object_size(object.get()));
  };
  ObjectId start;
  std::memcpy(start.data(), tip.id, start.size());

  std::vector<std::optional<Commit>> result;
  std::map<ObjectId, Commit> commits;  // many files come with one commit
  for (const std::optional<ObjectId>& id : introducing_commits(start, paths, read, stop)) {
    if (!id) {
      result.emplace_back();
      continue;
    }
    const auto [known, is_new] = commits.try_emplace(*id);
    if (is_new) {
      git_oid oid;
      git_oid_fromraw(&oid, id->data());
      git_commit* raw = nullptr;
      if (const int code = git_commit_lookup(&raw, impl_->repo.get(), &oid); code != 0) {
        throw impl_->unreadable(code, "a commit of its history", oid);
      }
      known->second = commit_of(CommitHandle(raw).get());
    }
    result.emplace_back(known->second);
  }
  return result;
}

}  // namespace drift::migrations
