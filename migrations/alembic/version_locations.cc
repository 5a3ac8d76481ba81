#include "migrations/alembic/version_locations.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/alembic/config.h"
#include "migrations/alembic/version_files.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

using Strings = std::vector<std::string>;
using Entries = std::vector<TreeEntry>;

constexpr std::string_view kPassScriptLocation =
    "pass --script-location with its path in the repository";

void add_distinct(Strings& list, std::string one) {
  if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
}

// Folders with an env.py and a folder versions: what else could be meant.
std::string guesses(const GitTree& tree) {
  constexpr std::size_t kDeepest = 6;
  constexpr std::size_t kMostNamed = 3;
  Strings folders;
  for (const std::string& path : find_files(tree, "env.py", kDeepest).paths) {
    const std::string folder{parent_of(path)};
    if (folders.size() < kMostNamed && tree.entry(joined(folder, "versions"))) {
      folders.push_back(folder.empty() ? "." : printable(folder));
    }
  }
  if (folders.empty()) return std::string{kPassScriptLocation};
  return fmt::format("pass --script-location {}", fmt::join(folders, " or "));
}

// Resolves a path or package resource of alembic.ini to a folder of the tree.
class FolderSearch {
 public:
  // `bases`: the directories that Alembic may have been run from, likeliest first. `import_roots`:
  // the folders of sys.path, in their order.
  FolderSearch(const GitTree& tree, std::vector<std::string> bases,
               std::vector<std::string> import_roots);

  struct Found {
    std::optional<std::string> folder;
    std::optional<std::string> also;  // another folder that it could just as well mean
    std::optional<std::string> base;  // the one of `bases` that a relative path was found under
    std::vector<std::string> tried;   // paths in the tree that are no folders
    bool is_resource = false;         // pkg:dir
    bool is_absolute = false;         // and outside the tree, so nobody can know it
  };
  // `written` may begin with kTreeRoot. Of several folders the first that has an env.py or a
  // folder versions, else the first.
  Found find(std::string_view written) const;

  bool exists(std::string_view folder) const;

  // From now on `base` is tried first.
  void prefer(const std::string& base);

 private:
  bool looks_like_script_directory(std::string_view folder) const;

  const GitTree& tree_;
  std::vector<std::string> bases_, import_roots_;
};

FolderSearch::FolderSearch(const GitTree& tree, std::vector<std::string> bases,
                           std::vector<std::string> import_roots)
    : tree_(tree), bases_(std::move(bases)), import_roots_(std::move(import_roots)) {}

