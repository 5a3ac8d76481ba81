#include "migrations/introductions.h"

#include <algorithm>
#include <chrono>

namespace drift::migrations {
namespace {

using std::chrono::days;

// A day as it is called on the other side of the world, and a migration that was committed late.
constexpr days kMargin{2};
// Where no file says when it was made, and how much further where one lied.
constexpr days kFirstStep{90};
constexpr int kWider = 4;

std::optional<TimePoint> oldest(const std::vector<const Revision*>& revisions) {
  std::optional<TimePoint> result;
  for (const Revision* revision : revisions) {
    const auto created = created_on(*revision);
    if (created && (!result || *created < *result)) result = created;
  }
  return result;
}

}  // namespace

std::optional<TimePoint> created_on(const Revision& revision) {
  constexpr std::size_t kDate = 10;  // "2026-11-20 09:30:00.123456" goes on with the time of day
  return parse_rfc3339(revision.create_date.substr(0, kDate) + "T00:00:00Z");
}

Introductions find_introductions(const GitRepository& repository, const Commit& at,
                                 const std::vector<const Revision*>& revisions, const Stop& stop) {
  std::vector<std::string> paths;
  for (const Revision* revision : revisions) paths.push_back(revision->path);
  Introductions result{repository.introductions(at.id, paths, stop), true};
  if (!repository.fetches()) return result;
  const auto all_found = [&] {
    return std::all_of(result.commits.begin(), result.commits.end(),
                       [](const auto& commit) { return commit.has_value(); });
  };
  const TimePoint tip = at.committed_at;
  const TimePoint first = std::min(oldest(revisions).value_or(tip - kFirstStep), tip) - kMargin;
  const TimePoint further = tip - kWider * (tip - first) - kFirstStep;
  for (const TimePoint since : {first, further, TimePoint{}}) {
    if (all_found()) return result;
    stop.check("asking for the history of the migrations");
    if (!repository.deepen(at.id, since)) {
      result.asked_for_all = false;
      return result;
    }
    result.commits = repository.introductions(at.id, paths, stop);
  }
  return result;
}

}  // namespace drift::migrations
