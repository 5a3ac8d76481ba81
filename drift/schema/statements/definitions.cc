#include "drift/schema/statements/definitions.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "drift/base/text.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

std::map<std::string, std::string> options_in(std::string_view options) {
  std::map<std::string, std::string> all;
  for (const std::string_view piece : split(options, ',')) {
    const std::string_view option = trimmed(piece);
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) continue;
    all[std::string(option.substr(0, equals))] = option.substr(equals + 1);
  }
  return all;
}

std::string tail_of(std::string_view text, std::string_view before) {
  return text.empty() ? "" : fmt::format(" {}{}", before, text);
}

// Without the semicolon that deparsed queries end with.
std::string_view without_end(std::string_view text) {
  while (!text.empty() && (text.back() == ';' || text.back() == ' ' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::string options_to_set(std::string_view options, std::string_view but) {
  const auto there = options_in(but);
  std::string text;
  for (const auto& [name, value] : options_in(options)) {
    const auto found = there.find(name);
    if (found != there.end() && found->second == value) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} = {}", name, sql::quoted_literal(value));
  }
  return text;
}

std::string options_to_reset(std::string_view options, std::string_view kept) {
  const auto there = options_in(kept);
  std::string text;
  for (const auto& [name, value] : options_in(options)) {
    if (there.count(name) > 0) continue;
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::string sequence_options(const Object& sequence) {
  const std::string_view increment = sequence.structure("increment");
  const bool down = increment.starts_with('-');
  const std::string_view minimum = sequence.structure("minimum");
  const std::string_view maximum = sequence.structure("maximum");
  std::string_view start = sequence.structure("start");
  if (start.empty()) start = down ? maximum : minimum;
  if (start.empty()) start = down ? "-1" : "1";
  return fmt::format("INCREMENT BY {} {} {} START WITH {} CACHE {} {}",
                     increment.empty() ? "1" : increment,
                     minimum.empty() ? "NO MINVALUE" : fmt::format("MINVALUE {}", minimum),
                     maximum.empty() ? "NO MAXVALUE" : fmt::format("MAXVALUE {}", maximum), start,
                     sequence.structure("cache").empty() ? "1" : sequence.structure("cache"),
                     sequence.structure("cycle").empty() ? "NO CYCLE" : "CYCLE");
}

std::string column_definition(const Object& column, const Object* identity) {
  std::string text = fmt::format("{} {}", written_name(column.name), column.structure("type"));
  text += tail_of(column.structure("collation"), "COLLATE ");
  const std::string_view generated = column.structure("generated");
  if (const std::size_t colon = generated.find(": "); colon != std::string_view::npos) {
    text += fmt::format(" GENERATED ALWAYS AS ({}) {}", generated.substr(colon + 2),
                        generated.starts_with("virtual") ? "VIRTUAL" : "STORED");
  }
  text += tail_of(column.structure("default"), "DEFAULT ");
  if (!column.structure("not_null").empty()) text += " NOT NULL";
  if (const std::string_view how = column.structure("identity"); !how.empty()) {
    text += fmt::format(" GENERATED {} AS IDENTITY", how == "always" ? "ALWAYS" : "BY DEFAULT");
    if (identity != nullptr) text += fmt::format(" ({})", sequence_options(*identity));
  }
  return text;
}

std::optional<std::string> create_table(const Object& table, const Known& known) {
  if (table.kind != "table") return {};
  std::string text =
      fmt::format("CREATE {}TABLE {}", table.structure("unlogged").empty() ? "" : "UNLOGGED ",
                  qualified(table.schema, table.object));
  const std::string_view inherits = table.structure("inherits");
  const std::string_view bound = table.structure("partition_bound");
  if (!bound.empty()) {
    text += fmt::format(" PARTITION OF {} {}", inherits, bound);
  } else if (const std::string_view type = table.structure("of_type"); !type.empty()) {
    text += fmt::format(" OF {}", type);
  } else {
    std::string columns;
    for (const Object* each : known.on(table.schema, table.object)) {
      if (each->kind != "column" || !each->structure("inherited").empty()) continue;
      columns += columns.empty() ? "\n  " : ",\n  ";
      columns +=
          column_definition(*each, known.find("identity", table.schema, table.object, each->name));
    }
    text += fmt::format(" ({}{})", columns, columns.empty() ? "" : "\n");
    if (!inherits.empty()) text += fmt::format(" INHERITS ({})", inherits);
  }
  text += tail_of(table.structure("partitioned_by"), "PARTITION BY ");
  text += tail_of(table.structure("access_method"), "USING ");
  const std::string options = options_to_set(property_of(table, Facet::kTuning, "options"));
  if (!options.empty()) text += fmt::format(" WITH ({})", options);
  if (const auto space = property_of(table, Facet::kTuning, "tablespace"); !space.empty()) {
    text += " TABLESPACE " + written_name(space);
  }
  return text;
}

std::string create_index(const Object& index, bool concurrently, const std::string& name) {
  const std::string_view method = index.structure("method");
  std::string text = fmt::format(
      "CREATE {}INDEX {}{} ON {} USING {} ({})", index.structure("unique").empty() ? "" : "UNIQUE ",
      concurrently ? "CONCURRENTLY " : "", written_name(name.empty() ? index.name : name),
      qualified(index.schema, index.object), method.empty() ? "btree" : method,
      index.structure("keys"));
  if (const auto include = index.structure("include"); !include.empty()) {
    text += fmt::format(" INCLUDE ({})", include);
  }
  if (!index.structure("nulls_not_distinct").empty()) text += " NULLS NOT DISTINCT";
  const std::string options = options_to_set(property_of(index, Facet::kTuning, "options"));
  if (!options.empty()) text += fmt::format(" WITH ({})", options);
  if (const auto space = property_of(index, Facet::kTuning, "tablespace"); !space.empty()) {
    text += " TABLESPACE " + written_name(space);
  }
  if (const auto where = index.structure("where"); !where.empty()) {
    text += fmt::format(" WHERE ({})", where);
  }
  return text;
}

std::optional<std::string> create_function(const Object& function) {
  const std::size_t open = function.object.find('(');
  if (open == std::string::npos) return {};
  const bool procedure = function.kind == "procedure";
  // What is in C, and what supports the planner, is more than a snapshot has.
  if (!function.structure("library").empty() || !function.structure("support").empty()) return {};
  std::string text = fmt::format(
      "CREATE OR REPLACE {} {}({})", procedure ? "PROCEDURE" : "FUNCTION",
      qualified(function.schema, function.object.substr(0, open)), function.structure("arguments"));
  if (!procedure) text += tail_of(function.structure("result"), "RETURNS ");
  text += tail_of(function.structure("language"), "LANGUAGE ");
  if (!function.structure("window").empty()) text += " WINDOW";
  const std::string_view volatility = function.structure("volatility");
  if (!volatility.empty()) text += volatility == "immutable" ? " IMMUTABLE" : " STABLE";
  if (!function.structure("strict").empty()) text += " STRICT";
  if (!function.structure("security_definer").empty()) text += " SECURITY DEFINER";
  if (!function.structure("leakproof").empty()) text += " LEAKPROOF";
  if (const auto parallel = function.structure("parallel"); !parallel.empty()) {
    text += parallel == "safe" ? " PARALLEL SAFE" : " PARALLEL RESTRICTED";
  }
  text += tail_of(property_of(function, Facet::kTuning, "cost"), "COST ");
  text += tail_of(property_of(function, Facet::kTuning, "rows"), "ROWS ");
  if (const auto settings = function.structure("settings"); !settings.empty()) {
    const std::size_t equals = settings.find('=');
    // Two settings, and one whose value is a list, are told alike.
    if (equals == std::string_view::npos || settings.find(',') != std::string_view::npos) return {};
    const std::string_view value = settings.substr(equals + 1);
    text += fmt::format(" SET {} TO {}", settings.substr(0, equals), sql::quoted_literal(value));
  }
  if (const auto body = function.structure("sql_body"); !body.empty()) {
    return text + '\n' + std::string(without_end(body));
  }
  const std::string body(function.structure("body"));
  std::string tag = "$$";
  for (int i = 0; body.find(tag) != std::string::npos || body.ends_with('$'); ++i) {
    tag = fmt::format("$b{}$", i);
    if (i > 9) return {};
    if (body.find(tag) == std::string::npos) break;
  }
  return text + " AS " + tag + body + tag;
}

std::string create_view(const Object& view, bool replace) {
  const bool materialized = view.kind == "materialized view";
  std::string text =
      fmt::format("CREATE {}{} {}", replace ? "OR REPLACE " : "",
                  materialized ? "MATERIALIZED VIEW" : "VIEW", qualified(view.schema, view.object));
  text += tail_of(view.structure("access_method"), "USING ");
  const std::string options = options_to_set(
      materialized ? property_of(view, Facet::kTuning, "options") : view.structure("options"));
  if (!options.empty()) text += fmt::format(" WITH ({})", options);
  return text + " AS\n" + std::string(without_end(view.structure("definition")));
}

std::string create_policy(const Object& policy) {
  std::string text = fmt::format("CREATE POLICY {} ON {}{}", written_name(policy.name),
                                 qualified(policy.schema, policy.object),
                                 policy.structure("restrictive").empty() ? "" : " AS RESTRICTIVE");
  text += tail_of(policy.structure("command"), "FOR ");
  text += tail_of(policy.structure("roles"), "TO ");
  if (const auto condition = policy.structure("using"); !condition.empty()) {
    text += fmt::format(" USING ({})", condition);
  }
  if (const auto check = policy.structure("with_check"); !check.empty()) {
    text += fmt::format(" WITH CHECK ({})", check);
  }
  return text;
}

std::optional<std::string> create_event_trigger(const Object& trigger) {
  std::string text = fmt::format("CREATE EVENT TRIGGER {} ON {}", written_name(trigger.object),
                                 trigger.structure("event"));
  if (const auto tags = trigger.structure("tags"); !tags.empty()) {
    std::string list;
    for (const std::string_view tag : split(tags, ',')) {
      list += (list.empty() ? "" : ", ") + sql::quoted_literal(trimmed(tag));
    }
    text += fmt::format(" WHEN TAG IN ({})", list);
  }
  return text + fmt::format(" EXECUTE FUNCTION {}", trigger.structure("function"));
}

}  // namespace drift::schema
