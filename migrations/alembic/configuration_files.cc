#include "migrations/alembic/configuration_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "migrations/alembic/pyproject.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kIni = "alembic.ini";
constexpr std::string_view kPyproject = "pyproject.toml";
// A lone alembic.ini deeper than this is more likely somebody's test data.
constexpr std::size_t kDeepestGuess = 3;
constexpr std::size_t kMostFolders = 5000;
constexpr std::size_t kMostNamed = 5;

// Most pyproject.toml have nothing to do with Alembic; only those that might are parsed.
bool may_speak_of_alembic(const std::string& pyproject) {
  return pyproject.find("alembic") != std::string::npos;
}

bool speaks_of_alembic(const std::string& pyproject, std::string_view path) {
  return may_speak_of_alembic(pyproject) && Pyproject{pyproject, path, ""}.has_alembic_table();
}

// "found a/alembic.ini and b/alembic.ini: pass --alembic-ini with one of them", or "".
std::string found_elsewhere(const FoundFiles& found) {
  std::vector<std::string> names;
  for (const std::string& path : found.paths) {
    if (names.size() == kMostNamed) break;
    names.push_back(printable(path));
  }
  if (names.empty()) return {};
  if (found.paths.size() == 1) return fmt::format("found {0}: pass --alembic-ini {0}", names[0]);
  return fmt::format("found {}{}: pass --alembic-ini with one of them", fmt::join(names, ", "),
                     found.paths.size() > names.size() ? " and more" : "");
}

// What Alembic would find in its working directory: beside the ini, else at the root.
void add_pyproject(const GitTree& tree, ConfigurationFiles& files) {
  const std::string beside = joined(parent_of(files.ini_path), kPyproject);
  for (const std::string& path : {beside, std::string{kPyproject}}) {
    files.pyproject_path = path;
    files.pyproject = tree.read(path);
    if (files.pyproject && may_speak_of_alembic(*files.pyproject)) return;
    files.pyproject.reset();
  }
}

ConfigurationFiles given_configuration(const GitTree& tree, const std::string& given) {
  // A leading '/' can only mean the root of the repository.
  const auto path = resolved("", given);
  ConfigurationFiles files;
  if (path && base_name(*path) == kPyproject) {
    files.pyproject_path = *path;
    files.pyproject = tree.read(*path);
    files.ini_path = joined(parent_of(*path), kIni);
    if (files.pyproject) {
      files.ini = tree.read(files.ini_path);
      return files;
    }
  } else if (path) {
    files.ini_path = *path;
    files.ini = tree.read(*path);
    if (files.ini) {
      add_pyproject(tree, files);
      return files;
    }
    const std::string inside = joined(*path, kIni);
    if (tree.entry(inside)) {
      throw Error{Fault::kAlembicIniNotFound, fmt::format("{} is a folder", folder_name(*path)),
                  fmt::format("pass --alembic-ini {}", printable(inside))};
    }
  }
  std::string hint = found_elsewhere(find_files(tree, kIni, kDeepestGuess));
  if (hint.empty()) hint = "give its path from the root of the repository, and check --ref";
  throw Error{Fault::kAlembicIniNotFound,
              fmt::format("there is no {} at this commit", printable(given)), hint};
}

}  // namespace

ConfigurationFiles find_configuration(const GitTree& tree, const std::string& given,
                                      bool required) {
  if (!given.empty()) return given_configuration(tree, given);

  ConfigurationFiles files;
  files.ini_path = kIni;
  files.ini = tree.read(kIni);
  if (files.ini) {
    add_pyproject(tree, files);
    return files;
  }
  files.pyproject_path = kPyproject;
  files.pyproject = tree.read(kPyproject);
  if (files.pyproject && speaks_of_alembic(*files.pyproject, kPyproject)) return files;
  files.pyproject.reset();

  const std::string flask = joined("migrations", kIni);
  if ((files.ini = tree.read(flask))) {
    files.ini_path = flask;
    add_pyproject(tree, files);
    return files;
  }
  if (!required) return files;

  const FoundFiles found = find_files(tree, kIni, kDeepestGuess);
  if (found.complete && found.paths.size() == 1 && (files.ini = tree.read(found.paths.front()))) {
    files.ini_path = found.paths.front();
    add_pyproject(tree, files);
    files.warnings.push_back(
        fmt::format("{} was taken because it is the only one: pass --alembic-ini {} to make sure",
                    printable(files.ini_path), printable(files.ini_path)));
    return files;
  }
  std::string hint = found_elsewhere(found);
  if (hint.empty()) {
    hint = "pass --alembic-ini, or --script-location where the project has no alembic.ini";
  }
  throw Error{Fault::kAlembicIniNotFound,
              "there is no alembic.ini at the root of the repository, and no [tool.alembic] in a "
              "pyproject.toml there",
              hint};
}

FoundFiles find_files(const GitTree& tree, std::string_view name, std::size_t depth) {
  FoundFiles found;
  std::deque<std::pair<std::string, std::size_t>> folders{{"", 0}};
  for (std::size_t listed = 0; !folders.empty(); ++listed) {
    if (listed == kMostFolders) {
      found.complete = false;
      break;
    }
    const auto [folder, level] = std::move(folders.front());
    folders.pop_front();
    const auto entries = tree.list(folder);
    if (!entries) continue;
    for (const TreeEntry& entry : *entries) {
      if (entry.kind == TreeEntry::Kind::kFile && entry.name == name) {
        found.paths.push_back(joined(folder, entry.name));
      } else if (entry.kind == TreeEntry::Kind::kDirectory && level < depth &&
                 entry.name != "node_modules" && entry.name != "site-packages") {
        folders.emplace_back(joined(folder, entry.name), level + 1);
      }
    }
  }
  return found;
}

}  // namespace drift::migrations
