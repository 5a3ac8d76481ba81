// Schemas as they should be: snapshots by their version rows, and what people accepted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/schema/acceptance.h"
#include "drift/schema/snapshot.h"
#include "reporters/store.h"

namespace drift::reporters {

// In a store:
//   recorded/ROWS.json                  a snapshot of a database at exactly these version rows
//   accepted/TARGET/ROWS.json           who accepted the target's schema at these rows, and why
//   accepted/TARGET/ROWS.ROOT.schema    that schema, a snapshot too
// ROWS is the rows joined by '+', or their SHA-256 where they could not be part of a file's name.
// Version rows are sorted, distinct and not empty. Besides what is said, all throw as Store.
class SchemaArchive {
 public:
  explicit SchemaArchive(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  // A snapshot, and where it lies, for people.
  struct Found {
    schema::Snapshot snapshot;
    std::string place;
  };

  // What was recorded for these rows; nothing where there is none. Throws Error{kReportUnreadable,
  // kUnsupported} for what is no snapshot, was edited, is of a newer format, or is of other rows.
  std::optional<Found> recorded(const std::vector<std::string>& rows, const Stop& stop);
  std::string place_of_recorded(const std::vector<std::string>& rows) const;

  enum class Recording { kNew, kSameAlready, kReplaced };
  // Throws Error{kReportNotStored} where another schema lies there and is not to be replaced.
  Recording record(const schema::Snapshot& snapshot, bool replace, const Stop& stop);

  // Throws Error{kReportUnreadable} where what lies there is no acceptance of these rows.
  std::optional<schema::Acceptance> acceptance(const std::string& target,
                                               const std::vector<std::string>& rows,
                                               const Stop& stop);
  // What was accepted. Throws as `recorded`, and Error{kReportUnreadable} where it is gone or is
  // not what was accepted.
  Found accepted(const schema::Acceptance& acceptance, const Stop& stop);

  // Writes the snapshot, then who accepted it; returns where the latter lies, for people.
  std::string accept(schema::Acceptance& acceptance, const schema::Snapshot& snapshot,
                     const Stop& stop);
  // In the place of what is there.
  std::string change(const schema::Acceptance& acceptance, const Stop& stop);

  // Of `target`, or of all where it is "": by target, then by rows. What cannot be read is a name
  // alone, in `unreadable`.
  struct Accepted {
    std::vector<schema::Acceptance> all;
    std::vector<std::string> unreadable;
  };
  Accepted all_accepted(const std::string& target, const Stop& stop);

 private:
  Found found(const std::string& name, std::string text, const std::vector<std::string>& rows);

  std::unique_ptr<Store> store_;
};

// The archive in `url`, as make_store. Nothing is read yet.
// Throws Error{kUsage} for a place that is none.
SchemaArchive open_schemas(const std::string& url, const ReportOptions& options,
                           const aws::SessionSource& session);

}  // namespace drift::reporters