FolderSearch::Found FolderSearch::find(std::string_view written) const {
  Found found;
  // Pairs of a folder and the path to follow from there.
  std::vector<std::pair<std::string, std::string>> candidates;

  bool is_relative = false;
  if (written.starts_with(kTreeRoot)) {
    candidates.emplace_back("", written.substr(kTreeRoot.size()));
  } else if (written.starts_with('/')) {
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

// `written` as a message may show it: without the mark that stands for %(here)s.
std::string as_written(std::string_view written) {
  std::string shown;
  while (true) {
    const std::size_t mark = written.find(kTreeRoot);
    shown += written.substr(0, mark);
    if (mark == std::string_view::npos) break;
    written.remove_prefix(mark + kTreeRoot.size());
    if (shown.empty() && written.starts_with('/')) written.remove_prefix(1);
  }
  return quoted(shown);
}

class Finder {
 public:
  Finder(const GitTree& tree, const ScriptSettings& settings)
      : tree_(tree),
        settings_(settings),
        overridden_(!settings.script_location.empty() || !settings.versions_paths.empty()),
        files_(find_configuration(tree, settings.alembic_ini, !overridden_)) {
    result_.warnings = std::move(files_.warnings);
  }

  VersionLocations find() {
    read_config();
    Strings bases;
    add_distinct(bases, std::string{parent_of(config_path())});
    add_distinct(bases, "");
    result_.import_roots = import_roots(bases);
    FolderSearch search{tree_, bases, result_.import_roots};

    find_script_location(search);
    find_folders(search);
    result_.recursive =
        settings_.recursive_version_locations || config_.recursive_version_locations;
    result_.sourceless = config_.sourceless;
    return std::move(result_);
  }

 private:
  const std::string& config_path() const {
    return files_.ini || !files_.pyproject ? files_.ini_path : files_.pyproject_path;
  }

  void read_config() {
    if (!files_.found()) return;
    try {
      config_ = read_alembic_config(files_.ini, files_.ini_path, files_.pyproject,
                                    files_.pyproject_path, settings_.section);
    } catch (const Error& error) {
      // Whoever says where the versions are, and asked for no ini, needs none.
      if (settings_.versions_paths.empty() || !settings_.alembic_ini.empty()) throw;
      result_.warnings.push_back(
          fmt::format("{}; it was left aside for --versions-path", error.what()));
    }
    for (std::string& warning : config_.warnings) result_.warnings.push_back(std::move(warning));
  }

  Strings import_roots(const Strings& bases) const {
    Strings roots;
    for (const std::string& path : config_.prepend_sys_path) {
      if (path.starts_with(kTreeRoot)) {
        if (auto root = resolved("", path.substr(kTreeRoot.size()))) add_distinct(roots, *root);
      } else if (!path.starts_with('/')) {
        for (const std::string& base : bases) {
          if (auto root = resolved(base, path)) add_distinct(roots, *root);
        }
      }
    }
    // Then what is usually installed into the environment: the project itself.
    for (const std::string& base : bases) add_distinct(roots, base);
    for (const std::string& base : bases) {
      for (const std::string_view folder : {"src", "lib"})
        add_distinct(roots, joined(base, folder));
    }
    return roots;
  }

  void find_script_location(FolderSearch& search) {
    if (!settings_.script_location.empty()) {
      result_.script_location = given_folder(search, settings_.script_location, "script location");
      leave_aside_other_script_directory(search);
      return;
    }
    if (!config_.script_location) {
      const std::string folder{parent_of(config_path())};
      if (files_.ini && tree_.entry(joined(folder, "env.py"))) {
        // Flask-Migrate: env.py and alembic.ini in one folder, script_location set by its command.
        result_.script_location = folder;
      } else if (!settings_.versions_paths.empty()) {
        result_.script_location =
            parent_of(given_folder(search, settings_.versions_paths.front(), "versions path"));
      } else {
        throw Error{Fault::kAlembicIniInvalid,
                    fmt::format("{} sets no script_location", printable(config_path())),
                    guesses(tree_)};
      }
      return;
    }
    const auto found = search.find(*config_.script_location);
    if (found.folder) {
      result_.script_location = *found.folder;
      if (found.base) search.prefer(*found.base);
      if (found.also) {
        result_.warnings.push_back(fmt::format(
            "script_location {} ({}) could also be {}: pass --script-location to make sure",
            as_written(*config_.script_location), config_.script_location_place,
            folder_name(*found.also)));
      }
      return;
    }
    if (!settings_.versions_paths.empty()) {
      result_.script_location =
          parent_of(given_folder(search, settings_.versions_paths.front(), "versions path"));
      return;
    }
    refuse(found, "script_location", *config_.script_location, config_.script_location_place,
           guesses(tree_));
  }

  // An ini that nobody asked for may be about another script directory of the same repository;
  // its version_locations would then be the wrong ones.
  void leave_aside_other_script_directory(const FolderSearch& search) {
    if (!settings_.alembic_ini.empty() || !config_.script_location) return;
    const auto own = search.find(*config_.script_location);
    if (!own.folder || *own.folder == result_.script_location) return;
    if (!config_.version_locations.empty() || config_.recursive_version_locations) {
      result_.warnings.push_back(
          fmt::format("{} is about another script directory and was left aside: pass --alembic-ini "
                      "if its settings hold for {} too",
                      printable(config_path()), folder_name(result_.script_location)));
    }
    config_ = {};
  }

  void find_folders(const FolderSearch& search) {
    if (!settings_.versions_paths.empty()) {
      for (const std::string& path : settings_.versions_paths) {
        result_.folders.push_back(given_folder(search, path, "versions path"));
      }
    } else if (!config_.version_locations.empty()) {
      for (const std::string& written : config_.version_locations) add_location(search, written);
      if (result_.folders.empty()) {
        throw Error{Fault::kVersionsEmpty,
                    fmt::format("none of the version_locations of {} is a folder at this commit",
                                config_.version_locations_place),
                    "Alembic would skip them and find no migration: mend version_locations, or "
                    "pass --versions-path"};
      }
    } else {
      result_.folders.push_back(joined(result_.script_location, "versions"));
      if (!search.exists(result_.folders.front())) {
        throw Error{
            Fault::kVersionsEmpty,
            fmt::format("there is no folder {} at this commit", printable(result_.folders.front())),
            likely_versions()};
      }
    }
  }

  // The folder beside env.py whose files look like migrations, where there is one.
  std::string likely_versions() const {
    Strings folders;
    for (const TreeEntry& entry : tree_.list(result_.script_location).value_or(Entries{})) {
      if (entry.kind != TreeEntry::Kind::kDirectory) continue;
      const std::string folder = joined(result_.script_location, entry.name);
      for (const TreeEntry& file : tree_.list(folder).value_or(Entries{})) {
        if (file.kind != TreeEntry::Kind::kFile || !counts_as_migration(file.name)) continue;
        if (tree_.read(file).find("down_revision") == std::string::npos) continue;
        folders.push_back(printable(folder));
        break;
      }
    }
    if (folders.empty()) {
      return "commit the migrations, or pass --versions-path where env.py puts them elsewhere";
    }
    return fmt::format("migrations are in {}: pass --versions-path {}", fmt::join(folders, " and "),
                       fmt::join(folders, " --versions-path "));
  }

  void add_location(const FolderSearch& search, const std::string& written) {
    const auto found = search.find(written);
    if (found.folder) {
      result_.folders.push_back(*found.folder);
      return;
    }
    // What lies outside the repository may be there when Alembic runs; what would lie inside is
    // not, and Alembic skips it.
    if (found.is_absolute || found.is_resource || found.tried.empty()) {
      refuse(found, "version location", written, config_.version_locations_place,
             "pass every folder with --versions-path, as paths in the repository");
    }
    result_.warnings.push_back(
        fmt::format("version location {} ({}) is not a folder at this commit; Alembic skips it too",
                    as_written(written), config_.version_locations_place));
  }

  // An option of ours: from the root, though whoever thinks from the ini's folder is understood.
  std::string given_folder(const FolderSearch& search, const std::string& path,
                           std::string_view what) const {
    if (path.find(':') == std::string::npos) {
      const auto folder = resolved("", path);
      if (folder && search.exists(*folder)) return *folder;
    }
    if (const auto found = search.find(path); found.folder) return *found.folder;
    throw Error{Fault::kScriptDirectoryNotFound,
                fmt::format("{} {} is not a folder at this commit", what, quoted(path)),
                "give its path from the root of the repository, and check --ref"};
  }

  [[noreturn]] static void refuse(const FolderSearch::Found& found, std::string_view what,
                                  const std::string& written, const std::string& place,
                                  const std::string& hint) {
    const std::string subject = fmt::format("{} {} ({})", what, as_written(written), place);
    std::vector<std::string> tried;
    for (const std::string& path : found.tried) tried.push_back(folder_name(path));
    std::string why;
    if (found.is_absolute) {
      why = "is an absolute path, which may exist where Alembic runs but not in the repository";
    } else if (tried.empty()) {
      why = "leads out of the repository";
    } else if (found.is_resource) {
      why = fmt::format("is not in any package of the repository: there is no folder {}",
                        fmt::join(tried, ", "));
    } else if (tried.size() == 1) {
      why = fmt::format("was not found: {} is not a folder at this commit", tried[0]);
    } else {
      why = fmt::format("was not found: neither {} is a folder at this commit",
                        fmt::join(tried, " nor "));
    }
    throw Error{Fault::kScriptDirectoryNotFound, fmt::format("{} {}", subject, why), hint};
  }

  const GitTree& tree_;
  const ScriptSettings& settings_;
  bool overridden_;
  ConfigurationFiles files_;
  AlembicConfig config_;
  VersionLocations result_;
};

}  // namespace

VersionLocations find_version_locations(const GitTree& tree, const ScriptSettings& settings) {
  return Finder{tree, settings}.find();
}

}  // namespace drift::migrations
