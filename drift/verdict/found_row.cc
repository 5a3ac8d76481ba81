#include "drift/verdict/found_row.h"

#include <fmt/format.h>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/verdict/mending.h"
#include "drift/verdict/where_found.h"

namespace drift::verdict {
namespace {

using migrations::FoundRevision;

std::string common_base(const Standing& standing, const std::string& ref) {
  const auto& base = standing.common_base;
  if (base.empty()) return fmt::format("Production and {} have no revision in common.", ref);
  return fmt::format("{} {} that production and {} have in common.", quoted(base, 5),
                     base.size() == 1 ? "is the last revision" : "are the last revisions", ref);
}

// A line that was cut off: its branch still has it, but the ref gave it up.
std::string after_removal(const std::string& row, const FoundRevision& found,
                          const production::VersionTable& table) {
  const migrations::Removal& removed = *found.removed;
  if (removed.other && !removed.other->empty()) {
    return "where these are two migrations, give the one that was applied its file back; " +
           replace_row_action(table, row, *removed.other);
  }
  std::string text;
  if (!found.lineages.empty()) {
    text = fmt::format("see the file with `git show {}`; ",
                       shell_word(found.lineages.front().commit.substr(0, 12) + ":" + found.file));
  }
  return text +
         "where a migration took its place (a squash), `alembic stamp --purge REVISION` with that "
         "one mends the row, but only a person who has compared the schema with it may say so; "
         "where none did, restore the file or write a migration that does the same";
}

std::string action_for(const std::string& row, const FoundRevision& found, const std::string& ref,
                       const std::variant<Standing, Doubt>& standing, bool ahead,
                       const production::VersionTable& table) {
  if (found.outside_folders) {
    return "name the folder of the file in version_locations of the Alembic configuration, or pass "
           "it with --versions-path";
  }
  if (found.removed) return after_removal(row, found, table);
  const std::string place = printable(names_of(found.tips).front());
  const std::string compare = fmt::format(
      "`--ref {}` compares with that place; do not downgrade before you know who needs it",
      shell_word(place));
  if (std::holds_alternative<Doubt>(standing)) {
    return fmt::format("find out who ran {} in production, and from which commit; {}", quoted(row),
                       compare);
  }
  const std::string merge =
      ahead ? fmt::format("merge {} into {} or deploy it", place, ref)
            : fmt::format("merge {} into {} and join the heads with `alembic merge heads`", place,
                          ref);
  return fmt::format(
      "find out who ran {} in production; {}, for Alembic from {} alone stops at \"Can't locate "
      "revision\"; {}",
      quoted(row), merge, ref, compare);
}

}  // namespace

FoundRow found_row(const std::string& row, const FoundRevision& found, const Elsewhere& elsewhere,
                   const std::variant<Standing, Doubt>& standing, bool ahead,
                   const production::VersionTable& table) {
  const std::string ref = printable(elsewhere.ref);
  std::string message = fmt::format("version row {}{} {} ", quoted(row), shown_message(found),
                                    where_found(found, ref, elsewhere.search.shallow));
  if (const auto* doubt = std::get_if<Doubt>(&standing)) {
    message += fmt::format("What of {} is applied cannot be told: {}", ref, doubt->reason);
  } else if (ahead) {
    message += fmt::format("Every head of {} is applied.", ref);
  } else {
    message += common_base(std::get<Standing>(standing), ref);
  }
  return {std::move(message), action_for(row, found, ref, standing, ahead, table)};
}

FoundRow row_found_nowhere(const std::string& row, const UnknownRows::Explanation& told,
                           const FoundRevision& found, const Elsewhere& elsewhere) {
  const std::string where = where_found(found, printable(elsewhere.ref), elsewhere.search.shallow);
  if (!told.likeness.empty()) {
    return {fmt::format("version row {} is not a revision of this ref{}. The row as it stands {}",
                        quoted(row), told.likeness, where),
            told.action};
  }
  return {fmt::format("version row {} {}", quoted(row), where),
          "check that this is the right database and the right script directory (--database, "
          "--version-table, --script-location); if they are, ask who migrated it, for the branch "
          "may never have been pushed"};
}

}  // namespace drift::verdict
