// Resolves a path or package resource of alembic.ini to a folder of the tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::migrations {

class GitTree;

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

// `written` as a message may show it: without the mark that stands for %(here)s.
std::string as_written(std::string_view written);

}  // namespace drift::migrations
