// What a finding says of a version row that was looked for in the whole repository.
#pragma once

#include <string>
#include <variant>

#include "drift/verdict/standing.h"
#include "drift/verdict/unknown_row.h"

namespace drift::production {
struct VersionTable;
}

namespace drift::verdict {

struct FoundRow {
  std::string message, action;
};

// `found` is that of `row` in `elsewhere`; it was found elsewhere or removed.
FoundRow found_row(const std::string& row, const migrations::FoundRevision& found,
                   const Elsewhere& elsewhere, const std::variant<Standing, Doubt>& standing,
                   bool ahead, const production::VersionTable& table);

// Of a row that was found in no commit. `told` is what UnknownRows says of it.
FoundRow row_found_nowhere(const std::string& row, const UnknownRows::Explanation& told,
                           const migrations::FoundRevision& found, const Elsewhere& elsewhere);

}  // namespace drift::verdict
