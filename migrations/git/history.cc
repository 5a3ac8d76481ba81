#include "migrations/git/history.h"

#include <map>
#include <queue>
#include <utility>

#include "migrations/git/history_memory.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

constexpr const char* kDoing = "looking through the history of the migrations";

// Commits in the order in which they were met.
class Reading {
 public:
  Reading(const std::vector<std::string>& folders, const ReadObject& read,
          const std::function<bool(const ObjectId&)>& has, HistoryMemory& memory, const Stop& stop)
      : read_(read),
        has_(has),
        memory_(memory),
        list_(memory.list_of(folders)),
        stop_(stop),
        trees_(folders, read) {
    states_.emplace_back(folders.size(), kNoTree);
    state_of_.emplace(states_.front(), 0);
  }

  History run(const std::vector<ObjectId>& tips) {
    for (const ObjectId& tip : tips) add(tip);
    // The newest first, as packs have them: what one object is stored as a difference from was
    // read right before.
    for (std::size_t count = 0; !waiting_.empty(); ++count) {
      if (count % 256 == 0) stop_.check(kDoing);
      const History::Index next = waiting_.top().second;
      waiting_.pop();
      // `add` moves what is in met_.
      const std::vector<ObjectId> ids = std::exchange(met_[next].parent_ids, {});
      std::vector<History::Index> parents;
      for (const ObjectId& id : ids) {
        if (const auto parent = add(id)) parents.push_back(*parent);
      }
      met_[next].complete = parents.size() == ids.size();
      for (const History::Index parent : parents) ++met_[parent].children;
      met_[next].parents = std::move(parents);
    }
    return ordered();
  }

 private:
  struct Met {
    ObjectId id{};
    std::int64_t time = 0;
    std::uint32_t state = 0;
    std::uint32_t children = 0;
    bool complete = true;
    std::vector<ObjectId> parent_ids;  // until they are met
    std::vector<History::Index> parents;
  };

  std::optional<History::Index> add(const ObjectId& id) {
    const auto [place, is_new] = index_of_.emplace(id, met_.size());
    if (!is_new) return place->second;
    if (const auto known = memory_.commit(id, list_); known && has_(id)) {
      return met(id, known->time, *known->parents, *known->state);
    }
    const std::optional<std::string> raw = read_(id);
    if (!raw) {
      index_of_.erase(place);
      return std::nullopt;
    }
    const RawCommit commit = parse_commit(*raw);
    const std::vector<ObjectId> state = trees_.below(commit.tree);
    memory_.learn_commit(id, list_, commit, state);
    return met(id, commit.time, commit.parents, state);
  }

  History::Index met(const ObjectId& id, std::int64_t time, const std::vector<ObjectId>& parents,
                     const std::vector<ObjectId>& trees) {
    const auto [state, is_new] =
        state_of_.emplace(trees, static_cast<std::uint32_t>(states_.size()));
    if (is_new) states_.push_back(trees);
    met_.push_back({id, time, state->second, 0, true, parents, {}});
    const auto index = static_cast<History::Index>(met_.size() - 1);
    waiting_.emplace(time, index);
    return index;
  }

  // A commit follows once all its children have, even where a clock ran backwards.
  History ordered() {
    const auto later = [this](History::Index a, History::Index b) {
      return met_[a].time != met_[b].time ? met_[a].time < met_[b].time : a > b;
    };
    std::priority_queue<History::Index, std::vector<History::Index>, decltype(later)> ready(later);
    for (History::Index i = 0; i < met_.size(); ++i) {
      if (met_[i].children == 0) ready.push(i);
    }
    History history;
    history.commits.reserve(met_.size());
    std::vector<History::Index> place(met_.size());
    std::vector<History::Index> order;
    order.reserve(met_.size());
    while (!ready.empty()) {
      const History::Index i = ready.top();
      ready.pop();
      place[i] = static_cast<History::Index>(order.size());
      order.push_back(i);
      for (const History::Index parent : met_[i].parents) {
        if (--met_[parent].children == 0) ready.push(parent);
      }
    }
    for (const History::Index i : order) {
      const auto first = static_cast<std::uint32_t>(history.parents.size());
      for (const History::Index parent : met_[i].parents) history.parents.push_back(place[parent]);
      history.commits.push_back({met_[i].id, met_[i].state, first,
                                 static_cast<std::uint32_t>(history.parents.size()),
                                 met_[i].complete});
      history.shallow = history.shallow || !met_[i].complete;
    }
    for (auto& [id, index] : index_of_) index = place[index];
    history.index_of = std::move(index_of_);
    history.states = std::move(states_);
    return history;
  }

