// Paths inside a tree: components between '/', no leading '/', "" is the root.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift::migrations {

std::string joined(std::string_view folder, std::string_view path);
// "" for a path at the root.
std::string_view parent_of(std::string_view path);
std::string_view base_name(std::string_view path);

// `path` as seen from `folder`, its ".", ".." and empty components resolved by their names alone;
// nothing where it leads out of the tree.
std::optional<std::string> resolved(std::string_view folder, std::string_view path);

// How a folder is called in a message: the root has no name.
std::string folder_name(std::string_view path);

}  // namespace drift::migrations
