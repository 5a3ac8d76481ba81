#include "migrations/git/partial_clone.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "migrations/git/clone.h"
#include "migrations/git/pack_writer.h"
#include "migrations/git/raw_object.h"
#include "migrations/git/remote_refs.h"

namespace drift::migrations {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of ours inside the store, beside git's own "shallow": commits all of whose trees are here.
constexpr const char* kKnownFile = "/schema-drift-commits";
constexpr const char* kShallowFile = "/shallow";

// The newest tell a server as much as all would; a history has more tips.
constexpr std::size_t kMostHaves = 64;
constexpr std::size_t kMostKnown = 4096;

// No tree is this large, and no file that is read. What comes without a filter may hold anything.
PackLimits limits_of(bool chosen_files, bool without_files) {
  constexpr std::uint64_t kLargest = 64u << 20;
  PackLimits limits;
  if (chosen_files || without_files) limits.most_from_delta = kLargest;
  if (without_files) limits.most_stored = kLargest;
  return limits;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

bool PartialClone::possible(const Capabilities& server) {
  return server.lists_refs && server.fetches && server.shallow;
}

PartialClone::PartialClone(const RepositoryLocation& location, const RemoteAccess& access,
                           std::unique_ptr<UploadPack> remote, const Capabilities& server,
                           const Stop& stop, const Log& log)
    : location_(location),
      access_(access),
      remote_(std::move(remote)),
      server_(server),
      filtered_(server.filter),
      stop_(stop),
      log_(log) {
  if (server.object_format != "sha1") {
    throw Error{Fault::kUnsupported,
                fmt::format("{} names its objects by {}, which is not supported", location_.url,
                            server.object_format == "sha256" ? "SHA-256" : "another hash"),
                "read a SHA-1 repository"};
  }
  RepositoryCache cache = locked();
  path_ = cache.path();
  if (cache.usable()) {
    remove_unfinished_packs(path_);
  } else {
    make_store(cache);
  }
  read_state();
}

RepositoryCache PartialClone::locked() const {
  return RepositoryCache(access_.cache_dir, location_.url, stop_, RepositoryCache::Kind::kPartial);
}

// An empty store is one that has nothing yet.
void PartialClone::make_store(RepositoryCache& cache) const {
  initialise_clone(cache.new_clone(), location_.url);
  cache.adopt_new_clone();
}

Error PartialClone::damaged() const {
  return Error{
      Fault::kCacheUnusable,
      fmt::format("what the cache holds of {} is damaged: {}", location_.url, last_message()),
      "run it again: it is made anew", true};
}

void PartialClone::start_anew() {
  log_.warning("the cached clone is made anew", {{"why", "it is damaged"}});
  RepositoryCache cache = locked();
  make_store(cache);
  odb_ = nullptr;
  repo_ = nullptr;
  read_state();
}

OpenRepository PartialClone::open() {
  OpenRepository result = open_clone(path_, location_.url);
  odb_ = result.odb.get();
  repo_ = result.repo.get();
  return result;
}

// ---------------------------------------------------------------------------------------- state

void PartialClone::read_state() {
  known_.clear();
  shallow_.clear();
  for (const std::string& line : lines_of(path_ + kKnownFile)) {
    if (const auto id = id_from_hex(std::string_view(line).substr(0, 40))) {
      known_.push_back({*id, line.ends_with(" whole")});
    }
  }
  for (const std::string& line : lines_of(path_ + kShallowFile)) {
    if (const auto id = id_from_hex(line)) shallow_.push_back(*id);
  }
}

// Each file takes the place of the old one in one step; who reads them between the two knows less
// than there is, or names as shallow what is not, and both only cost bytes.
void PartialClone::write_state() const {
  const auto replace = [&](const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    std::error_code failure;
    if (file) std::filesystem::rename(fresh, path, failure);
    if (file && !failure) return;
    throw Error{Fault::kCacheUnusable, fmt::format("cannot write {}", path),
                "--cache-dir names a folder that this user may write, on a disk with room for a "
                "bare clone"};
  };
  std::string known, shallow;
  for (const Known& one : known_) known += hex_of(one.id) + (one.whole ? " whole\n" : "\n");
  for (const ObjectId& id : shallow_) shallow += hex_of(id) + '\n';
  // libgit2 and git take an empty file for that of a shallow clone, or say that it is damaged.
  if (shallow.empty()) {
    std::error_code ignored;
    std::filesystem::remove(path_ + kShallowFile, ignored);
  } else {
    replace(path_ + kShallowFile, shallow);
  }
  replace(path_ + kKnownFile, known);
}

bool PartialClone::has(const ObjectId& id) const {
  const git_oid oid = oid_of(id);
  return git_odb_exists_ext(odb_, &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

bool PartialClone::knows(const ObjectId& commit) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& one) {
    return one.id == commit && (filtered_ || one.whole);
  });
}

bool PartialClone::reads(const ObjectId& commit) const {
  const git_oid oid = oid_of(commit);
  git_odb_object* raw = nullptr;
  if (git_odb_read(&raw, odb_, &oid) != 0) return false;
  const OdbObject object(raw);
  if (git_odb_object_type(raw) != GIT_OBJECT_COMMIT) return true;
  const std::string_view text(static_cast<const char*>(git_odb_object_data(raw)),
                              git_odb_object_size(raw));
  const git_oid tree = oid_of(parse_commit(text).tree);
  git_odb_object* raw_tree = nullptr;
  const int code = git_odb_read(&raw_tree, odb_, &tree);
  git_odb_object_free(raw_tree);
  return code == 0;
}

bool PartialClone::resolves(const std::string& expression) const {
  git_object* raw = nullptr;
  const int code = git_revparse_single(&raw, repo_, expression.c_str());
  git_object_free(raw);
  return code == 0;
}

// ----------------------------------------------------------------------------------------- refs

const std::vector<RemoteRef>& PartialClone::all_refs() {
  if (!refs_) refs_ = remote_->refs({"HEAD", "refs/heads/", "refs/tags/"});
  return *refs_;
}

std::vector<RefTip> PartialClone::tips() { return tips_among(all_refs()); }

std::vector<std::string> PartialClone::names() {
  std::vector<std::string> result;
  for (const RefTip& tip : tips()) result.push_back(tip.name);
  return result;
}

std::optional<std::string> PartialClone::expression_for(std::string_view given) {
  const std::string_view ref = given.empty() ? "HEAD" : given;
  const std::string_view base = base_of(ref);
  const std::string_view rest = ref.substr(base.size());
  std::optional<ObjectId> commit = id_from_hex(base);
  if (const std::vector<std::string> prefixes = candidates(base); !commit && !prefixes.empty()) {
    const std::vector<RemoteRef> refs = refs_ ? *refs_ : remote_->refs(prefixes);
    const RemoteRef* found = meant(base, refs);
    if (found != nullptr && base == "HEAD" && !found->symref) {
      // A clone has branches alone: one of them must be where a HEAD without a name is.
      const std::vector<RefTip> all = tips();
      const bool is_branch = std::any_of(all.begin(), all.end(), [&](const RefTip& tip) {
        return tip.kind == RefTip::Kind::kBranch && tip.commit == *found->tip();
      });
      if (!is_branch) found = nullptr;
    }
    if (found != nullptr) commit = found->tip();
  }
  if (commit) {
    const bool is_id = id_from_hex(base).has_value();
    if (!need_commits({*commit})) {
      if (is_id) return std::nullopt;
      throw refused();
    }
    if (!has(*commit)) {
      throw bad_answer(location_, "its server does not send the commit that was asked for", false);
    }
    if (!reads(*commit)) throw damaged();
    const std::string expression = hex_of(*commit) + std::string(rest);
    // Parents that are here are the right ones, however much of the history is missing.
    if (!rest.empty() && !resolves(expression)) need_history(*commit, /*of_all_refs=*/false);
    return expression;
  }
  constexpr std::size_t kShortestId = 4;
  const bool is_short_id =
      base.size() >= kShortestId && base.size() < 40 &&
      std::all_of(base.begin(), base.end(), [](char c) { return hex_digit(c) >= 0; });
  if (!is_short_id || all_refs().empty()) return std::nullopt;
  need_history(*all_refs().front().tip(), /*of_all_refs=*/true);
  return std::string(ref);
}

// ------------------------------------------------------------------------------------- fetching

FetchRequest PartialClone::request_for(const std::vector<ObjectId>& commits) const {
  FetchRequest request;
  request.wants = commits;
  request.without_blobs = filtered_;
  request.shallow = shallow_;
  for (auto one = known_.rbegin(); one != known_.rend(); ++one) {
    if (request.haves.size() >= kMostHaves) break;
    // Who is told that we have a commit takes its files to be here as well.
    if (filtered_ || one->whole) request.haves.push_back(one->id);
  }
  return request;
}

UploadPack::Outcome PartialClone::fetch(const FetchRequest& request, What what,
                                        std::uint64_t most_bytes) {
  const RepositoryCache cache = locked();
  const std::uint64_t before = remote_->reception().bytes();
  PackWriter writer(path_, location_, limits_of(what == What::kFiles, request.without_blobs),
                    stop_);
  UploadPack::Outcome outcome =
      remote_->fetch(request, most_bytes, [&](std::string_view bytes) { writer.take(bytes); });
  ++fetches_;
  std::uint32_t objects = 0;
  if (outcome.end == UploadPack::Outcome::End::kWhole) {
    // A run that is killed in between has named as shallow what is not here, which changes nothing;
    // the other way round history would end where nobody knew that it does.
    if (what == What::kCommits) note_shallow(outcome.shallow);
    objects = writer.finish();
    git_odb_refresh(odb_);
    if (what == What::kCommits) accept(request, outcome);
  }
  log_.info("fetched", {{"repository", location_.url},
                        {"how", filtered_ ? "filtered" : "shallow"},
                        {"objects", std::to_string(objects)},
                        {"bytes", std::to_string(remote_->reception().bytes() - before)}});
  return outcome;
}

// Another run may have written since we read.
void PartialClone::note_shallow(const std::vector<ObjectId>& commits) {
  read_state();
  std::set<ObjectId> shallow(shallow_.begin(), shallow_.end());
  shallow.insert(commits.begin(), commits.end());
  shallow_.assign(shallow.begin(), shallow.end());
  write_state();
}

// Writes down which commits came, under the lock under which `note_shallow` was called.
void PartialClone::accept(const FetchRequest& request, const UploadPack::Outcome& outcome) {
  const std::set<ObjectId> whole(outcome.unshallow.begin(), outcome.unshallow.end());
  std::erase_if(shallow_, [&](const ObjectId& id) { return whole.contains(id); });
  for (const ObjectId& id : request.wants) {
    if (!has(id)) continue;
    const bool was_whole = std::any_of(known_.begin(), known_.end(),
                                       [&](const Known& one) { return one.id == id && one.whole; });
    std::erase_if(known_, [&](const Known& one) { return one.id == id; });
    known_.push_back({id, was_whole || !request.without_blobs});
  }
  if (known_.size() > kMostKnown) known_.erase(known_.begin(), known_.end() - kMostKnown);
  write_state();
}

Error PartialClone::refused() const {
  return remote_failure(location_, remote_->credentials(), "its server says: " + refusal_);
}

bool PartialClone::fetch_commits(const FetchRequest& request) {
  const UploadPack::Outcome outcome = fetch(request, What::kCommits, kNoLimit);
  refusal_ = outcome.refusal;
  return outcome.end == UploadPack::Outcome::End::kWhole;
}

bool PartialClone::need_commits(const std::vector<ObjectId>& commits) {
  std::vector<ObjectId> missing;
  for (const ObjectId& id : commits) {
    asked_.push_back(id);
    if (!has(id)) {
      missing.push_back(id);
      if (!knows(id)) continue;
      known_.clear();  // a pack is gone: nothing is certain to be here
      shallow_.clear();
    } else if (!filtered_ && !history_is_here_ && !knows(id)) {
      missing.push_back(id);  // its files did not come with it
    }
  }
  if (missing.empty()) return true;
  FetchRequest request = request_for(missing);
  request.depth = 1;
  return fetch_commits(request);
}

void PartialClone::need_files(const std::vector<ObjectId>& ids) {
  FetchRequest request;
  std::set<ObjectId> seen;
  for (const ObjectId& id : ids) {
    if (!has(id) && seen.insert(id).second) request.wants.push_back(id);
  }
  if (request.wants.empty()) return;
  const UploadPack::Outcome outcome = fetch(request, What::kFiles, kNoLimit);
  if (outcome.end == UploadPack::Outcome::End::kWhole) return;
  refusal_ = outcome.refusal;
  if (!filtered_) throw refused();
  // It gives no objects by their ids: then all files of what was asked for, as without a filter.
  log_.warning("the server gives no files by their ids",
               {{"repository", location_.url}, {"says", outcome.refusal}});
  filtered_ = false;
  const std::vector<ObjectId> commits = std::exchange(asked_, {});
  if (history_of_) {
    history_is_here_ = false;
    need_history(history_of_->first, history_of_->second);
  } else if (!need_commits(commits)) {
    throw refused();
  }
}

bool PartialClone::deepen(const ObjectId& commit, TimePoint since) {
  if (shallow_.empty()) return true;
  FetchRequest request = request_for({commit});
  request.since =
      std::chrono::duration_cast<std::chrono::seconds>(since.time_since_epoch()).count();
  if (*request.since <= 0) {
    request.since.reset();
    request.depth = kInfiniteDepth;
  }
  const std::uint64_t most = access_.max_history_bytes;
  const std::uint64_t left = most - std::min(most, history_bytes_);
  if (left == 0) return false;
  const std::uint64_t before = remote_->reception().bytes();
  const UploadPack::Outcome outcome = fetch(request, What::kCommits, left);
  history_bytes_ += remote_->reception().bytes() - before;
  // A refusal says that no commit is as new: what is here stays as it is.
  return outcome.end != UploadPack::Outcome::End::kOverBudget;
}

void PartialClone::need_history(const ObjectId& commit, bool of_all_refs) {
  std::vector<ObjectId> wants = {commit};
  if (of_all_refs) {
    for (const RefTip& tip : tips()) wants.push_back(tip.commit);
  }
  std::set<ObjectId> once(wants.begin(), wants.end());
  if (shallow_.empty()) {
    std::erase_if(once, [&](const ObjectId& id) {
      return filtered_ ? has(id) : history_is_here_ || knows(id);
    });
  }
  if (once.empty()) return;
  FetchRequest request = request_for({once.begin(), once.end()});
  if (!shallow_.empty() || !filtered_) request.depth = kInfiniteDepth;
  if (!fetch_commits(request)) throw refused();
  history_of_ = {commit, of_all_refs};
  history_is_here_ = true;
}

FetchRecord PartialClone::record() const {
  const char* how = fetches_ == 0 ? "cached" : filtered_ ? "filtered" : "shallow";
  return {how, remote_->reception().bytes(), remote_->https().requests()};
}

}  // namespace drift::migrations
