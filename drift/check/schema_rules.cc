#include "drift/check/schema_rules.h"

#include <fmt/format.h>

#include <optional>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "migrations/git/repository.h"

namespace drift::check {

std::shared_ptr<const schema::Rules> rules_in(const migrations::GitTree& tree,
                                              const std::string& path) {
  const std::string& commit = tree.commit().id;
  const std::optional<std::string> text = tree.read(path);
  if (!text) {
    throw Error{Fault::kConfiguration,
                fmt::format("there is no file {} at commit {}", printable(path), commit),
                "--schema-rules repository:PATH is a path from the root of the repository, at the "
                "ref that is checked"};
  }
  try {
    return std::make_shared<const schema::Rules>(schema::read_rules(*text, path));
  } catch (const Error& error) {
    throw Error{error.fault, fmt::format("{} (at commit {})", error.what(), commit), error.hint};
  }
}

}  // namespace drift::check
