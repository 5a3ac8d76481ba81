#include "migrations/alembic/version_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

using Kind = TreeEntry::Kind;

// What Alembic compares when it asks whether a compiled file has a source beside it.
std::string_view stem(std::string_view name) { return name.substr(0, name.find('.')); }

class Listing {
 public:
  Listing(const GitTree& tree, bool recursive, bool sourceless, const Stop& stop)
      : tree_(tree), recursive_(recursive), sourceless_(sourceless), stop_(stop) {}

  void add(const std::string& location) {
    repeated_ = 0;
    if (std::exchange(began_, true)) watch_repetitions();
    const std::string real = tree_.real_path(location).value_or(location);
    // A stack of folders still to list, so that no depth of nesting can exhaust ours. The last
    // one is next: Alembic walks in the order of names, a folder's files before its subfolders.
    std::vector<std::string> folders{real};
    while (!folders.empty()) {
      stop_.check("listing migrations");
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      auto entries = tree_.list(folder);
      if (!entries) continue;
      if (!base_name(folder).ends_with("__pycache__")) add_files(folder, *entries);
      if (!recursive_) {
        for (const TreeEntry& entry : *entries) {
          if (entry.kind == Kind::kDirectory && !entry.name.ends_with("__pycache__")) {
            result.skipped_folders.push_back(joined(folder, entry.name));
          }
        }
        break;
      }
      for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
        if (entry->kind == Kind::kDirectory) folders.push_back(joined(folder, entry->name));
        if (entry->kind == Kind::kSubmodule) refuse_submodule(joined(folder, entry->name));
      }
    }
    if (repeated_ > 0) {
      result.warnings.push_back(fmt::format(
          "{} under {} {} reached twice and read once: make version_locations distinct",
          counted(repeated_, "file"), folder_name(location), repeated_ == 1 ? "was" : "were"));
    }
  }

  VersionFiles result;

 private:
  // Takes the files out of `entries`.
  void add_files(const std::string& folder, std::vector<TreeEntry>& entries) {
    if (sourceless_) refuse_orphans(folder, entries);
    if (result.files.empty()) result.files.reserve(entries.size());
    for (TreeEntry& entry : entries) {
      if (entry.kind == Kind::kFile) {
        if (!counts_as_migration(entry.name)) continue;
        std::string path = joined(folder, entry.name);
        add_file(std::move(path), std::move(entry));
      } else if (entry.kind == Kind::kSymlink) {
        add_link(joined(folder, entry.name));
      }
    }
  }

  // A folder holds each file once; only by a link or from a second location is one met again.
  void watch_repetitions() {
    if (std::exchange(watching_, true)) return;
    for (const VersionFile& file : result.files) seen_.insert(file.path);
    for (const Problem& problem : result.problems) seen_.insert(problem.files.front());
  }

  void add_file(std::string path, TreeEntry&& entry) {
    if (watching_ && !seen_.insert(path).second) {
      ++repeated_;
      return;
    }
    // Alembic's pattern lets both pass, but Python finds no ".py" at the end of such a name.
    if (entry.name == ".py" || entry.name.ends_with("\n")) {
      result.problems.push_back({Fault::kUnsupported,
                                 fmt::format("{}: no module can have this name", printable(path)),
                                 "Alembic refuses it too: rename the file",
                                 {path}});
      return;
    }
    result.files.push_back({std::move(path), std::move(entry)});
  }

  // It is the name of what the link points at that decides, not its own.
  void add_link(std::string path) {
    watch_repetitions();
    if (auto real = tree_.real_path(path)) {
      auto entry = tree_.entry(*real);
      if (entry && entry->kind == Kind::kFile && counts_as_migration(entry->name)) {
        add_file(*std::move(real), *std::move(entry));
      }
      return;
    }
    if (!counts_as_migration(base_name(path))) return;
    result.problems.push_back(
        {Fault::kUnsupported,
         fmt::format("{}: the symbolic link does not lead to a file of this repository",
                     printable(path)),
         "commit the file itself",
         {path}});
  }

  [[noreturn]] static void refuse_submodule(const std::string& path) {
    throw Error{
        Fault::kUnsupported,
        fmt::format("{} is a submodule: its migrations are in another repository", printable(path)),
        "a run reads one repository: keep the migrations in it, or name the other folders "
        "with --versions-path"};
  }

  void refuse_orphans(const std::string& folder, const std::vector<TreeEntry>& entries) const {
    std::set<std::string_view> names, stems;
    for (const TreeEntry& entry : entries) {
      if (entry.kind == Kind::kDirectory) continue;
      names.insert(entry.name);
      stems.insert(stem(entry.name));
    }
    for (const std::string_view name : names) {
      if (!name.ends_with(".pyc") && !name.ends_with(".pyo")) continue;
      const std::string_view source = name.substr(0, name.size() - 1);
      if (counts_as_migration(source) && names.count(source) == 0) refuse_orphan(folder, name);
    }
    for (const TreeEntry& entry : entries) {
      if (entry.name != "__pycache__" || entry.kind != Kind::kDirectory) continue;
      const std::string cache = joined(folder, entry.name);
      const auto compiled = tree_.list(cache);
      if (!compiled) continue;
      for (const TreeEntry& one : *compiled) {
        const bool bytecode = one.name.ends_with(".pyc") || one.name.ends_with(".pyo");
        if (bytecode && !one.name.starts_with("__init__") && stems.count(stem(one.name)) == 0) {
          refuse_orphan(cache, one.name);
        }
      }
    }
  }

  [[noreturn]] static void refuse_orphan(const std::string& folder, std::string_view name) {
    throw Error{
        Fault::kUnsupported,
        fmt::format("{} is a compiled migration without its source",
                    printable(joined(folder, name))),
        "sourceless = true makes Alembic load it, but only sources can be read here: commit "
        "the .py file"};
  }

  const GitTree& tree_;
  bool recursive_, sourceless_;
  const Stop& stop_;
  bool began_ = false;
  bool watching_ = false;
  std::unordered_set<std::string> seen_;  // where watching
  std::size_t repeated_ = 0;
};

}  // namespace

bool counts_as_migration(std::string_view name) {
  if (name.starts_with(".#") || name.starts_with("__init__")) return false;
  // '$' also matches before a newline at the very end; '.' matches no other newline.
  if (name.ends_with("\n")) name.remove_suffix(1);
  return name.ends_with(".py") && name.find('\n') == std::string_view::npos;
}

VersionFiles list_version_files(const GitTree& tree, const std::vector<std::string>& folders,
                                bool recursive, bool sourceless, const Stop& stop) {
  Listing listing{tree, recursive, sourceless, stop};
  for (const std::string& folder : folders) listing.add(folder);
  return std::move(listing.result);
}

}  // namespace drift::migrations
