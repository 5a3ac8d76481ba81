#include "drift/schema/statements/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "drift/schema/identifiers.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kKeywords = {
    {{"table", "TABLE"},
     {"foreign table", "FOREIGN TABLE"},
     {"view", "VIEW"},
     {"materialized view", "MATERIALIZED VIEW"},
     {"sequence", "SEQUENCE"},
     {"schema", "SCHEMA"},
     {"extension", "EXTENSION"},
     {"domain", "DOMAIN"},
     {"enum", "TYPE"},
     {"composite type", "TYPE"},
     {"range type", "TYPE"},
     {"base type", "TYPE"},
     {"statistics", "STATISTICS"},
     {"event trigger", "EVENT TRIGGER"},
     {"publication", "PUBLICATION"},
     {"collation", "COLLATION"},
     {"conversion", "CONVERSION"},
     {"text search configuration", "TEXT SEARCH CONFIGURATION"},
     {"text search dictionary", "TEXT SEARCH DICTIONARY"},
     {"foreign server", "SERVER"}}};

// Reserved, or no name of a function, in one version or another, sorted.
// https://www.postgresql.org/docs/18/sql-keywords-appendix.html
constexpr std::array<std::string_view, 142> kWords = {"all",
                                                      "analyse",
                                                      "analyze",
                                                      "and",
                                                      "any",
                                                      "array",
                                                      "as",
                                                      "asc",
                                                      "asymmetric",
                                                      "authorization",
                                                      "between",
                                                      "bigint",
                                                      "binary",
                                                      "bit",
                                                      "boolean",
                                                      "both",
                                                      "case",
                                                      "cast",
                                                      "char",
                                                      "character",
                                                      "check",
                                                      "coalesce",
                                                      "collate",
                                                      "collation",
                                                      "column",
                                                      "concurrently",
                                                      "constraint",
                                                      "create",
                                                      "cross",
                                                      "current_catalog",
                                                      "current_date",
                                                      "current_role",
                                                      "current_schema",
                                                      "current_time",
                                                      "current_timestamp",
                                                      "current_user",
                                                      "dec",
                                                      "decimal",
                                                      "default",
                                                      "deferrable",
                                                      "desc",
                                                      "distinct",
                                                      "do",
                                                      "else",
                                                      "end",
                                                      "except",
                                                      "exists",
                                                      "extract",
                                                      "false",
                                                      "fetch",
                                                      "float",
                                                      "for",
                                                      "foreign",
                                                      "freeze",
                                                      "from",
                                                      "full",
                                                      "grant",
                                                      "greatest",
                                                      "group",
                                                      "grouping",
                                                      "having",
                                                      "ilike",
                                                      "in",
                                                      "initially",
                                                      "inner",
                                                      "inout",
                                                      "int",
                                                      "integer",
                                                      "intersect",
                                                      "interval",
                                                      "into",
                                                      "is",
                                                      "isnull",
                                                      "join",
                                                      "lateral",
                                                      "leading",
                                                      "least",
                                                      "left",
                                                      "like",
                                                      "limit",
                                                      "localtime",
                                                      "localtimestamp",
                                                      "national",
                                                      "natural",
                                                      "nchar",
                                                      "none",
                                                      "normalize",
                                                      "not",
                                                      "notnull",
                                                      "null",
                                                      "nullif",
                                                      "numeric",
                                                      "offset",
                                                      "on",
                                                      "only",
                                                      "or",
                                                      "order",
                                                      "out",
                                                      "outer",
                                                      "overlaps",
                                                      "overlay",
                                                      "placing",
                                                      "position",
                                                      "precision",
                                                      "primary",
                                                      "real",
                                                      "references",
                                                      "returning",
                                                      "right",
                                                      "row",
                                                      "select",
                                                      "session_user",
                                                      "setof",
                                                      "similar",
                                                      "smallint",
                                                      "some",
                                                      "substring",
                                                      "symmetric",
                                                      "system_user",
                                                      "table",
                                                      "tablesample",
                                                      "then",
                                                      "time",
                                                      "timestamp",
                                                      "to",
                                                      "trailing",
                                                      "treat",
                                                      "trim",
                                                      "true",
                                                      "union",
                                                      "unique",
                                                      "user",
                                                      "using",
                                                      "values",
                                                      "varchar",
                                                      "variadic",
                                                      "verbose",
                                                      "when",
                                                      "where",
                                                      "window",
                                                      "with",
                                                      "xmlattributes"};

}  // namespace

std::string written_name(std::string_view name) {
  if (std::binary_search(kWords.begin(), kWords.end(), name)) return sql::quoted_identifier(name);
  return sql::display_identifier(name);
}

