#include "migrations/missing_revision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "drift/base/nearest.h"
#include "drift/base/text.h"

namespace drift::migrations {
namespace {

std::string_view basename(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

Problem MissingRevision::as_parent(const Revision& child, const std::string& id) {
  Problem problem{
      Fault::kMissingRevision,
      fmt::format("{}: down_revision {} is declared by no file", child.path, quoted(id)),
      "",
      {child.path}};
  const auto owner = label_owners_.find(id);
  if (id.empty()) {
    problem.hint = "a base has down_revision = None";
  } else if (owner != label_owners_.end()) {
    const Revision& labelled = revisions_[owner->second];
    problem.hint =
        fmt::format("it is a branch label of {}; down_revision takes revision ids, such as {}",
                    labelled.path, quoted(labelled.id));
  } else {
    problem.hint = hint(child, id);
  }
  return problem;
}

Problem MissingRevision::as_dependency(const Revision& dependent, const std::string& id) {
  return {
      Fault::kMissingRevision,
      fmt::format("{}: depends_on {} is neither a revision nor a branch label that any file "
                  "declares",
                  dependent.path, quoted(id)),
      id.empty() ? "a revision without dependencies has depends_on = None" : hint(dependent, id),
      {dependent.path}};
}

std::string MissingRevision::hint(const Revision& referrer, const std::string& id) {
  std::string text;
  if (const Revision* file = named_like(referrer, id)) {
    text = fmt::format("{} has that id in its name but declares revision {}", file->path,
                       quoted(file->id));
  } else if (const Revision* revision = nearest(referrer, id)) {
    text = fmt::format("did you mean {} ({})?", quoted(revision->id), revision->path);
  } else {
    text =
        "its file may have been deleted, or stand on another branch or in another versions "
        "folder";
  }
  return text;
}

// A file whose name begins with the id, as `alembic revision` names files, or at least holds it.
const Revision* MissingRevision::named_like(const Revision& referrer, std::string_view id) {
  // "12" stands in too many names by chance.
  const bool long_enough_to_search = id.size() >= 4;
  const Revision* holds_it = nullptr;
  for (const Revision& revision : revisions_) {
    if (comparisons_left_ == 0) break;
    --comparisons_left_;
    // The name of a merge often tells what it merges.
    if (&revision == &referrer) continue;
    const std::string_view name = basename(revision.path);
    if (name.size() > id.size() && name.starts_with(id) &&
        std::isalnum(static_cast<unsigned char>(name[id.size()])) == 0) {
      return &revision;
    }
    if (long_enough_to_search && holds_it == nullptr && name.find(id) != std::string_view::npos) {
      holds_it = &revision;
    }
  }
  return holds_it;
}

// The revision whose id differs by case only, is abbreviated by `id`, or is a few edits away.
const Revision* MissingRevision::nearest(const Revision& referrer, std::string_view id) {
  // One edit for every four characters: of short ids everything is near everything.
  std::size_t limit = std::min<std::size_t>(3, id.size() / 4);
  const Revision* best = nullptr;
  for (const Revision& revision : revisions_) {
    if (comparisons_left_ == 0) break;
    --comparisons_left_;
    if (&revision == &referrer) continue;
    if (id.size() >= 4 && revision.id.starts_with(id)) {
      // As good as a perfect match, but a later one may differ in case only.
      if (best == nullptr || !best->id.starts_with(id)) best = &revision;
      limit = 0;
      continue;
    }
    const std::size_t distance = edit_distance(id, revision.id, limit);
    if (distance > limit) continue;
    if (distance == 0) return &revision;  // but for upper and lower case
    // Ask for a strictly better one from here on, so that ties go to the first file.
    best = &revision;
    limit = distance - 1;
  }
  return best;
}

}  // namespace drift::migrations
