#include "migrations/git/file_history.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "drift/base/error.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

constexpr ObjectId kNone{};  // stands for "no such folder"; no object has this id

struct IdHash {
  std::size_t operator()(const ObjectId& id) const noexcept {
    std::size_t value;  // an id is a hash already
    std::memcpy(&value, id.data(), sizeof value);
    return value;
  }
};

[[noreturn]] void throw_damaged(const char* kind) {
  throw Error{Fault::kRepositoryUnreadable, std::string("a ") + kind + " in its history is damaged",
              "run `git fsck` in the repository"};
}

// ------------------------------------------------------------------------------------- commits

struct Commit {
  ObjectId tree{};
  std::vector<ObjectId> parents;
  std::int64_t time = 0;
};

ObjectId parse_id(std::string_view hex) {
  ObjectId id{};
  if (hex.size() != 2 * id.size()) throw_damaged("commit");
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char* digits = hex.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, id[i], 16).ptr != digits + 2) throw_damaged("commit");
  }
  return id;
}

Commit parse_commit(std::string_view raw) {
  Commit commit;
  bool has_tree = false;
  while (!raw.empty() && raw.front() != '\n') {
    const std::string_view line = raw.substr(0, raw.find('\n'));
    raw.remove_prefix(std::min(line.size() + 1, raw.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;  // inside a signature
    const std::string_view key = line.substr(0, space);
    const std::string_view value = line.substr(space + 1);
    if (key == "tree") {
      commit.tree = parse_id(value);
      has_tree = true;
    } else if (key == "parent") {
      commit.parents.push_back(parse_id(value));
    } else if (key == "committer") {
      // "NAME <MAIL> SECONDS ZONE". A broken time only costs precision in what "newest" means.
      const std::size_t mail_end = value.rfind("> ");
      if (mail_end != std::string_view::npos) {
        const std::string_view seconds = value.substr(mail_end + 2);
        std::from_chars(seconds.data(), seconds.data() + seconds.size(), commit.time);
      }
      break;
    }
  }
  if (!has_tree) throw_damaged("commit");
  return commit;
}

// --------------------------------------------------------------------------------------- trees

struct Entry {
  std::string_view name;
  bool is_folder = false;
  ObjectId id{};
};

// Takes the next "MODE NAME\0ID" off `raw`; false at the end.
bool next_entry(std::string_view& raw, Entry& entry) {
  if (raw.empty()) return false;
  const std::size_t space = raw.find(' ');
  const std::size_t end = raw.find('\0');
  if (space == std::string_view::npos || end == std::string_view::npos || end < space ||
      raw.size() - end - 1 < entry.id.size()) {
    throw_damaged("tree");
  }
  entry.is_folder = raw.front() == '4';  // 40000; files are 100644, links 120000, modules 160000
  entry.name = raw.substr(space + 1, end - space - 1);
  std::memcpy(entry.id.data(), raw.data() + end + 1, entry.id.size());
  raw.remove_prefix(end + 1 + entry.id.size());
  return true;
}

// git sorts a folder as though its name ended in '/'.
int compare(const Entry& a, const Entry& b) {
  const std::size_t common = std::min(a.name.size(), b.name.size());
  if (const int order = std::memcmp(a.name.data(), b.name.data(), common); order != 0) return order;
  const auto next = [common](const Entry& entry) -> int {
    if (entry.name.size() > common) return static_cast<unsigned char>(entry.name[common]);
    return entry.is_folder ? '/' : 0;
  };
  return next(a) - next(b);
}

bool has_name(std::string_view tree, std::string_view name) {
  Entry entry;
  while (next_entry(tree, entry)) {
    if (entry.name == name) return true;
  }
  return false;
}

// Names in `tree` that `parent` lacks. Both are sorted, and mostly equal.
std::vector<std::string_view> added_names(std::string_view tree, std::string_view parent) {
  std::vector<std::string_view> added;
  Entry mine;
  Entry theirs;
  bool more_theirs = next_entry(parent, theirs);
  while (next_entry(tree, mine)) {
    while (more_theirs && compare(theirs, mine) < 0) more_theirs = next_entry(parent, theirs);
    if (!more_theirs || compare(theirs, mine) != 0) added.push_back(mine.name);
  }
  return added;
}

// ---------------------------------------------------------------------------------------- walk

struct Folder {
  std::vector<std::string> components;
  // Names still looked for, with their places in the result.
  std::unordered_map<std::string_view, std::vector<std::size_t>> wanted;
  // Where a component leads from a tree that is not the root: most commits share those trees.
  std::vector<std::unordered_map<ObjectId, ObjectId, IdHash>> steps;
};

struct Node {
  std::int64_t time = 0;
  std::vector<ObjectId> parents;
  std::vector<ObjectId> folders;  // tree of each Folder, or kNone
};

class Walk {
 public:
  Walk(const std::vector<std::string>& paths, const ReadObject& read) : read_(read) {
    std::map<std::string_view, std::size_t> folder_of;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string_view path = paths[i];
      const std::string_view parent = parent_of(path);
      const auto [place, is_new] = folder_of.emplace(parent, folders_.size());
      if (is_new) folders_.push_back(make_folder(parent));
      folders_[place->second].wanted[base_name(path)].push_back(i);
      ++missing_;
    }
    result_.resize(paths.size());
  }

  std::vector<std::optional<ObjectId>> run(const ObjectId& tip, const Stop& stop) {
    if (missing_ > 0 && node(tip) != nullptr) enqueue(tip);
    for (std::size_t count = 0; !queue_.empty() && missing_ > 0; ++count) {
      if (count % 256 == 0) stop.check("looking for the commits that introduced the migrations");
      const ObjectId id = queue_.top().id;
      queue_.pop();
      visit(id);
    }
    return std::move(result_);
  }

 private:
  struct Queued {
    std::int64_t time;
    std::size_t order;
    ObjectId id;
    bool operator<(const Queued& other) const {
      // The newest first; of one second, the one found first.
      return time != other.time ? time < other.time : order > other.order;
    }
  };

  static Folder make_folder(std::string_view path) {
    Folder folder;
    while (!path.empty()) {
      const std::string_view component = path.substr(0, path.find('/'));
      folder.components.emplace_back(component);
      path.remove_prefix(std::min(component.size() + 1, path.size()));
    }
    folder.steps.resize(folder.components.size());
    return folder;
  }

  // The commit, read once; null where the repository does not have it.
  const Node* node(const ObjectId& id) {
    if (const auto known = nodes_.find(id); known != nodes_.end()) return &known->second;
    const std::optional<std::string> raw = read_(id);
    if (!raw) return nullptr;
    Commit commit = parse_commit(*raw);
    Node node;
    node.time = commit.time;
    node.parents = std::move(commit.parents);
    std::string root;  // read once for all folders
    for (Folder& folder : folders_) {
      node.folders.push_back(folder.components.empty() ? commit.tree
                                                       : resolve(folder, commit.tree, root));
    }
    return &nodes_.emplace(id, std::move(node)).first->second;
  }

  ObjectId resolve(Folder& folder, const ObjectId& root_id, std::string& root) {
    if (root.empty()) root = read_tree(root_id);
    ObjectId id = child(root, folder.components.front());
    for (std::size_t depth = 1; depth < folder.components.size() && id != kNone; ++depth) {
      const auto [step, is_new] = folder.steps[depth].emplace(id, kNone);
      if (is_new) step->second = child(read_tree(id), folder.components[depth]);
      id = step->second;
    }
    return id;
  }

  static ObjectId child(std::string_view tree, std::string_view name) {
    Entry entry;
    while (next_entry(tree, entry)) {
      if (entry.name == name) return entry.is_folder ? entry.id : kNone;
    }
    return kNone;
  }

  std::string read_tree(const ObjectId& id) {
    if (id == kNone) return {};
    std::optional<std::string> raw = read_(id);
    // A commit without its tree is damage, unlike a commit without its parents.
    if (!raw) {
      throw Error{Fault::kRepositoryUnreadable, "a tree in its history is missing",
                  "run `git fsck` in the repository; a partial clone lacks what it was told to "
                  "leave out"};
    }
    return std::move(*raw);
  }

  // The trees of a folder: a parent's is the next commit's, so a few are kept.
  std::shared_ptr<const std::string> folder_tree(const ObjectId& id) {
    for (const auto& [known, tree] : recent_) {
      if (tree && known == id) return tree;
    }
    auto tree = std::make_shared<const std::string>(read_tree(id));
    recent_[next_recent_] = {id, tree};
    next_recent_ = (next_recent_ + 1) % recent_.size();
    return tree;
  }

  void enqueue(const ObjectId& id) {
    Node& found = nodes_.at(id);
    queue_.push({found.time, order_++, id});
  }

  void visit(const ObjectId& id) {
    if (!visited_.emplace(id, true).second) return;
    const Node& current = *node(id);  // stays where it is while the table grows
    std::vector<const Node*> parents;
    for (const ObjectId& id_of_parent : current.parents) {
      const Node* parent = node(id_of_parent);
      if (parent == nullptr) continue;
      parents.push_back(parent);
      if (!visited_.contains(id_of_parent)) enqueue(id_of_parent);
    }
    if (parents.size() == current.parents.size()) {
      for (std::size_t i = 0; i < folders_.size(); ++i) look_in(id, i, current, parents);
    }
    // Its children are done with it, but where clocks ran backwards; then it is read again.
    nodes_.erase(id);
  }

  void look_in(const ObjectId& id, std::size_t index, const Node& commit,
               const std::vector<const Node*>& parents) {
    Folder& folder = folders_[index];
    const ObjectId& tree_id = commit.folders[index];
    if (tree_id == kNone || folder.wanted.empty()) return;
    std::vector<ObjectId> parent_ids;
    for (const Node* parent : parents) {
      if (parent->folders[index] == tree_id) return;  // nothing new in a folder that is the same
      parent_ids.push_back(parent->folders[index]);
    }
    const std::shared_ptr<const std::string> tree = folder_tree(tree_id);
    const ObjectId& first_parent = parent_ids.empty() ? kNone : parent_ids.front();
    for (const std::string_view name : added_names(*tree, *folder_tree(first_parent))) {
      const auto wanted = folder.wanted.find(name);
      if (wanted == folder.wanted.end()) continue;
      const bool elsewhere =
          std::any_of(parent_ids.begin() + (parent_ids.empty() ? 0 : 1), parent_ids.end(),
                      [&](const ObjectId& parent) { return has_name(*folder_tree(parent), name); });
      if (elsewhere) continue;
      for (const std::size_t place : wanted->second) result_[place] = id;
      missing_ -= wanted->second.size();
      folder.wanted.erase(wanted);
    }
  }

  const ReadObject& read_;
  std::vector<Folder> folders_;
  std::unordered_map<ObjectId, Node, IdHash> nodes_;
  std::unordered_map<ObjectId, bool, IdHash> visited_;
  std::priority_queue<Queued> queue_;
  std::size_t order_ = 0;
  std::array<std::pair<ObjectId, std::shared_ptr<const std::string>>, 4> recent_;
  std::size_t next_recent_ = 0;
  std::vector<std::optional<ObjectId>> result_;
  std::size_t missing_ = 0;
};

}  // namespace

std::vector<std::optional<ObjectId>> introducing_commits(const ObjectId& tip,
                                                         const std::vector<std::string>& paths,
                                                         const ReadObject& read, const Stop& stop) {
  return Walk(paths, read).run(tip, stop);
}

}  // namespace drift::migrations