Known::Known(const Snapshot& snapshot) : version_(snapshot.header.server_version_num) {
  for (const std::string_view line : snapshot.lines) {
    std::optional<Object> object = read_line(line);
    if (!object) continue;
    Key key{object->schema, object->object, object->kind, object->name};
    objects_.emplace(std::move(key), std::move(*object));
  }
}

const Object* Known::find(std::string_view kind, const std::string& schema,
                          const std::string& object, const std::string& name) const {
  const auto found = objects_.find(Key{schema, object, std::string(kind), name});
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<const Object*> Known::on(const std::string& schema, const std::string& object) const {
  std::vector<const Object*> all;
  for (auto it = objects_.lower_bound(Key{schema, object, "", ""});
       it != objects_.end() && it->second.schema == schema && it->second.object == object; ++it) {
    all.push_back(&it->second);
  }
  return all;
}

std::vector<const Object*> Known::in(const std::string& schema) const {
  std::vector<const Object*> all;
  for (auto it = objects_.lower_bound(Key{schema, "", "", ""});
       it != objects_.end() && it->second.schema == schema; ++it) {
    all.push_back(&it->second);
  }
  return all;
}

std::string Known::kind_of(const std::string& schema, const std::string& object) const {
  for (const Object* each : on(schema, object)) {
    if (each->name.empty() && each->kind != "statistics") return each->kind;
  }
  return {};
}

std::vector<const Object*> Known::sequences_of(const std::string& schema, const std::string& table,
                                               const std::string& column) const {
  std::vector<const Object*> all;
  for (const auto& [key, object] : objects_) {
    if (object.kind != "sequence") continue;
    const std::vector<std::string> owner = name_parts(object.structure("owned_by"));
    if (owner.size() == 3 && owner[0] == schema && owner[1] == table &&
        (column.empty() || owner[2] == column)) {
      all.push_back(&object);
    }
  }
  return all;
}

std::string_view property_of(const Object& object, Facet facet, std::string_view name) {
  for (const Property& property : object.properties) {
    if (property.facet == facet && property.name == name) return property.value;
  }
  return {};
}

std::string qualified(const std::string& schema, const std::string& name) {
  const std::string last = written_name(name);
  return schema.empty() ? last : written_name(schema) + '.' + last;
}

std::optional<std::string> signature(const std::string& schema, const std::string& object) {
  // The arguments are written as PostgreSQL writes types, the name before them is bare.
  const std::size_t open = object.find('(');
  if (open == std::string::npos || object.find('(', open + 1) != std::string::npos) return {};
  return qualified(schema, object.substr(0, open)) + object.substr(open);
}

std::optional<std::string> address(std::string_view kind, const std::string& schema,
                                   const std::string& object, const std::string& name) {
  const auto* keyword = std::find_if(kKeywords.begin(), kKeywords.end(),
                                     [&](const auto& each) { return each.first == kind; });
  if (keyword != kKeywords.end()) {
    return fmt::format("{} {}", keyword->second, qualified(schema, object));
  }
  if (kind == "function" || kind == "procedure" || kind == "aggregate") {
    const auto with_arguments = signature(schema, object);
    if (!with_arguments) return {};
    const char* word = kind == "function"    ? "FUNCTION"
                       : kind == "procedure" ? "PROCEDURE"
                                             : "AGGREGATE";
    return fmt::format("{} {}", word, *with_arguments);
  }
  if (kind == "cast") return fmt::format("CAST ({})", object);
  if (kind == "operator" && object.find('"') == std::string::npos) {
    return fmt::format("OPERATOR {}.{}", written_name(schema), object);
  }
  if (kind == "operator class" || kind == "operator family") {
    const std::size_t at = object.rfind(" USING ");
    if (at == std::string::npos) return {};
    return fmt::format("OPERATOR {} {}{}", kind == "operator class" ? "CLASS" : "FAMILY",
                       qualified(schema, object.substr(0, at)), object.substr(at));
  }
  if (kind == "column") {
    return fmt::format("COLUMN {}.{}", qualified(schema, object), written_name(name));
  }
  if (kind == "index") return fmt::format("INDEX {}", qualified(schema, name));
  for (const auto& [on_table, word] : {std::pair{"trigger", "TRIGGER"},
                                       {"rule", "RULE"},
                                       {"policy", "POLICY"},
                                       {"constraint", "CONSTRAINT"}}) {
    if (kind == on_table) {
      return fmt::format("{} {} ON {}", word, written_name(name), qualified(schema, object));
    }
  }
  return {};
}

}  // namespace drift::schema
