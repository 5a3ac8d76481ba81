#include "migrations/missing_revision.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

#include "migrations/quoted_id.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kTooFar = std::numeric_limits<std::size_t>::max();
// Longer ids than this are not compared; version_num holds 32 characters.
constexpr std::size_t kLongestCompared = 64;

// Levenshtein distance of two strings of at most kLongestCompared bytes, or kTooFar where it is
// over `limit`. Only the band of cells that can stay within the limit is computed.
std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  if (left.size() > right.size()) std::swap(left, right);
  if (right.size() - left.size() > limit) return kTooFar;
  std::array<std::size_t, kLongestCompared + 1> row;
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    const std::size_t first = i > limit ? i - limit : 1;
    const std::size_t last = std::min(right.size(), i + limit);
    std::size_t diagonal = row[first - 1];
    // Cells outside the band count as over the limit.
    row[first - 1] = first == 1 ? i : limit + 1;
    std::size_t best = row[first - 1];
    for (std::size_t j = first; j <= last; ++j) {
      const std::size_t above = j == i + limit ? limit + 1 : row[j];
      const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, above + 1, row[j - 1] + 1});
      best = std::min(best, row[j]);
    }
    if (best > limit) return kTooFar;
  }
  return row[right.size()] <= limit ? row[right.size()] : kTooFar;
}

bool equal_but_for_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

std::string_view basename(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

Problem MissingRevision::as_parent(const Revision& child, const std::string& id) {
  Problem problem{
      Fault::kMissingRevision,
      fmt::format("{}: down_revision {} is declared by no file", child.path, quoted_id(id)),
      "",
      {child.path}};
  const auto owner = label_owners_.find(id);
  if (id.empty()) {
    problem.hint = "a base has down_revision = None";
  } else if (owner != label_owners_.end()) {
    const Revision& labelled = revisions_[owner->second];
    problem.hint =
        fmt::format("it is a branch label of {}; down_revision takes revision ids, such as {}",
                    labelled.path, quoted_id(labelled.id));
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
                  dependent.path, quoted_id(id)),
      id.empty() ? "a revision without dependencies has depends_on = None" : hint(dependent, id),
      {dependent.path}};
}

std::string MissingRevision::hint(const Revision& referrer, const std::string& id) {
  std::string text;
  if (const Revision* file = named_like(referrer, id)) {
    text = fmt::format("{} has that id in its name but declares revision {}", file->path,
                       quoted_id(file->id));
  } else if (const Revision* revision = nearest(referrer, id)) {
    text = fmt::format("did you mean {} ({})?", quoted_id(revision->id), revision->path);
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
  if (id.size() > kLongestCompared) return nullptr;
  // One edit for every four characters: of short ids everything is near everything.
  std::size_t limit = std::min<std::size_t>(3, id.size() / 4);
  const Revision* best = nullptr;
  for (const Revision& revision : revisions_) {
    if (comparisons_left_ == 0) break;
    --comparisons_left_;
    if (&revision == &referrer || revision.id.size() > kLongestCompared) continue;
    if (equal_but_for_case(id, revision.id)) return &revision;
    if (id.size() >= 4 && revision.id.starts_with(id)) {
      // As good as a perfect match, but a later one may differ in case only.
      if (best == nullptr || !best->id.starts_with(id)) best = &revision;
      limit = 0;
      continue;
    }
    if (limit == 0) continue;
    const std::size_t distance = edit_distance(id, revision.id, limit);
    if (distance == kTooFar) continue;
    // Ask for a strictly better one from here on, so that ties go to the first file.
    best = &revision;
    limit = distance - 1;
  }
  return best;
}

}  // namespace drift::migrations
