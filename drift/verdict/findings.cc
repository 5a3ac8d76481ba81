#include "drift/verdict/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/production/version_table.h"
#include "drift/sql/sql_text.h"
#include "drift/verdict/found_row.h"
#include "drift/verdict/mending.h"
#include "drift/verdict/unknown_row.h"

namespace drift::verdict {
namespace {

using migrations::RevisionGraph;

// A statement over more rows than this would be longer than anyone reads; the next check prints
// the next one.
constexpr std::size_t kRowsInStatement = 1000;

void add(std::vector<Finding>& findings, std::string kind, Severity severity, std::string message,
         std::string action, std::vector<std::string> subjects) {
  std::sort(subjects.begin(), subjects.end());
  std::string print = fingerprint(kind, subjects);
  findings.push_back({std::move(kind), severity, std::move(print), std::move(message),
                      std::move(action), std::move(subjects)});
}

// Calls `one(row)` for the first kFoundSingly rows and `rest(rows)` once for all others.
template <typename Row, typename One, typename Rest>
void singly_then_together(const std::vector<Row>& rows, One one, Rest rest) {
  const std::size_t singly = std::min(rows.size(), kFoundSingly);
  for (std::size_t i = 0; i < singly; ++i) one(rows[i]);
  if (singly < rows.size()) {
    rest(std::vector<Row>(rows.begin() + static_cast<std::ptrdiff_t>(singly), rows.end()));
  }
}

std::vector<std::string> at_most(std::vector<std::string> rows, std::size_t count) {
  if (rows.size() > count) rows.resize(count);
  return rows;
}

// The first few, as people write them in SQL.
std::string some_tenants(const std::vector<std::string>& tenants) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::string> names;
  for (const std::string& tenant : at_most(tenants, kNamed)) {
    names.push_back(sql::display_identifier(tenant));
  }
  const std::size_t rest = tenants.size() - names.size();
  return joined(names) + (rest == 0 ? "" : fmt::format(" and {} more", rest));
}

std::string shown_name(const production::VersionTable& table) {
  if (!table.qualified_name.empty()) return table.qualified_name;
  return table.table.empty() ? production::VersionTableName{}.table : table.table;
}

// The schema of the first table of `elsewhere` where that has the very name looked for, else "".
// The names there are quoted as SQL where they need it, and an option takes them bare.
std::string schema_of_namesake(const production::VersionTable& table) {
  if (table.elsewhere.empty()) return "";
  const std::string name = table.table.empty() ? production::VersionTableName{}.table : table.table;
  const std::string ending = fmt::format(".{}", sql::display_identifier(name));
  std::string schema = table.elsewhere.front();
  if (schema.size() <= ending.size() || !schema.ends_with(ending)) return "";
  schema.resize(schema.size() - ending.size());
  if (schema.size() < 2 || schema.front() != '"') return schema;
  std::string bare;
  for (std::size_t i = 1; i + 1 < schema.size(); ++i) {
    bare += schema[i];
    if (schema[i] == '"') ++i;  // a quote inside is doubled
  }
  return bare;
}

}  // namespace

std::string fingerprint(const std::string& kind, const std::vector<std::string>& subjects) {
  std::string text = fmt::format("{}:{}", kind.size(), kind);
  for (const std::string& subject : subjects) {
    text += fmt::format(",{}:", subject.size());
    text += subject;
  }
  return aws::sha256_hex(text).substr(0, 16);
}

void find_missing_table(const production::VersionTable& table, std::vector<Finding>& findings) {
  const std::string schema = schema_of_namesake(table);
  const std::string action =
      schema.empty()
          ? "check that this is the right database and that --version-table and "
            "--version-table-schema say what env.py says; a database that was never migrated is "
            "filled with `alembic upgrade heads`, one that was built without Alembic is adopted "
            "with `alembic stamp REVISION`"
          : fmt::format(
                "{} has the same name: if that is the one, run again with "
                "--version-table-schema {}",
                table.elsewhere.front(), shell_word(schema));
  add(findings, "version_table_missing", Severity::kCritical,
      fmt::format("there is no version table {}", shown_name(table)), action, {shown_name(table)});
}

void find_empty_table(const production::VersionTable& table, std::vector<Finding>& findings) {
  add(findings, "version_table_empty", Severity::kCritical,
      fmt::format("the version table {} has no rows", shown_name(table)),
      "a database that was never migrated is filled with `alembic upgrade heads`; where its tables "
      "are there already, find out which revision they match and record it with `alembic stamp "
      "REVISION`",
      {shown_name(table)});
}

