#include "drift/schema/statements/live_catalog.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/schema/identifiers.h"
#include "drift/schema/object.h"

namespace drift::schema {
namespace {

// Between the first `open` and the first `close` behind it.
std::string_view between(std::string_view text, std::string_view open, std::string_view close) {
  const std::size_t begin = text.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = text.find(close, begin + open.size());
  if (end == std::string_view::npos) return {};
  return text.substr(begin + open.size(), end - begin - open.size());
}

std::vector<std::string> columns_in(std::string_view list) {
  std::vector<std::string> columns;
  for (const auto& parts : names_in_list(list)) {
    if (parts.size() == 1) columns.push_back(parts[0]);
  }
  return columns;
}

std::string renamed(const Sides& sides, const std::string& schema, const std::string& table) {
  const auto found = sides.tables.find({schema, table});
  return schema + '.' + (found == sides.tables.end() ? table : found->second);
}

// FOREIGN KEY (a, b) REFERENCES app.t(c, d), as PostgreSQL deparses it.
void take_foreign_key(const Object& object, const Sides& sides, pending::KnownCatalog& catalog) {
  const std::string_view definition = object.structure("definition");
  const auto referred = name_parts(between(definition, ") REFERENCES ", "("));
  if (referred.size() != 2) return;
  catalog.foreign_keys.push_back({renamed(sides, object.schema, object.object), object.name,
                                  columns_in(between(definition, "(", ")")),
                                  renamed(sides, referred[0], referred[1])});
}

void take(const Object& object, const std::string& table, pending::KnownCatalog& catalog) {
  if (object.kind == "index") {
    catalog.indexes.push_back({object.schema + '.' + object.name, table});
  } else if (object.kind == "column") {
    catalog.columns.push_back({table, object.name, std::string(object.structure("type")),
                               object.structure("not_null") == "yes"});
  } else if (object.kind == "constraint") {
    constexpr std::string_view kBegin = "CHECK ((", kEnd = " IS NOT NULL))";
    const std::string_view definition = object.structure("definition");
    if (!definition.starts_with(kBegin) || !definition.ends_with(kEnd)) return;
    const auto column = name_parts(
        definition.substr(kBegin.size(), definition.size() - kBegin.size() - kEnd.size()));
    if (column.size() != 1) return;
    catalog.not_null_checks.push_back(
        {table, object.name, column[0], object.structure("not_validated").empty()});
  }
}

}  // namespace

pending::KnownCatalog live_catalog(const Comparison& comparison, const Snapshot& live,
                                   const Sides& sides) {
  std::set<std::pair<std::string, std::string>> tables;
  for (const Finding& finding : comparison.findings) {
    if (finding.fails)
      tables.emplace(finding.schema, finding.on.empty() ? finding.name : finding.on);
  }
  pending::KnownCatalog catalog;
  for (const auto& [schema, table] : tables) {
    const std::string name = renamed(sides, schema, table);
    for (const Object* object : sides.live.on(schema, table)) take(*object, name, catalog);
  }
  // Those of every table: what refers to one of these is locked with it.
  constexpr std::string_view kForeignKey = "\"definition\":\"FOREIGN KEY (";
  for (const std::string_view line : live.lines) {
    if (line.find(kForeignKey) == std::string_view::npos) continue;
    if (const auto object = read_line(line)) take_foreign_key(*object, sides, catalog);
  }
  return catalog;
}

}  // namespace drift::schema
