#include "drift/verdict/unknown_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/verdict/mending.h"

namespace drift::verdict {
namespace {

constexpr std::size_t kLongestInCommand = 100;

constexpr const char* kWriteTheId =
    "find out which revision is applied and write its id into the row";

}  // namespace

UnknownRows::UnknownRows(const migrations::RevisionGraph& graph,
                         const production::VersionTable& table)
    : graph_(graph), table_(table) {
  const auto& revisions = graph.revisions();
  for (migrations::RevisionGraph::Index index = 0; index < revisions.size(); ++index) {
    const auto [entry, is_new] = by_lower_case_.emplace(ascii_lower(revisions[index].id), index);
    if (!is_new && revisions[index].id < graph.at(entry->second).id) entry->second = index;
  }
}

UnknownRows::Explanation UnknownRows::operator()(const std::string& row) const {
  const std::string_view core = trimmed(row);
  if (core.empty()) return {"; it is empty", kWriteTheId};

  if (const auto exact = graph_.find(core)) {
    const std::string& id = graph_.at(*exact).id;
    return {fmt::format("; it is {} with white space around it", quoted(id)),
            replace_row_action(table_, row, id)};
  }
  if (const auto alike = by_lower_case_.find(ascii_lower(core)); alike != by_lower_case_.end()) {
    const std::string& id = graph_.at(alike->second).id;
    return {core == row
                ? fmt::format("; it differs from {} in upper and lower case", quoted(id))
                : fmt::format("; it differs from {} in upper and lower case and in the white space "
                              "around it",
                              quoted(id)),
            replace_row_action(table_, row, id)};
  }
  if (const auto owner = graph_.declares_label(row)) {
    return {fmt::format("; it is a branch label, declared by revision {}",
                        quoted(graph_.at(*owner).id)),
            kWriteTheId};
  }
  if (row == "head" || row == "heads" || row == "base") {
    return {"; it is a word for Alembic's commands", kWriteTheId};
  }
  constexpr std::size_t kShown = 3;
  std::vector<std::string> longer = graph_.abbreviated_by(row, kShown + 1);
  if (longer.size() == 1) {
    return {fmt::format("; it abbreviates {}", quoted(longer.front())),
            replace_row_action(table_, row, longer.front()), true};
  }
  if (!longer.empty()) {
    const bool all_shown = longer.size() <= kShown;
    if (!all_shown) longer.resize(kShown);
    return {all_shown ? fmt::format("; it could abbreviate {}", quoted(longer))
                      : fmt::format("; it could abbreviate {} and others", quoted(longer)),
            kWriteTheId, true};
  }
  return {"",
          fmt::format("`schema-drift explain {}` looks for it in other branches and in history; "
                      "check also that this is the right database",
                      row.size() <= kLongestInCommand ? shell_word(row) : "REVISION"),
          true};
}

}  // namespace drift::verdict
