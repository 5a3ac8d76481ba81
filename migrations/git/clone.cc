#include "migrations/git/clone.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/base/trusted_folder.h"
#include "migrations/git/fetch.h"
#include "migrations/git/partial_clone.h"
#include "migrations/git/upload_pack.h"

namespace drift::migrations {
namespace {

namespace fs = std::filesystem;

// Files of ours inside the bare clone; git ignores names that it does not know.
constexpr const char* kUrlFile = "schema-drift-url";
constexpr const char* kDamagedFile = "schema-drift-damaged";

constexpr std::size_t kLongestUrl = 64 * 1024;

// libgit2 looks for an object in one pack after the other, and every fetch adds one.
constexpr std::ptrdiff_t kMaxPacks = 100;

[[noreturn]] void throw_unusable(std::string_view what, const std::string& path, int code) {
  throw Error{Fault::kCacheUnusable,
              fmt::format("cannot {} {}: {}", what, path, std::strerror(code)),
              "--cache-dir names a folder that this user may write, on a disk with room for a bare "
              "clone"};
}

void make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) throw_unusable("create the cache folder", path, errno);
}

// Objects carry their hashes, but a folder that a stranger controls could still name alternates or
// be swapped while it is read. Missing parents are created as private as the folder itself.
TrustedFolder trusted_folder(const fs::path& path) {
  auto made = TrustedFolder::make(path, TrustedFolder::Kind::kOwn, 0700);
  if (auto* folder = std::get_if<TrustedFolder>(&made)) return std::move(*folder);
  const auto& why = std::get<Untrusted>(made);
  if (why.code != 0) throw_unusable("create the cache folder", path.string(), why.code);
  throw Error{
      Fault::kCacheUnusable,
      fmt::format("the cache folder {} can be changed by others: {}", path.string(), why.reason),
      "--cache-dir names a folder that belongs to this user alone"};
}

void remove_folder(const std::string& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) throw_unusable("remove", path, failure.value());
}

// FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: it only has to tell names apart, and
// `usable` compares the URL itself.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return value;
}

int locked(const TrustedFolder& folder, const std::string& path, const Stop& stop) {
  // The cache may lie in a folder that others can write, such as /tmp: no link is followed, and a
  // pipe does not keep us waiting.
  const int fd = ::openat(folder.fd(), fs::path(path).filename().c_str(),
                          O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0) throw_unusable("open the lock", path, errno);
  // flock has no time limit, so it is tried at intervals that grow with the wait.
  for (int wait_ms = 5; ::flock(fd, LOCK_EX | LOCK_NB) != 0; wait_ms = std::min(2 * wait_ms, 200)) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      const int code = errno;
      ::close(fd);
      throw_unusable("lock", path, code);
    }
    pollfd wake{stop.wake_fd(), POLLIN, 0};
    const auto left = std::min<std::int64_t>(wait_ms, stop.remaining().count() + 1);
    ::poll(&wake, 1, static_cast<int>(left));
    try {
      stop.check("waiting for another run that fetches the same repository");
    } catch (...) {
      ::close(fd);
      throw;
    }
  }
  return fd;
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

// Thousands of branches would be as many files, looked through at every run; a few are faster as
// they are.
void pack_references(git_repository* repo) {
  constexpr std::size_t kFew = 32;
  git_strarray names{};
  if (git_reference_list(&names, repo) != 0) return;
  const std::size_t count = names.count;
  git_strarray_dispose(&names);
  git_refdb* raw = nullptr;
  if (count <= kFew || git_repository_refdb(&raw, repo) != 0) return;
  git_refdb_compress(Refdb(raw).get());
}

void tell(const Fetched& fetched, const RepositoryLocation& location, const Log& log) {
  log.info("fetched", {{"repository", location.url},
                       {"how", "full"},
                       {"objects", std::to_string(fetched.objects)},
                       {"bytes", std::to_string(fetched.bytes)}});
}

FetchRecord record_of(const Fetched& fetched) {
  return {fetched.objects == 0 ? "cached" : "full", fetched.bytes, fetched.round_trips};
}

}  // namespace

// The least that makes a bare repository: git's own would bring templates, a dozen files that
// nobody reads here. https://git-scm.com/docs/gitrepository-layout
void initialise_clone(const std::string& path, const std::string& url) {
  std::error_code failure;
  for (const char* folder : {"/objects/pack", "/refs/heads", "/refs/tags"}) {
    if (!failure) std::filesystem::create_directories(path + folder, failure);
  }
  const auto write = [&](const char* name, const char* text) {
    std::ofstream file(path + name, std::ios::binary);
    file << text;
    file.close();
    if (!file && !failure) failure = std::make_error_code(std::errc::io_error);
  };
  if (!failure) write("/config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
  if (!failure) write("/HEAD", "ref: refs/heads/main\n");
  if (!failure) return;
  throw Error{Fault::kCacheUnusable,
              fmt::format("a clone of {} cannot be made in {}: {}", url, path, failure.message()),
              "--cache-dir names a folder that this user may write, on a disk with room for a bare "
              "clone"};
}

std::string cache_folder_name(std::string_view url) {
  constexpr std::size_t kReadable = 80;
  std::string_view rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    rest.remove_prefix(scheme + 3);
  }
  // A query may hold what nobody wants to see in a folder's name.
  rest = rest.substr(0, rest.find_first_of("?#"));
  if (rest.size() > 4 && rest.ends_with(".git")) rest.remove_suffix(4);
  std::string name;
  for (const char c : rest.substr(0, kReadable)) {
    const bool plain = is_alnum(c) || c == '.' || c == '_';
    name += plain ? c : '-';
  }
  // No hidden folder, and nothing that could be taken for an option.
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, "_");
  return fmt::format("{}-{:016x}.git", name, hash(url));
}

