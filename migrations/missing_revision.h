// The problem "a file refers to a revision that no file declares", and what may have been meant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/alembic/problem.h"
#include "migrations/revision.h"

namespace drift::migrations {

// Holds references to what it was made from. The search for what was meant looks at every revision
// for each missing id, so it has a budget for all of them together; when that is spent, hints get
// poorer and nothing gets slower.
class MissingRevision {
 public:
  using LabelOwners = std::map<std::string, std::uint32_t, std::less<>>;

  MissingRevision(const std::vector<Revision>& revisions, const LabelOwners& label_owners)
      : revisions_(revisions), label_owners_(label_owners) {}

  // `child` names `id` as down_revision. There even a branch label is missing: Alembic resolves
  // labels in depends_on only.
  Problem as_parent(const Revision& child, const std::string& id);
  // `dependent` names `id` in depends_on, where neither an id nor a label is meant by it.
  Problem as_dependency(const Revision& dependent, const std::string& id);

 private:
  std::string hint(const Revision& referrer, const std::string& id);
  const Revision* named_like(const Revision& referrer, std::string_view id);
  const Revision* nearest(const Revision& referrer, std::string_view id);

  const std::vector<Revision>& revisions_;
  const LabelOwners& label_owners_;
  std::size_t comparisons_left_ = 1'000'000;
};

}  // namespace drift::migrations
