#include "migrations/module_sources.h"

#include <utility>

#include "drift/base/error.h"
#include "migrations/git/repository.h"
#include "migrations/git/tree_path.h"

namespace drift::migrations {
namespace {

// Sources beyond this are read again each time.
constexpr std::size_t kMostKeptBytes = 8u << 20;

// "a.b.c" as "a/b/c"; nothing where a component is no name.
std::optional<std::string> as_path(std::string_view dotted_name) {
  std::string path;
  while (true) {
    const std::size_t dot = dotted_name.find('.');
    const std::string_view component = dotted_name.substr(0, dot);
    if (component.empty() || component.find('/') != std::string_view::npos) return std::nullopt;
    path = joined(path, component);
    if (dot == std::string_view::npos) return path;
    dotted_name.remove_prefix(dot + 1);
  }
}

bool is_in_submodule(const GitTree& tree, std::string_view path) {
  for (std::size_t end = path.find('/'); end != path.npos; end = path.find('/', end + 1)) {
    const auto entry = tree.entry(path.substr(0, end));
    if (!entry) return false;
    if (entry->kind == TreeEntry::Kind::kSubmodule) return true;
  }
  return false;
}

}  // namespace

ModuleSources::ModuleSources(const GitTree& tree, std::vector<std::string> roots)
    : tree_(tree), roots_(std::move(roots)) {}

ModuleLoader ModuleSources::loader_for(const std::string& path) {
  // Two pointers are what std::function holds without an allocation.
  return [this, from = &path](std::string_view dotted_name) { return find(*from, dotted_name); };
}

std::optional<std::string> ModuleSources::find(std::string_view path,
                                               std::string_view dotted_name) {
  if (!dotted_name.starts_with('.')) {
    const auto module = as_path(dotted_name);
    if (!module) return std::nullopt;
    for (const std::string& root : roots_) {
      if (auto source = read(joined(root, *module))) return source;
    }
    return std::nullopt;
  }
  // One dot is the folder of the file, each further one its parent.
  std::string_view folder = parent_of(path);
  dotted_name.remove_prefix(1);
  while (dotted_name.starts_with('.')) {
    if (folder.empty()) return std::nullopt;
    folder = parent_of(folder);
    dotted_name.remove_prefix(1);
  }
  if (dotted_name.empty()) return tree_.read(joined(folder, "__init__.py"));
  const auto module = as_path(dotted_name);
  return module ? read(joined(folder, *module)) : std::nullopt;
}

std::optional<std::string> ModuleSources::read(const std::string& stem) {
  if (const auto kept = kept_.find(stem); kept != kept_.end()) return kept->second;
  std::optional<std::string> source;
  try {
    // A package hides a module of the same name.
    source = tree_.read(joined(stem, "__init__.py"));
    if (!source) source = tree_.read(stem + ".py");
  } catch (const Error&) {
    // What a submodule has is no more in this tree than a library is.
    if (!is_in_submodule(tree_, stem + '/')) throw;
  }
  const std::size_t bytes = stem.size() + (source ? source->size() : 0);
  if (kept_bytes_ + bytes <= kMostKeptBytes) {
    kept_bytes_ += bytes;
    kept_.emplace(stem, source);
  }
  return source;
}

}  // namespace drift::migrations
