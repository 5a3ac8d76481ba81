#include "migrations/git/tree_path.h"

#include "drift/base/printable.h"

namespace drift::migrations {

std::string joined(std::string_view folder, std::string_view path) {
  if (folder.empty()) return std::string{path};
  if (path.empty()) return std::string{folder};
  std::string result{folder};
  result += '/';
  result += path;
  return result;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::optional<std::string> resolved(std::string_view folder, std::string_view path) {
  std::string result{folder};
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      if (result.empty()) return std::nullopt;
      result.resize(parent_of(result).size());
      continue;
    }
    if (!result.empty()) result += '/';
    result += component;
  }
  return result;
}

std::string folder_name(std::string_view path) {
  return path.empty() ? "the root of the repository" : printable(path);
}

}  // namespace drift::migrations
