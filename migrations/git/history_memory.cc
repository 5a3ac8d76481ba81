#include "migrations/git/history_memory.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "migrations/git/object.h"

namespace drift::migrations {
namespace {

// Raise the number where the form changes, or where what is learnt of an object does.
constexpr std::string_view kHeader = "schema-drift history 1, of " SCHEMA_DRIFT_VERSION "\n";
constexpr std::uint32_t kNotKnown = 0xffffffff;

struct Unreadable {};

std::size_t bytes_of(const FileChange& change) { return sizeof change + change.path.size(); }

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  // The least significant byte first.
  void number(std::uint64_t value, int bytes = 4) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void id(const ObjectId& id) { out_.append(reinterpret_cast<const char*>(id.data()), id.size()); }
  void ids(const std::vector<ObjectId>& all) {
    number(all.size());
    for (const ObjectId& one : all) id(one);
  }
  void text(std::string_view text) {
    number(text.size());
    out_ += text;
  }
  void texts(const std::vector<std::string>& all) {
    number(all.size());
    for (const std::string& one : all) text(one);
  }

 private:
  std::string& out_;
};

// Whoever wrote the bytes: no count leads further than they go.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(int bytes = 4) {
    const std::string_view taken = take(static_cast<std::size_t>(bytes));
    std::uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }
  // Of things that take `least` bytes each.
  std::size_t count(std::size_t least) {
    const std::uint64_t value = number();
    if (value > rest_.size() / least) throw Unreadable();
    return static_cast<std::size_t>(value);
  }
  ObjectId id() {
    ObjectId id;
    std::memcpy(id.data(), take(id.size()).data(), id.size());
    return id;
  }
  std::vector<ObjectId> ids() {
    std::vector<ObjectId> all(count(sizeof(ObjectId)));
    for (ObjectId& one : all) one = id();
    return all;
  }
  std::string text() { return std::string(take(count(1))); }
  std::vector<std::string> texts() {
    std::vector<std::string> all(count(4));
    for (std::string& one : all) one = text();
    return all;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw Unreadable();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
};

}  // namespace

std::size_t HistoryMemory::list_of(const std::vector<std::string>& folders) {
  const auto known = std::find_if(lists_.begin(), lists_.end(),
                                  [&](const List& list) { return list.folders == folders; });
  if (known != lists_.end()) return static_cast<std::size_t>(known - lists_.begin());
  lists_.emplace_back().folders = folders;
  return lists_.size() - 1;
}

std::optional<HistoryMemory::KnownCommit> HistoryMemory::commit(const ObjectId& id,
                                                                std::size_t list) const {
  const auto place = place_of_.find(id);
  if (place == place_of_.end()) return std::nullopt;
  const List& in = lists_[list];
  if (place->second >= in.state_of.size()) return std::nullopt;
  const std::uint32_t state = in.state_of[place->second];
  if (state == kNotKnown) return std::nullopt;
  const Commit& commit = commits_[place->second];
  return KnownCommit{commit.time, &commit.parents, &in.states[state]};
}

void HistoryMemory::learn_commit(const ObjectId& id, std::size_t list, const RawCommit& commit,
                                 const std::vector<ObjectId>& state) {
  const auto [place, is_new] = place_of_.emplace(id, static_cast<std::uint32_t>(commits_.size()));
  if (is_new) commits_.push_back({id, commit.time, commit.parents});
  List& in = lists_[list];
  if (in.state_of.size() <= place->second) in.state_of.resize(place->second + 1, kNotKnown);
  in.state_of[place->second] = state_in(in, state);
  ++learnt_;
}

std::uint32_t HistoryMemory::state_in(List& list, const std::vector<ObjectId>& state) {
  const auto [place, is_new] =
      list.place.emplace(state, static_cast<std::uint32_t>(list.states.size()));
  if (is_new) list.states.push_back(state);
  return place->second;
}

const std::vector<FileChange>* HistoryMemory::changes(const ObjectId& before, const ObjectId& after,
                                                      bool recursive) const {
  const auto known = changes_.find({before, after, recursive});
  return known == changes_.end() ? nullptr : &known->second;
}

void HistoryMemory::learn_changes(const ObjectId& before, const ObjectId& after, bool recursive,
                                  std::vector<FileChange> changes) {
  std::size_t bytes = 0;
  for (const FileChange& change : changes) bytes += bytes_of(change);
  if (bytes > kMostChangedBytes - changed_bytes_) return;
  if (!changes_.try_emplace({before, after, recursive}, std::move(changes)).second) return;
  changed_bytes_ += bytes;
  ++learnt_;
}

const std::string* HistoryMemory::revision(const ObjectId& blob, std::string_view name) const {
  const auto known = revisions_.find({blob, std::string(name)});
  return known == revisions_.end() ? nullptr : &known->second;
}

void HistoryMemory::learn_revision(const ObjectId& blob, std::string_view name, std::string id) {
  ++learnt_;
  revisions_.insert_or_assign({blob, std::string(name)}, std::move(id));
}

