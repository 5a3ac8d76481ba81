#include <fmt/format.h>

#include <array>
#include <optional>

#include "drift/schema/identifiers.h"
#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

const std::string& expected_name(const Finding& finding) { return finding.name; }

std::string alter(const Finding& finding, const Sides& sides, std::string_view what) {
  return fmt::format("ALTER TABLE {} {}", qualified(finding.schema, sides.table(finding)), what);
}

Steps inheritance(const Finding& finding, const Sides& sides) {
  const std::string table = sides.table(finding);
  const Object* should = sides.expected.find("table", finding.schema, table);
  const Object* is = sides.live.find("table", finding.schema, finding.name);
  if (should == nullptr || is == nullptr) return {without("it is no plain table on both sides")};
  const std::string name = qualified(finding.schema, table);
  std::vector<std::string> sql;
  const auto leave = [&](const Object& object) {
    const std::string_view from = object.structure("inherits");
    if (from.empty()) return;
    sql.push_back(object.structure("partition_bound").empty()
                      ? fmt::format("ALTER TABLE {} NO INHERIT {}", name, from)
                      : fmt::format("ALTER TABLE {} DETACH PARTITION {}", from, name));
  };
  const std::string_view to = should->structure("inherits");
  const std::string_view bound = should->structure("partition_bound");
  if (names_in_list(to).size() > 1 || names_in_list(is->structure("inherits")).size() > 1) {
    return {without("it inherits from several tables")};
  }
  leave(*is);
  if (!to.empty()) {
    sql.push_back(bound.empty()
                      ? fmt::format("ALTER TABLE {} INHERIT {}", name, to)
                      : fmt::format("ALTER TABLE {} ATTACH PARTITION {} {}", to, name, bound));
  }
  Step one = step(kTables, std::move(sql));
  one.atomic = one.sql.size() > 1;
  one.key = "inheritance of " + name;
  return {one};
}

Steps changed_table(const Finding& finding, const Sides& sides) {
  const std::string& property = finding.property;
  const std::string& should = finding.expected;
  const bool wanted = !should.empty();
  const auto one = [&](std::string_view what, Phase phase = kTables) {
    return Steps{step(phase, {alter(finding, sides, what)})};
  };
  if (property == "inherits" || property == "partition_bound") return inheritance(finding, sides);
  if (property == "unlogged") {
    Steps steps = one(wanted ? "SET UNLOGGED" : "SET LOGGED");
    if (wanted) steps[0].removes = "a crash of the server empties an unlogged table";
    return steps;
  }
  if (property == "row_security") {
    return one(wanted ? "ENABLE ROW LEVEL SECURITY" : "DISABLE ROW LEVEL SECURITY", kPrograms);
  }
  if (property == "row_security_forced") {
    return one(wanted ? "FORCE ROW LEVEL SECURITY" : "NO FORCE ROW LEVEL SECURITY", kPrograms);
  }
  if (property == "of_type") return one(wanted ? "OF " + should : std::string("NOT OF"));
  if (property == "access_method" && sides.major() >= 15) {
    return one("SET ACCESS METHOD " + (wanted ? should : std::string("heap")));
  }
  if (property == "tablespace") {
    return one("SET TABLESPACE " + (wanted ? written_name(should) : "pg_default"), kTuning);
  }
  if (property == "replica_identity") {
    if (should != "index") {
      return one(should == "full"      ? "REPLICA IDENTITY FULL"
                 : should == "nothing" ? "REPLICA IDENTITY NOTHING"
                                       : "REPLICA IDENTITY DEFAULT",
                 kTuning);
    }
    for (const Object* each : sides.expected.on(finding.schema, sides.table(finding))) {
      if (each->kind == "index" &&
          !property_of(*each, Facet::kTuning, "replica_identity").empty()) {
        return one("REPLICA IDENTITY USING INDEX " + written_name(each->name), kTuning);
      }
    }
  }
  if (property == "options" && finding.facet == Facet::kTuning) {
    std::vector<std::string> sql;
    if (const auto set = options_to_set(should, finding.live); !set.empty()) {
      sql.push_back(alter(finding, sides, fmt::format("SET ({})", set)));
    }
    if (const auto reset = options_to_reset(finding.live, should); !reset.empty()) {
      sql.push_back(alter(finding, sides, fmt::format("RESET ({})", reset)));
    }
    return {step(kTuning, std::move(sql))};
  }
  if (property == "options")
    return {without("a snapshot does not hold the values of such options")};
  return {without(fmt::format("the {} of a table cannot be changed: it has to be made anew",
                              property == "partitioned_by" ? "partition key" : property))};
}