void find_unknown_rows(const RevisionGraph& graph, const production::VersionTable& table,
                       const std::vector<std::string>& rows, const Elsewhere* elsewhere,
                       const std::variant<Standing, Doubt>& standing, bool ahead,
                       std::vector<Finding>& findings) {
  const UnknownRows explain(graph, table);
  const auto told_of = [&](const std::string& row) -> FoundRow {
    UnknownRows::Explanation told = explain(row);
    const migrations::FoundRevision* found = elsewhere == nullptr ? nullptr : elsewhere->find(row);
    if (found != nullptr) {
      return found->where == migrations::FoundRevision::Where::kNowhere
                 ? row_found_nowhere(row, told, *found, *elsewhere)
                 : found_row(row, *found, *elsewhere, standing, ahead, table);
    }
    const std::string searched =
        elsewhere == nullptr || elsewhere->ended_because.empty() || !told.worth_a_search
            ? "only this ref was searched"
            : "the other branches and history were not searched to the end: " +
                  elsewhere->ended_because;
    return {fmt::format("version row {} is not a revision of this ref{}; {}", quoted(row),
                        told.likeness, searched),
            std::move(told.action)};
  };
  singly_then_together(
      rows,
      [&](const std::string& row) {
        FoundRow told = told_of(row);
        add(findings, "unknown_revision", Severity::kCritical, std::move(told.message),
            std::move(told.action), {row});
      },
      [&](const std::vector<std::string>& rest) {
        add(findings, "unknown_revision", Severity::kCritical,
            fmt::format("{} more version rows are not revisions of this ref: {}; only this ref was "
                        "searched",
                        rest.size(), quoted(rest)),
            "check that this is the right database and the right script directory", rest);
      });
}

void find_redundant_rows(const production::VersionTable& table,
                         const std::vector<Standing::Redundant>& rows,
                         std::vector<Finding>& findings) {
  singly_then_together(
      rows,
      [&](const Standing::Redundant& entry) {
        add(findings, "redundant_row", Severity::kCritical,
            fmt::format("version row {} is redundant: it is an ancestor of version row {}",
                        quoted(entry.row), quoted(entry.covered_by)),
            fmt::format("Alembic refuses to upgrade from both; once you are sure that {} was "
                        "applied, run: {}",
                        quoted(entry.covered_by), delete_rows_sql(table, {entry.row})),
            {entry.row});
      },
      [&](const std::vector<Standing::Redundant>& rest) {
        std::vector<std::string> ids;
        for (const Standing::Redundant& entry : rest) ids.push_back(entry.row);
        add(findings, "redundant_row", Severity::kCritical,
            fmt::format("{} more version rows are redundant, being ancestors of others: {}",
                        ids.size(), quoted(ids)),
            fmt::format("once you are sure that the others were applied, run: {}",
                        delete_rows_sql(table, at_most(ids, kRowsInStatement))),
            ids);
      });
}

void find_duplicate_rows(const production::VersionTable& table,
                         const std::vector<std::string>& rows, std::vector<Finding>& findings) {
  const auto keep_one = [&table](const std::vector<std::string>& of) {
    const std::string advice =
        "an upgrade stops where it would change one row and meets several; keep one of each and "
        "give the table a primary key on version_num";
    // What no database can hold, no statement can name.
    const bool can_be_written = std::none_of(of.begin(), of.end(), [](const std::string& row) {
      return row.find('\0') != std::string::npos;
    });
    if (!can_be_written) return advice;
    return fmt::format("{}: {}", advice,
                       delete_duplicates_sql(table, at_most(of, kRowsInStatement)));
  };
  singly_then_together(
      rows,
      [&](const std::string& row) {
        add(findings, "duplicate_row", Severity::kCritical,
            fmt::format("version row {} stands {} times in {}", quoted(row),
                        std::count(table.rows.begin(), table.rows.end(), row), shown_name(table)),
            keep_one({row}), {row});
      },
      [&](const std::vector<std::string>& rest) {
        add(findings, "duplicate_row", Severity::kCritical,
            fmt::format("{} more version rows stand several times in {}: {}", rest.size(),
                        shown_name(table), quoted(rest)),
            keep_one(rest), rest);
      });
}