RepositoryCache::RepositoryCache(const std::string& cache_dir, const std::string& url,
                                 const Stop& stop, Kind kind)
    : url_(url) {
  if (cache_dir.empty()) {
    throw Error{Fault::kCacheUnusable, "there is no cache folder for remote repositories",
                "give --cache-dir, or set XDG_CACHE_HOME or HOME"};
  }
  fs::path folder = fs::absolute(cache_dir).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();  // a trailing slash
  const TrustedFolder trusted = trusted_folder(folder);
  fs::path clone = folder / cache_folder_name(url);
  if (kind == Kind::kPartial) clone.replace_extension(".partial");
  path_ = clone.string();
  new_path_ = path_ + ".new";
  lock_ = locked(trusted, path_ + ".lock", stop);
}

RepositoryCache::~RepositoryCache() {
  std::error_code ignored;
  fs::remove_all(new_path_, ignored);
  ::close(lock_);
}

bool RepositoryCache::usable() const {
  struct stat status {};
  const bool ours = ::lstat(path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
                    status.st_uid == ::geteuid();
  const auto clone = TrustedFolder::open(path_, TrustedFolder::Kind::kPrivate);
  if (!ours || std::holds_alternative<Untrusted>(clone)) return false;
  const auto url = std::get<TrustedFolder>(clone).read(kUrlFile, kLongestUrl);
  std::error_code failure;
  if (std::holds_alternative<Untrusted>(url) || std::get<std::string>(url) != url_ ||
      fs::exists(path_ + '/' + kDamagedFile, failure))
    return false;
  fs::directory_iterator packs(path_ + "/objects/pack", failure);
  if (failure) return false;
  return std::count_if(begin(packs), end(packs), [](const fs::directory_entry& entry) {
           return entry.path().extension() == ".pack";
         }) <= kMaxPacks;
}

std::string RepositoryCache::new_clone() {
  remove_folder(new_path_);
  make_private_folder(new_path_);
  return new_path_;
}

void RepositoryCache::adopt_new_clone() {
  std::ofstream url_file(new_path_ + '/' + kUrlFile, std::ios::binary);
  url_file << url_;
  url_file.close();
  if (!url_file) throw_unusable("write into", new_path_, EIO);
  // An exchange leaves no moment without a clone for those who read the old one.
  if (::renameat2(AT_FDCWD, new_path_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
    std::error_code ignored;
    fs::remove_all(new_path_, ignored);  // the old one now
    return;
  }
  // There was none, or the file system cannot exchange.
  remove_folder(path_);
  if (::rename(new_path_.c_str(), path_.c_str()) != 0) throw_unusable("replace", path_, errno);
}

void mark_damaged(const std::string& path) noexcept {
  const int fd = ::open((path + '/' + kDamagedFile).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

OpenRepository open_remote(const RepositoryLocation& location, const RemoteAccess& access,
                           const Stop& stop, const Log& log) {
  RepositoryCache cache(access.cache_dir, location.url, stop);
  std::unique_ptr<UploadPack> https;
  const auto start_conversation = [&] {
    https.reset();
    if (location.kind == RepositoryLocation::Kind::kHttps) {
      https = std::make_unique<UploadPack>(location, access, stop);
    }
  };
  start_conversation();
  if (cache.usable()) {
    try {
      const Fetched fetched =
          fetch(cache.path(), /*is_new=*/false, location, access, https.get(), stop);
      tell(fetched, location, log);
      OpenRepository known = open_clone(cache.path(), location.url);
      known.has_default_branch = fetched.has_default_branch;
      known.fetched = record_of(fetched);
      require_readable_tip(known);
      return known;
    } catch (const Error& error) {
      if (error.fault != Fault::kCacheUnusable) throw;
      // Only the clone is at fault: the remote has all of it.
      log.warning("the cached clone is made anew", {{"why", error.what()}});
    }
    start_conversation();
  }
  if (https) {
    const auto server = https->greet();
    if (server && PartialClone::possible(*server)) {
      auto partial =
          std::make_shared<PartialClone>(location, access, std::move(https), *server, stop, log);
      OpenRepository result = partial->open();
      result.partial = std::move(partial);
      return result;
    }
  }
  const std::string path = cache.new_clone();
  initialise_clone(path, location.url);
  const Fetched fetched = fetch(path, /*is_new=*/true, location, access, https.get(), stop);
  tell(fetched, location, log);
  {
    const OpenRepository made = open_clone(path, location.url);
    pack_references(made.repo.get());
    require_readable_tip(made);
  }
  cache.adopt_new_clone();
  OpenRepository result = open_clone(cache.path(), location.url);
  result.has_default_branch = fetched.has_default_branch;
  result.fetched = record_of(fetched);
  return result;
}

}  // namespace drift::migrations