// What the columns of a table have that CREATE TABLE … PARTITION OF, or OF, does not say.
void add_own_columns(const Object& table, const Sides& sides, Steps& steps) {
  const bool said =
      table.structure("partition_bound").empty() && table.structure("of_type").empty();
  const auto parents = names_in_list(table.structure("inherits"));
  const std::string name = qualified(table.schema, table.object);
  for (const Object* each : sides.expected.on(table.schema, table.object)) {
    if (each->kind != "column") continue;
    const Object* parent =
        parents.empty() || parents[0].size() != 2
            ? nullptr
            : sides.expected.find("column", parents[0][0], parents[0][1], each->name);
    const auto differs = [&](std::string_view property) {
      const bool comes_along = said && each->structure("inherited").empty();
      return !comes_along &&
             each->structure(property) != (parent ? parent->structure(property) : "");
    };
    std::vector<std::string> sql;
    const std::string column = written_name(each->name);
    if (differs("default")) {
      const auto value = each->structure("default");
      sql.push_back(
          value.empty()
              ? fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", name, column)
              : fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", name, column, value));
    }
    if (differs("not_null") && !each->structure("not_null").empty()) {
      sql.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", name, column));
    }
    if (!sql.empty()) steps.push_back(step(kColumns, std::move(sql)));
    for (const Property& property : each->properties) {
      if (property.facet != Facet::kTuning) continue;
      Finding tuning;
      tuning.kind = "column";
      tuning.schema = table.schema;
      tuning.on = table.object;
      tuning.name = each->name;
      tuning.facet = Facet::kTuning;
      tuning.property = property.name;
      tuning.expected = property.value;
      tuning.object = *each;
      for (Step& more : column_steps(tuning, sides)) steps.push_back(std::move(more));
    }
  }
}

Steps new_table(const Object& table, const Sides& sides) {
  const auto create = create_table(table, sides.expected);
  if (!create) {
    return {without("a snapshot does not hold the values of a foreign table's options")};
  }
  Steps steps;
  for (const Object* sequence : sides.expected.sequences_of(table.schema, table.object, "")) {
    if (sides.live.find("sequence", sequence->schema, sequence->object) != nullptr) continue;
    for (Step& more : made_anew(*sequence, sides)) steps.push_back(std::move(more));
  }
  Step made = step(kTables, {*create});
  made.notes.push_back("a snapshot does not hold the order of columns: these are sorted by name");
  steps.push_back(std::move(made));
  const std::string name = qualified(table.schema, table.object);
  std::vector<std::string> more;
  if (!table.structure("row_security").empty()) {
    more.push_back(fmt::format("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", name));
  }
  if (!table.structure("row_security_forced").empty()) {
    more.push_back(fmt::format("ALTER TABLE {} FORCE ROW LEVEL SECURITY", name));
  }
  if (!more.empty()) steps.push_back(step(kPrograms, std::move(more)));
  add_own_columns(table, sides, steps);
  return steps;
}

}  // namespace

Steps table_steps(const Finding& finding, const Sides& sides) {
  switch (finding.state) {
    case State::kMissing: return made_anew(finding.object, sides);
    case State::kUnexpected: {
      const auto what = address(finding.kind, finding.schema, finding.name, "");
      return {removal(4, "DROP " + *what, "the table and every row in it")};
    }
    case State::kRenamed: {
      Step one = step(kRenames, {fmt::format("ALTER TABLE {} RENAME TO {}",
                                             qualified(finding.schema, finding.to),
                                             written_name(expected_name(finding)))});
      one.notes.push_back("whatever still uses the other name fails from then on");
      return {one};
    }
    case State::kChanged: break;
  }
  if (finding.kind == "foreign table") {
    return {without("a snapshot does not hold the values of a foreign table's options")};
  }
  return changed_table(finding, sides);
}

Steps made_anew(const Object& object, const Sides& sides) {
  Steps steps;
  const std::string& kind = object.kind;
  if (kind == "table" || kind == "foreign table") {
    steps = new_table(object, sides);
  } else {
    Finding finding;
    finding.kind = kind;
    finding.state = State::kMissing;
    finding.schema = object.schema;
    finding.on = object.name.empty() ? "" : object.object;
    finding.name = object.name.empty() ? object.object : object.name;
    finding.object = object;
    if (kind == "column" || kind == "identity") return {};  // with its table
    steps = kind == "index"                                 ? index_steps(finding, sides)
            : kind == "constraint"                          ? constraint_steps(finding, sides)
            : kind == "view" || kind == "materialized view" ? view_steps(finding, sides)
            : kind == "sequence"                            ? sequence_steps(finding, sides)
            : kind == "enum" || kind == "domain" || kind == "composite type" ||
                    kind == "range type" || kind == "attribute"
                ? type_steps(finding, sides)
            : kind == "schema" || kind == "extension" || kind == "publication"
                ? global_steps(finding, sides)
                : program_steps(finding, sides);
    return steps;
  }
  if (steps.size() == 1 && steps[0].sql.empty()) return steps;
  const auto describe = [&](const Object& each) {
    std::vector<std::string> sql = said_of_new(each, sides);
    if (!sql.empty()) steps.push_back(step(kDescriptions, std::move(sql)));
  };
  describe(object);
  for (const Object* each : sides.expected.on(object.schema, object.object)) {
    if (each->kind == "column") describe(*each);
    if (each->name.empty() || !each->structure("inherited").empty()) continue;
    // The index of a constraint comes with it.
    if (each->kind == "index" && !each->structure("constraint").empty()) continue;
    for (Step& more : made_anew(*each, sides)) steps.push_back(std::move(more));
  }
  return steps;
}

}  // namespace drift::schema
