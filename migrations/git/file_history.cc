#include "migrations/git/file_history.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "migrations/git/raw_object.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

bool has_name(std::string_view tree, std::string_view name) {
  RawEntry entry;
  while (next_entry(tree, entry)) {
    if (entry.name == name) return true;
  }
  return false;
}

// Names in `tree` that `parent` lacks. Both are sorted, and mostly equal.
std::vector<std::string_view> added_names(std::string_view tree, std::string_view parent) {
  std::vector<std::string_view> added;
  RawEntry mine;
  RawEntry theirs;
  bool more_theirs = next_entry(parent, theirs);
  while (next_entry(tree, mine)) {
    while (more_theirs && compare(theirs, mine) < 0) more_theirs = next_entry(parent, theirs);
    if (!more_theirs || compare(theirs, mine) != 0) added.push_back(mine.name);
  }
  return added;
}

// ---------------------------------------------------------------------------------------- walk

// Names still looked for in one folder, with their places in the result.
using Wanted = std::unordered_map<std::string_view, std::vector<std::size_t>>;

struct Node {
  std::int64_t time = 0;
  std::vector<ObjectId> parents;
  std::vector<ObjectId> folders;  // tree of each, or kNoTree
};

class Walk {
 public:
  Walk(const std::vector<std::string>& paths, const ReadObject& read) : read_(read) {
    std::map<std::string_view, std::size_t> folder_of;
    std::vector<std::string> folders;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string_view path = paths[i];
      const std::string_view parent = parent_of(path);
      const auto [place, is_new] = folder_of.emplace(parent, folders.size());
      if (is_new) {
        folders.emplace_back(parent);
        wanted_.emplace_back();
      }
      wanted_[place->second][base_name(path)].push_back(i);
      ++missing_;
    }
    trees_.emplace(folders, read);
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

  // The commit, read once; null where the repository does not have it.
  const Node* node(const ObjectId& id) {
    if (const auto known = nodes_.find(id); known != nodes_.end()) return &known->second;
    const std::optional<std::string> raw = read_(id);
    if (!raw) return nullptr;
    RawCommit commit = parse_commit(*raw);
    Node node;
    node.time = commit.time;
    node.parents = std::move(commit.parents);
    node.folders = trees_->below(commit.tree);
    return &nodes_.emplace(id, std::move(node)).first->second;
  }

  // The trees of a folder: a parent's is the next commit's, so a few are kept.
  std::shared_ptr<const std::string> folder_tree(const ObjectId& id) {
    for (const auto& [known, tree] : recent_) {
      if (tree && known == id) return tree;
    }
    auto tree = std::make_shared<const std::string>(read_tree(id, read_));
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
      for (std::size_t i = 0; i < wanted_.size(); ++i) look_in(id, i, current, parents);
    }
    // Its children are done with it, but where clocks ran backwards; then it is read again.
    nodes_.erase(id);
  }

  void look_in(const ObjectId& id, std::size_t index, const Node& commit,
               const std::vector<const Node*>& parents) {
    Wanted& names = wanted_[index];
    const ObjectId& tree_id = commit.folders[index];
    if (tree_id == kNoTree || names.empty()) return;
    std::vector<ObjectId> parent_ids;
    for (const Node* parent : parents) {
      if (parent->folders[index] == tree_id) return;  // nothing new in a folder that is the same
      parent_ids.push_back(parent->folders[index]);
    }
    const std::shared_ptr<const std::string> tree = folder_tree(tree_id);
    const ObjectId& first_parent = parent_ids.empty() ? kNoTree : parent_ids.front();
    for (const std::string_view name : added_names(*tree, *folder_tree(first_parent))) {
      const auto wanted = names.find(name);
      if (wanted == names.end()) continue;
      const bool elsewhere =
          std::any_of(parent_ids.begin() + (parent_ids.empty() ? 0 : 1), parent_ids.end(),
                      [&](const ObjectId& parent) { return has_name(*folder_tree(parent), name); });
      if (elsewhere) continue;
      for (const std::size_t place : wanted->second) result_[place] = id;
      missing_ -= wanted->second.size();
      names.erase(wanted);
    }
  }

  const ReadObject& read_;
  std::optional<FolderTrees> trees_;
  std::vector<Wanted> wanted_;  // of each folder
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
