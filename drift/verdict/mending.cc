#include "drift/verdict/mending.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/sql/sql_text.h"

namespace drift::verdict {
namespace {

std::string quoted_table(const production::VersionTable& table) {
  const std::string name = sql::quoted_identifier(
      table.table.empty() ? production::VersionTableName{}.table : table.table);
  if (table.schema.empty()) return name;
  return sql::quoted_identifier(table.schema) + "." + name;
}

// "= 'a'", or "IN ('a', 'b')".
std::string is_one_of(const std::vector<std::string>& revisions) {
  if (revisions.size() == 1) return "= " + sql::quoted_literal(revisions.front());
  std::string list;
  for (const std::string& revision : revisions) {
    if (!list.empty()) list += ", ";
    list += sql::quoted_literal(revision);
  }
  return "IN (" + list + ")";
}

}  // namespace

std::string delete_rows_sql(const production::VersionTable& table,
                            const std::vector<std::string>& revisions) {
  return fmt::format("DELETE FROM {} WHERE version_num {};", quoted_table(table),
                     is_one_of(revisions));
}

std::string delete_duplicates_sql(const production::VersionTable& table,
                                  const std::vector<std::string>& revisions) {
  // Equal rows differ in nothing but where they lie: in which table, where others inherit from this
  // one or are its partitions, and where in it.
  // https://www.postgresql.org/docs/current/ddl-system-columns.html
  const std::string name = quoted_table(table);
  return fmt::format(
      "DELETE FROM {} AS extra USING {} AS kept WHERE extra.version_num = kept.version_num AND "
      "(extra.tableoid, extra.ctid) > (kept.tableoid, kept.ctid) AND extra.version_num {};",
      name, name, is_one_of(revisions));
}

std::string update_row_sql(const production::VersionTable& table, const std::string& wrong,
                           const std::string& right) {
  return fmt::format("UPDATE {} SET version_num = {} WHERE version_num = {};", quoted_table(table),
                     sql::quoted_literal(right), sql::quoted_literal(wrong));
}

std::string replace_row_action(const production::VersionTable& table, const std::string& row,
                               const std::string& id) {
  const bool has_row = std::find(table.rows.begin(), table.rows.end(), id) != table.rows.end();
  return fmt::format("if {} is what was applied, run: {}", quoted(id),
                     has_row ? delete_rows_sql(table, {row}) : update_row_sql(table, row, id));
}

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == ':';
  });
  if (plain) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

}  // namespace drift::verdict
