#include "migrations/git/arrivals.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

std::set<std::string, std::less<>> names_in(const ObjectId& tree, const ReadObject& read) {
  const std::string raw = read_tree(tree, read);
  std::set<std::string, std::less<>> names;
  std::string_view rest = raw;
  for (RawEntry entry; next_entry(rest, entry);) names.emplace(entry.name);
  return names;
}

struct Folder {
  std::string path;
  ObjectId tree{};                        // at the commit at hand
  std::vector<std::size_t> still_wanted;  // places in the result, of files that are there
};

}  // namespace

std::vector<std::optional<ArrivingCommit>> arriving_commits(const ObjectId& tip,
                                                            const std::vector<std::string>& paths,
                                                            const ReadObject& read,
                                                            const Stop& stop) {
  std::vector<std::optional<ArrivingCommit>> result(paths.size());
  std::vector<Folder> folders;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string_view own = parent_of(paths[i]);
    auto folder = std::find_if(folders.begin(), folders.end(),
                               [&](const Folder& known) { return known.path == own; });
    if (folder == folders.end()) folder = folders.insert(folder, {std::string(own), {}, {}});
    folder->still_wanted.push_back(i);
  }
  std::vector<std::string> folder_paths;
  for (const Folder& folder : folders) folder_paths.push_back(folder.path);
  FolderTrees trees(folder_paths, read);

  const std::optional<std::string> raw = read(tip);
  if (!raw) return result;
  RawCommit commit = parse_commit(*raw);
  ObjectId id = tip;
  const std::vector<ObjectId> at_tip = trees.below(commit.tree);
  std::size_t missing = 0;
  for (std::size_t f = 0; f < folders.size(); ++f) {
    folders[f].tree = at_tip[f];
    const auto names = names_in(at_tip[f], read);
    std::erase_if(folders[f].still_wanted,
                  [&](std::size_t i) { return !names.contains(base_name(paths[i])); });
    missing += folders[f].still_wanted.size();
  }
  for (std::size_t count = 0; missing > 0; ++count) {
    if (count % 256 == 0) stop.check("looking for the commits that brought the migrations here");
    const bool is_root = commit.parents.empty();
    const ObjectId before = is_root ? kNoTree : commit.parents.front();
    std::vector<ObjectId> trees_before(folders.size(), kNoTree);
    if (!is_root) {
      const std::optional<std::string> raw_before = read(before);
      if (!raw_before) return result;
      commit = parse_commit(*raw_before);
      trees_before = trees.below(commit.tree);
    }
    for (std::size_t f = 0; f < folders.size(); ++f) {
      Folder& folder = folders[f];
      if (folder.still_wanted.empty() || folder.tree == trees_before[f]) continue;
      folder.tree = trees_before[f];
      const auto names = names_in(folder.tree, read);
      missing -= std::erase_if(folder.still_wanted, [&](std::size_t i) {
        if (names.contains(base_name(paths[i]))) return false;
        result[i] = ArrivingCommit{id, before};
        return true;
      });
    }
    if (is_root) break;
    id = before;
  }
  return result;
}

}  // namespace drift::migrations
