#include "migrations/alembic/folder_search.h"

#include <algorithm>
#include <utility>

#include "drift/base/text.h"
#include "migrations/alembic/config.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {

FolderSearch::FolderSearch(const GitTree& tree, std::vector<std::string> bases,
                           std::vector<std::string> import_roots)
    : tree_(tree), bases_(std::move(bases)), import_roots_(std::move(import_roots)) {}

FolderSearch::Found FolderSearch::find(std::string_view written) const {
  Found found;
  // Pairs of a folder and the path to follow from there.
  std::vector<std::pair<std::string, std::string>> candidates;

  bool is_relative = false;
  if (written.substr(0, kTreeRoot.size()) == kTreeRoot) {
    candidates.emplace_back("", written.substr(kTreeRoot.size()));
  } else if (written.substr(0, 1) == "/") {
    found.is_absolute = true;
    return found;
  } else if (const std::size_t colon = written.find(':'); colon != std::string_view::npos) {
    found.is_resource = true;
    std::string path{written.substr(0, colon)};
    std::replace(path.begin(), path.end(), '.', '/');
    path += '/';
    path += written.substr(colon + 1);
    // Each further token is one more step down.
    std::replace(path.begin(), path.end(), ':', '/');
    for (const std::string& root : import_roots_) candidates.emplace_back(root, path);
  } else {
    is_relative = true;
    for (const std::string& base : bases_) candidates.emplace_back(base, written);
  }

  std::vector<std::pair<std::string, std::string>> existing;  // folder, base
  for (const auto& [base, path] : candidates) {
    const auto folder = resolved(base, path);
    if (!folder) continue;
    if (exists(*folder)) {
      existing.emplace_back(*folder, base);
    } else if (std::find(found.tried.begin(), found.tried.end(), *folder) == found.tried.end()) {
      found.tried.push_back(*folder);
    }
  }
  if (existing.empty()) return found;
  auto best = existing.begin();
  if (existing.size() > 1) {
    const auto script_directory = [&](const auto& one) {
      return looks_like_script_directory(one.first);
    };
    best = std::find_if(existing.begin(), existing.end(), script_directory);
    if (best == existing.end()) best = existing.begin();
    const auto other = std::find_if(best + 1, existing.end(), script_directory);
    if (other != existing.end() && other->first != best->first) found.also = other->first;
  }
  found.folder = best->first;
  if (is_relative) found.base = best->second;
  return found;
}

bool FolderSearch::exists(std::string_view folder) const {
  const auto found = tree_.entry(folder);
  if (found && found->kind == TreeEntry::Kind::kDirectory) return true;
  // Follows a symlink and explains a submodule, but reads every name.
  return tree_.list(folder).has_value();
}

void FolderSearch::prefer(const std::string& base) {
  const auto at = std::find(bases_.begin(), bases_.end(), base);
  if (at != bases_.end()) std::rotate(bases_.begin(), at, at + 1);
}

bool FolderSearch::looks_like_script_directory(std::string_view folder) const {
  return tree_.entry(joined(folder, "env.py")) || tree_.entry(joined(folder, "versions"));
}

std::string as_written(std::string_view written) {
  std::string shown;
  while (true) {
    const std::size_t mark = written.find(kTreeRoot);
    shown += written.substr(0, mark);
    if (mark == std::string_view::npos) break;
    written.remove_prefix(mark + kTreeRoot.size());
    if (shown.empty() && written.substr(0, 1) == "/") written.remove_prefix(1);
  }
  return quoted(shown);
}

}  // namespace drift::migrations
