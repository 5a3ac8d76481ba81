// Where the rules of a target's schema are: a file on disk, or one of the repository at the ref.
#pragma once

#include <memory>
#include <string>

#include "drift/schema/rules/rules.h"

namespace drift::migrations {
class GitTree;
}

namespace drift::check {

struct SchemaRules {
  std::string file;  // "" for none; on disk, or from the root of the repository
  bool at_ref = false;
  std::shared_ptr<const schema::Rules> read;  // of a file on disk; null for one at the ref

  bool any() const { return !file.empty(); }
};

// The rules that lie at `path` in the commit of `tree`.
// Throws Error{kConfiguration}, naming the commit, where there is no such file and where it holds
// no rules (schema::read_rules); and what GitTree::read throws.
std::shared_ptr<const schema::Rules> rules_in(const migrations::GitTree& tree,
                                              const std::string& path);

}  // namespace drift::check
