#include "migrations/alembic/likely_files.h"

#include <set>
#include <string>
#include <utility>

#include "drift/base/text.h"
#include "migrations/alembic/config.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

using Kind = TreeEntry::Kind;

constexpr const char* kIni = "alembic.ini";
constexpr const char* kPyproject = "pyproject.toml";
constexpr std::size_t kDeepestIni = 3, kDeepestEnv = 6;
// A versions folder that is the root of something large must not be fetched on a guess.
constexpr std::size_t kMostFiles = 20'000;
constexpr std::size_t kMostFolders = 1'000;

void add_entry(const GitTree& tree, const std::string& path, std::vector<TreeEntry>& to) {
  if (auto entry = tree.entry(path); entry && entry->kind == Kind::kFile) {
    to.push_back(*std::move(entry));
  }
}

std::vector<std::string> likely_folders(const GitTree& tree, const ScriptSettings& settings) {
  std::vector<std::string> folders = settings.versions_paths;
  if (!settings.script_location.empty()) {
    folders.push_back(joined(settings.script_location, "versions"));
  }
  if (!folders.empty()) return folders;
  for (const std::string& path : find_files(tree, "env.py", kDeepestEnv).paths) {
    std::string versions = joined(parent_of(path), "versions");
    const auto entry = tree.entry(versions);
    if (entry && entry->kind == Kind::kDirectory) folders.push_back(std::move(versions));
  }
  if (folders.size() > 1) folders.clear();
  return folders;
}

// Symbolic links too: where they lead is read from them.
void add_migrations_below(const GitTree& tree, const std::string& top, std::vector<TreeEntry>& to) {
  std::vector<std::string> folders{top};
  for (std::size_t listed = 0; !folders.empty() && listed < kMostFolders; ++listed) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    const auto entries = tree.list(folder);
    if (!entries) continue;
    for (const TreeEntry& entry : *entries) {
      if (entry.kind == Kind::kDirectory) folders.push_back(joined(folder, entry.name));
      const bool counts = entry.kind == Kind::kFile && counts_as_migration(entry.name);
      if (counts || entry.kind == Kind::kSymlink) to.push_back(entry);
      if (to.size() >= kMostFiles) return;
    }
  }
}

}  // namespace

std::vector<TreeEntry> likely_configuration(const GitTree& tree, const ScriptSettings& settings) {
  std::set<std::string> paths;
  if (!settings.alembic_ini.empty()) {
    if (const auto given = resolved("", settings.alembic_ini)) {
      paths.insert(*given);
      for (const char* name : {kIni, kPyproject}) paths.insert(joined(parent_of(*given), name));
    }
    paths.insert(kPyproject);
  } else {
    paths = {kIni, kPyproject, joined("migrations", kIni), joined("migrations", kPyproject)};
    if (!tree.entry(kIni)) {
      const FoundFiles found = find_files(tree, kIni, kDeepestIni);
      if (found.paths.size() == 1) {
        paths.insert(found.paths.front());
        paths.insert(joined(parent_of(found.paths.front()), kPyproject));
      }
    }
  }
  std::vector<TreeEntry> files;
  for (const std::string& path : paths) add_entry(tree, path, files);
  return files;
}

void need_likely_files(const GitTree& tree, const ScriptSettings& settings) {
  if (!tree.fetches()) return;
  std::vector<TreeEntry> files = likely_configuration(tree, settings);
  for (const std::string& folder : likely_folders(tree, settings)) {
    if (const auto path = resolved("", folder)) add_migrations_below(tree, *path, files);
  }
  tree.need(files);
}

void need_migrations(const GitTree& tree, const VersionFiles& found) {
  if (!tree.fetches()) return;
  std::vector<TreeEntry> files;
  for (const VersionFile& file : found.files) files.push_back(file.entry);
  for (const std::string& folder : found.skipped_folders) {
    add_migrations_below(tree, folder, files);
  }
  tree.need(files);
}

}  // namespace drift::migrations