  const ReadObject& read_;
  const std::function<bool(const ObjectId&)>& has_;
  HistoryMemory& memory_;
  const std::size_t list_;
  const Stop& stop_;
  FolderTrees trees_;
  std::vector<Met> met_;
  std::priority_queue<std::pair<std::int64_t, History::Index>> waiting_;
  std::unordered_map<ObjectId, History::Index, IdHash> index_of_;
  std::vector<std::vector<ObjectId>> states_;
  std::map<std::vector<ObjectId>, std::uint32_t> state_of_;
};

}  // namespace

std::vector<bool> History::reached_from(const std::vector<Index>& tips) const {
  std::vector<bool> reached(commits.size());
  for (const Index tip : tips) reached[tip] = true;
  for (Index i = 0; i < commits.size(); ++i) {
    if (!reached[i]) continue;
    for (const Index parent : parents_of(i)) reached[parent] = true;
  }
  return reached;
}

History read_history(const std::vector<ObjectId>& tips, const std::vector<std::string>& folders,
                     const ReadObject& read, const std::function<bool(const ObjectId&)>& has,
                     HistoryMemory& memory, const Stop& stop) {
  return Reading(folders, read, has, memory, stop).run(tips);
}

void for_each_changed_file(const ObjectId& before, const ObjectId& after, bool recursive,
                           const ReadObject& read, const Stop& stop,
                           const std::function<void(const FileChange&)>& tell) {
  struct Pair {
    std::string path;
    ObjectId before, after;
  };
  std::vector<Pair> folders = {{"", before, after}};
  while (!folders.empty()) {
    stop.check(kDoing);
    const Pair folder = std::move(folders.back());
    folders.pop_back();
    if (folder.before == folder.after) continue;
    const std::string old_tree = read_tree(folder.before, read);
    const std::string new_tree = read_tree(folder.after, read);
    std::string_view old_rest = old_tree, new_rest = new_tree;
    RawEntry old_entry, new_entry;
    bool more_old = next_entry(old_rest, old_entry), more_new = next_entry(new_rest, new_entry);
    while (more_old || more_new) {
      const int order = !more_new ? -1 : !more_old ? 1 : compare(old_entry, new_entry);
      const RawEntry* was = order <= 0 ? &old_entry : nullptr;
      const RawEntry* is = order >= 0 ? &new_entry : nullptr;
      const RawEntry& either = is != nullptr ? *is : *was;
      const bool same =
          was != nullptr && is != nullptr && was->id == is->id && was->mode == is->mode;
      if (either.is_folder() && recursive && !same) {
        folders.push_back({joined(folder.path, either.name), was != nullptr ? was->id : kNoTree,
                           is != nullptr ? is->id : kNoTree});
      } else if (!either.is_folder() && !same) {
        FileChange change{joined(folder.path, either.name), {}, {}, false};
        if (was != nullptr && was->mode == TreeEntryMode::kFile) change.before = was->id;
        if (is != nullptr && is->mode == TreeEntryMode::kFile) change.after = is->id;
        change.becomes_link = is != nullptr && is->mode == TreeEntryMode::kLink;
        tell(change);
      }
      if (order <= 0) more_old = next_entry(old_rest, old_entry);
      if (order >= 0) more_new = next_entry(new_rest, new_entry);
    }
  }
}

}  // namespace drift::migrations
