// Which revisions of a ref a database has, as far as its version rows tell.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drift/production/version_table.h"

namespace drift::migrations {
class RevisionGraph;
}

namespace drift::check {

// The rows of a version table, or why there are none to go by.
struct VersionRows {
  std::optional<std::vector<std::string>> rows;
  std::string why_not;
};

// A table that is missing or empty tells nothing: it may be another one that counts.
VersionRows version_rows_of(const production::VersionTable& table);

class AppliedRevisions {
 public:
  AppliedRevisions() = default;
  AppliedRevisions(const migrations::RevisionGraph& graph, const VersionRows& rows);

  // Whether the database has it; nothing where that is not known: the rows were not read, or one of
  // them is no revision of the ref, so that nobody knows what came before it.
  std::optional<bool> has(const std::string& revision) const;

  // Why it is not known of every revision; "" where it is.
  const std::string& why_not() const { return why_not_; }

 private:
  std::set<std::string> applied_;
  std::string why_not_ = "no database was asked";
};

}  // namespace drift::check