void find_pending_revisions(const RevisionGraph& graph,
                            const std::vector<RevisionGraph::Index>& pending, Obstacle obstacle,
                            std::vector<Finding>& findings) {
  constexpr const char* kUpgrade = "apply with `alembic upgrade heads`";
  std::vector<std::string> ids;
  for (const RevisionGraph::Index index : pending) ids.push_back(graph.at(index).id);
  std::string action = kUpgrade;
  if (obstacle == Obstacle::kRows) {
    action = fmt::format(
        "mend the version rows first, for Alembic cannot upgrade from them as they are; then {}",
        kUpgrade);
  } else if (obstacle == Obstacle::kUnknownRow) {
    action = fmt::format(
        "see to the unknown row first, for Alembic cannot upgrade from a revision that it does not "
        "have; then {}",
        kUpgrade);
  }
  add(findings, "pending_revisions", Severity::kWarning,
      fmt::format("{} not applied: {}",
                  ids.size() == 1 ? "1 revision is" : fmt::format("{} revisions are", ids.size()),
                  quoted(ids)),
      std::move(action), ids);
}

void find_tenants(Status status, const std::vector<std::string>& tenants, std::size_t of,
                  std::vector<Finding>& findings) {
  const std::string some = fmt::format("{} of {}", tenants.size(), counted(of, "tenant"));
  const char* are = tenants.size() == 1 ? "is" : "are";
  const char* have = tenants.size() == 1 ? "has" : "have";
  const std::string names = some_tenants(tenants);
  constexpr const char* kEach = "the report's tenants say what each one has";
  switch (status) {
    case Status::kBehind:
      add(findings, "tenants_behind", Severity::kWarning,
          fmt::format("{} {} behind: {}", some, are, names),
          fmt::format("upgrade them as your deploy does, schema by schema; {}", kEach), tenants);
      return;
    case Status::kUnversioned:
      add(findings, "tenants_unversioned", Severity::kCritical,
          fmt::format("{} {} no version rows: {}", some, have, names),
          "find out whether they were ever migrated; `alembic stamp` where they were", tenants);
      return;
    case Status::kInconsistent:
      add(findings, "tenants_inconsistent", Severity::kCritical,
          fmt::format("{} {} rows that contradict one another: {}", some, have, names),
          fmt::format("check each with --version-table-schema NAME, which says what to do; {}",
                      kEach),
          tenants);
      return;
    case Status::kError:
      add(findings, "tenants_unread", Severity::kCritical,
          fmt::format("{} could not be read: {}", some, names),
          "the report's tenants say why each one could not", tenants);
      return;
    default:
      add(findings, "tenants_unknown_revision", Severity::kCritical,
          fmt::format("{} {} a revision that this ref does not have: {}", some, have, names),
          fmt::format("look for the revisions with `schema-drift explain`; {}", kEach), tenants);
  }
}

void find_schema_drift(const std::vector<SchemaDifference>& differences,
                       const std::string& expected, std::vector<Finding>& findings) {
  const std::string action = fmt::format(
      "find out who changed it. Where production is to stay as it is, put the difference into a "
      "migration, or accept it (schema-drift schema accept); else bring production back. "
      "schema-drift schema diff {} DATABASE shows it whole",
      printable(expected));
  singly_then_together(
      differences,
      [&](const SchemaDifference& one) {
        add(findings, "schema_drift", Severity::kCritical, one.sentence, action, {one.subject});
        findings.back().fingerprint = one.fingerprint;
      },
      [&](const std::vector<SchemaDifference>& rest) {
        std::vector<std::string> prints;
        for (const SchemaDifference& one : rest) prints.push_back(one.fingerprint);
        add(findings, "schema_drift", Severity::kCritical,
            fmt::format("{} in the schema, in the report: {} and so on",
                        counted(rest.size(), "more difference"), rest.front().sentence),
            action, std::move(prints));
      });
}

void find_gone_tenants(const std::vector<std::string>& tenants, std::vector<Finding>& findings) {
  add(findings, "tenants_gone", Severity::kCritical,
      fmt::format("{} of the last report {} gone: {}", counted(tenants.size(), "tenant"),
                  tenants.size() == 1 ? "is" : "are", some_tenants(tenants)),
      "find out who took them away; where that was meant, the next report is without them",
      tenants);
}

}  // namespace drift::verdict
