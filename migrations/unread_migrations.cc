#include "migrations/unread_migrations.h"

#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "drift/base/stop.h"
#include "migrations/alembic/version_files.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"
#include "migrations/module_sources.h"
#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"

namespace drift::migrations {
namespace {

// Far more than any archive of migrations; a versions folder that is the root of a large repository
// must not make a run read all of it.
constexpr std::size_t kMostFolders = 10'000;
constexpr std::size_t kMostFiles = 20'000;

// The strings that lines beginning with `name =` hold, for text that is no Python or whose value
// only a run would tell. A bracket on such a line goes on until one closes.
std::vector<std::string_view> quoted_after(std::string_view text, std::string_view name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::vector<std::string_view> found;
  for (std::size_t at = text.find(name); at != kNone; at = text.find(name, at + 1)) {
    const std::size_t before = at == 0 ? kNone : text.find_last_not_of(" \t", at - 1);
    if (before != kNone && text[before] != '\n' && text[before] != '\r') continue;
    std::string_view rest = text.substr(at);
    std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
    const std::size_t equals = line.find('=');
    if (equals == kNone) continue;
    if (const std::size_t open = line.find_first_of("([{", equals); open != kNone) {
      line = rest.substr(0, rest.find_first_of(")]}", open));
    }
    line.remove_prefix(equals);
    for (std::size_t quote = line.find_first_of("'\""); quote != kNone;
         quote = line.find_first_of("'\"")) {
      const char closing = line[quote];
      line.remove_prefix(quote + 1);
      const std::size_t end = line.find(closing);
      if (end == kNone) break;
      found.push_back(line.substr(0, end));
      line.remove_prefix(end + 1);
    }
  }
  return found;
}

std::set<std::string_view> as_set(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

class Search {
 public:
  Search(const GitTree& tree, const std::vector<std::string>& locations,
         const std::vector<Revision>& read, ModuleSources& modules, const Stop& stop)
      : tree_(tree),
        read_(read),
        modules_(modules),
        stop_(stop),
        entered_(locations.begin(), locations.end()) {}

  // The folders below come in the order of their names.
  void look_through(const std::string& top) {
    std::vector<std::string> folders{top};
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      if (!entered_.insert(folder).second) continue;
      if (++folders_ > kMostFolders) {
        result.searched_all = false;
        return;
      }
      const auto entries = tree_.list(folder);
      if (!entries) continue;
      for (const TreeEntry& entry : *entries) {
        if (entry.kind != TreeEntry::Kind::kFile || !counts_as_migration(entry.name)) continue;
        if (++files_ > kMostFiles) {
          result.searched_all = false;
          return;
        }
        look_into(entry, joined(folder, entry.name));
      }
      for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
        if (entry->kind == TreeEntry::Kind::kDirectory && !entry->name.ends_with("__pycache__")) {
          folders.push_back(joined(folder, entry->name));
        }
      }
    }
  }

  UnreadMigrations result;

 private:
  void look_into(const TreeEntry& entry, const std::string& path) {
    stop_.check("looking for migrations that are not read");
    const std::string source = tree_.read(entry);
    // By its words and not only by its name: a helper in a subfolder is worth no warning.
    if (source.find("down_revision") == std::string::npos) return;
    if (names_.empty()) index_names();
    if (paths_.contains(path)) return;  // a symlink in a versions folder leads here
    if (result.count++ == 0) result.first = path;
    if (!result.tie) result.tie = tie_of(path, source);
  }

  std::optional<UnreadMigrations::Tie> tie_of(const std::string& path, const std::string& source) {
    const RevisionFile file =
        revision_from(read_module_variables(source, modules_.loader_for(path)), path);
    if (const auto& revision = file.revision) {
      const auto known = ids_.find(revision->id);
      if (known != ids_.end() &&
          as_set(known->second->down_revisions) == as_set(revision->down_revisions) &&
          as_set(known->second->dependencies) == as_set(revision->dependencies)) {
        return std::nullopt;
      }
      for (const std::string& id : revision->down_revisions) {
        if (ids_.contains(id)) return UnreadMigrations::Tie{path, "down_revision", id};
      }
      for (const std::string& name : revision->dependencies) {
        if (names_.contains(name)) return UnreadMigrations::Tie{path, "depends_on", name};
      }
      return std::nullopt;
    }
    for (const std::string_view id : quoted_after(source, "down_revision")) {
      if (ids_.contains(id)) return UnreadMigrations::Tie{path, "down_revision", std::string(id)};
    }
    for (const std::string_view name : quoted_after(source, "depends_on")) {
      if (names_.contains(name))
        return UnreadMigrations::Tie{path, "depends_on", std::string(name)};
    }
    return std::nullopt;
  }

  void index_names() {
    for (const Revision& revision : read_) {
      ids_.emplace(revision.id, &revision);
      paths_.insert(revision.path);
      names_.insert(revision.id);
      names_.insert(revision.branch_labels.begin(), revision.branch_labels.end());
    }
  }

  const GitTree& tree_;
  const std::vector<Revision>& read_;
  ModuleSources& modules_;
  const Stop& stop_;
  std::unordered_set<std::string> entered_;  // or not to be entered
  std::size_t folders_ = 0;
  std::size_t files_ = 0;
  std::unordered_map<std::string_view, const Revision*> ids_;
  std::unordered_set<std::string_view> names_;  // ids and branch labels
  std::unordered_set<std::string_view> paths_;
};

}  // namespace

UnreadMigrations find_unread_migrations(const GitTree& tree,
                                        const std::vector<std::string>& folders,
                                        const std::vector<std::string>& locations,
                                        const std::vector<Revision>& read, ModuleSources& modules,
                                        const Stop& stop) {
  Search search(tree, locations, read, modules, stop);
  for (const std::string& folder : folders) search.look_through(folder);
  return std::move(search.result);
}

}  // namespace drift::migrations
