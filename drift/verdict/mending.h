// Statements that would mend a version table. They are printed for a person to judge and to run;
// nothing in this program ever runs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drift::production {
struct VersionTable;
}
namespace drift::verdict {

// Names and values are quoted, whatever they hold, and each statement ends in a semicolon.

// Deletes the rows that hold one of `revisions` (not empty).
std::string delete_rows_sql(const production::VersionTable& table,
                            const std::vector<std::string>& revisions);

// Deletes all but one of the rows that hold the same one of `revisions` (not empty).
std::string delete_duplicates_sql(const production::VersionTable& table,
                                  const std::vector<std::string>& revisions);

// Writes `right` where `wrong` stands.
std::string update_row_sql(const production::VersionTable& table, const std::string& wrong,
                           const std::string& right);

// "if ID is what was applied, run: ...": `id` written where `row` stands, or the row deleted where
// the id has a row of its own, for the primary key would refuse a second one.
std::string replace_row_action(const production::VersionTable& table, const std::string& row,
                               const std::string& id);

// ------------------------------------------------------------- text that a printed command carries

// `text` as one word of a POSIX shell, quoted where it needs to be: a row or a schema may be named
// anything, and people paste the commands that we print.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02_02
std::string shell_word(std::string_view text);

}  // namespace drift::verdict