const std::vector<std::string>* HistoryMemory::folders(const ObjectId& commit,
                                                       const std::string& settings) const {
  const auto known = folders_.find({commit, settings});
  return known == folders_.end() ? nullptr : &known->second;
}

void HistoryMemory::learn_folders(const ObjectId& commit, const std::string& settings,
                                  std::vector<std::string> folders) {
  ++learnt_;
  folders_.insert_or_assign({commit, settings}, std::move(folders));
}

// The header, the hash of the body, the body.
std::string HistoryMemory::stored() const {
  std::string body;
  Writer out(body);
  out.number(commits_.size());
  for (const Commit& commit : commits_) {
    out.id(commit.id);
    out.number(static_cast<std::uint64_t>(commit.time), 8);
    out.ids(commit.parents);
  }
  out.number(lists_.size());
  for (const List& list : lists_) {
    out.texts(list.folders);
    out.number(list.states.size());
    for (const auto& state : list.states) out.ids(state);
    out.number(list.state_of.size());
    for (const std::uint32_t state : list.state_of) out.number(state);
  }
  out.number(changes_.size());
  for (const auto& [key, changes] : changes_) {
    const auto& [before, after, recursive] = key;
    out.id(before);
    out.id(after);
    out.number(recursive ? 1 : 0, 1);
    out.number(changes.size());
    for (const FileChange& change : changes) {
      out.text(change.path);
      out.number((change.before ? 1 : 0) + (change.after ? 2 : 0) + (change.becomes_link ? 4 : 0),
                 1);
      if (change.before) out.id(*change.before);
      if (change.after) out.id(*change.after);
    }
  }
  out.number(revisions_.size());
  for (const auto& [key, id] : revisions_) {
    out.id(key.first);
    out.text(key.second);
    out.text(id);
  }
  out.number(folders_.size());
  for (const auto& [key, folders] : folders_) {
    out.id(key.first);
    out.text(key.second);
    out.texts(folders);
  }
  std::string bytes(kHeader);
  Writer(bytes).id(object_hash("blob", body));
  return bytes + body;
}

bool HistoryMemory::restore(std::string_view bytes) {
  *this = HistoryMemory();
  if (!bytes.starts_with(kHeader)) return false;
  bytes.remove_prefix(kHeader.size());
  try {
    Reader in(bytes);
    const ObjectId hash = in.id();
    bytes.remove_prefix(hash.size());
    if (object_hash("blob", bytes) != hash) return false;
    restore_from(bytes);
    return true;
  } catch (const Unreadable&) {
    *this = HistoryMemory();
    return false;
  }
}

void HistoryMemory::restore_from(std::string_view body) {
  constexpr std::size_t kId = sizeof(ObjectId);
  Reader in(body);
  commits_.resize(in.count(kId + 12));
  place_of_.reserve(commits_.size());
  for (std::uint32_t i = 0; i < commits_.size(); ++i) {
    Commit& commit = commits_[i];
    commit.id = in.id();
    commit.time = static_cast<std::int64_t>(in.number(8));
    commit.parents = in.ids();
    place_of_.emplace(commit.id, i);
  }
  lists_.resize(in.count(12));
  for (List& list : lists_) {
    list.folders = in.texts();
    list.states.resize(in.count(4));
    for (std::uint32_t i = 0; i < list.states.size(); ++i) {
      list.states[i] = in.ids();
      if (list.states[i].size() != list.folders.size()) throw Unreadable();
      list.place.emplace(list.states[i], i);
    }
    list.state_of.resize(in.count(4));
    for (std::uint32_t& state : list.state_of) {
      state = static_cast<std::uint32_t>(in.number());
      if (state != kNotKnown && state >= list.states.size()) throw Unreadable();
    }
  }
  for (std::size_t left = in.count(2 * kId + 5); left > 0; --left) {
    const ObjectId before = in.id(), after = in.id();
    const bool recursive = in.number(1) != 0;
    std::vector<FileChange> changes(in.count(5));
    for (FileChange& change : changes) {
      change.path = in.text();
      const std::uint64_t flags = in.number(1);
      if ((flags & 1) != 0) change.before = in.id();
      if ((flags & 2) != 0) change.after = in.id();
      change.becomes_link = (flags & 4) != 0;
      changed_bytes_ += bytes_of(change);
    }
    changes_.emplace_hint(changes_.end(), Difference{before, after, recursive}, std::move(changes));
  }
  if (changed_bytes_ > kMostChangedBytes) throw Unreadable();
  for (std::size_t left = in.count(kId + 8); left > 0; --left) {
    const ObjectId blob = in.id();
    std::string name = in.text();
    revisions_.emplace_hint(revisions_.end(), std::pair(blob, std::move(name)), in.text());
  }
  for (std::size_t left = in.count(kId + 8); left > 0; --left) {
    const ObjectId commit = in.id();
    std::string settings = in.text();
    folders_.emplace_hint(folders_.end(), std::pair(commit, std::move(settings)), in.texts());
  }
  if (!in.at_end()) throw Unreadable();
}

}  // namespace drift::migrations
