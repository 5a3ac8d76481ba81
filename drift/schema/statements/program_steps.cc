#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "drift/base/text.h"
#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/rare_definitions.h"
#include "drift/schema/statements/steps.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

// "disabled", "on replicas", "always" and "" of a trigger, a rule, an event trigger.
const char* enabling(std::string_view state) {
  return state == "disabled"      ? "DISABLE"
         : state == "on replicas" ? "ENABLE REPLICA"
         : state == "always"      ? "ENABLE ALWAYS"
                                  : "ENABLE";
}

std::string enable(const Object& object, std::string_view state) {
  if (object.kind == "event trigger") {
    return fmt::format("ALTER EVENT TRIGGER {} {}", written_name(object.object), enabling(state));
  }
  return fmt::format("ALTER TABLE {} {} {} {}", qualified(object.schema, object.object),
                     enabling(state), object.kind == "rule" ? "RULE" : "TRIGGER",
                     written_name(object.name));
}

// The statements that make it, and what is said of it.
std::optional<std::vector<std::string>> creation(const Object& object, const Sides& sides) {
  const std::string& kind = object.kind;
  std::optional<std::string> create;
  if (kind == "function" || kind == "procedure") create = create_function(object);
  if (kind == "trigger" || kind == "rule" || kind == "statistics") {
    std::string_view definition = object.structure("definition");
    while (definition.ends_with(';')) definition.remove_suffix(1);
    create = std::string(definition);
  }
  if (kind == "policy") create = create_policy(object);
  if (kind == "aggregate") create = create_aggregate(object, /*or_replace=*/false);
  if (kind == "cast") create = create_cast(object);
  if (kind == "collation") create = create_collation(object, sides.expected.version());
  if (kind == "conversion") create = create_conversion(object);
  if (kind == "operator") create = create_operator(object);
  if (kind == "operator class") create = create_operator_class(object);
  if (kind == "operator family") create = create_operator_family(object);
  if (kind == "text search dictionary") create = create_dictionary(object);
  if (kind == "event trigger") create = create_event_trigger(object);
  std::vector<std::string> sql;
  if (create) sql.push_back(std::move(*create));
  if (kind == "text search configuration") {
    if (auto all = create_configuration(object)) sql = std::move(*all);
  }
  if (sql.empty()) return {};
  if (const auto state = object.structure("enabled"); !state.empty()) {
    sql.push_back(enable(object, state));
  }
  if (const auto target = property_of(object, Facet::kTuning, "target"); !target.empty()) {
    sql.push_back(fmt::format("ALTER STATISTICS {} SET STATISTICS {}",
                              qualified(object.schema, object.object), target));
  }
  for (std::string& more : said_of_new(object, sides)) sql.push_back(std::move(more));
  return sql;
}

Phase phase_of(const std::string& kind) {
  // A type or a table may have it, and nothing that is made later is part of it.
  if (kind == "collation") return kExtensions;
  // Made of functions, and what a table, a column or an index may be made of.
  static constexpr std::array<std::string_view, 6> kOfFunctions = {
      "aggregate", "cast", "conversion", "operator", "operator class", "operator family"};
  if (std::find(kOfFunctions.begin(), kOfFunctions.end(), kind) != kOfFunctions.end()) {
    return kTables;
  }
  return kind == "function" || kind == "procedure" || kind == "text search dictionary" ? kFunctions
         : kind == "text search configuration"                                         ? kTables
                                                                                       : kPrograms;
}

Steps not_written(const std::string& kind) {
  return {without(fmt::format("no statement is written for this kind of thing: {}", kind))};
}

// A new body replaces the old one where the arguments and the result are the same.
Steps changed_function(const Finding& finding, const Object& should, const Object& is,
                       const Sides& sides) {
  const auto create = create_function(should);
  if (!create) return {without("a snapshot does not hold all of it")};
  const bool same = should.structure("result") == is.structure("result") &&
                    should.structure("arguments") == is.structure("arguments");
  Step one = step(kFunctions, {*create});
  one.key = "function " + should.schema + '.' + should.object;
  if (!same) {
    // Defaults of arguments are not taken away by OR REPLACE, and names of arguments not changed.
    one.sql.insert(one.sql.begin(),
                   "DROP " + address(finding.kind, should.schema, should.object, "").value_or(""));
    for (std::string& more : said_of_new(should, sides)) one.sql.push_back(std::move(more));
    one.atomic = true;
    one.notes.push_back("refused while something uses it");
  }
  return {one};
}

std::string alter_policy(const Finding& finding, const Object& should) {
  std::string text = fmt::format("ALTER POLICY {} ON {}", written_name(finding.name),
                                 qualified(finding.schema, should.object));
  const std::string_view roles = should.structure("roles");
  text += fmt::format(" TO {}", roles.empty() ? "PUBLIC" : roles);
  if (const auto condition = should.structure("using"); !condition.empty()) {
    text += fmt::format(" USING ({})", condition);
  }
  if (const auto check = should.structure("with_check"); !check.empty()) {
    text += fmt::format(" WITH CHECK ({})", check);
  }
  return text;
}

// The members of a family that a class which is missing brings.
bool brought_by_a_class(const Object& family, const Sides& sides) {
  const std::string name =
      qualified(family.schema, family.object.substr(0, family.object.rfind(" USING ")));
  const auto all = sides.expected.in(family.schema);
  return std::any_of(all.begin(), all.end(), [&](const Object* each) {
    return each->kind == "operator class" && each->structure("family") == name &&
           sides.live.find(each->kind, each->schema, each->object, "") == nullptr;
  });
}

// Nothing where it is made anew like everything else.
std::optional<Steps> changed_rarely(const Finding& finding, const Object& should, const Object& is,
                                    const Sides& sides) {
  const std::string& kind = finding.kind;
  const std::string key = kind + ' ' + finding.schema + '.' + finding.name;
  std::vector<std::string> sql;
  if (kind == "aggregate") {
    if (auto create = create_aggregate(should, /*or_replace=*/true)) sql = {std::move(*create)};
  } else if (kind == "text search configuration" && finding.property == "mappings") {
    if (auto all = mapping_changes(should, is)) sql = std::move(*all);
  } else if (kind == "text search dictionary" && finding.property == "options") {
    if (auto alter = dictionary_options(should, is)) sql = {std::move(*alter)};
  } else if (kind == "operator family" && brought_by_a_class(should, sides)) {
    return Steps{follows("the class that is missing brings them")};
  } else if (kind != "cast" && kind != "collation" && kind != "conversion" && kind != "operator" &&
             !kind.starts_with("operator ") && !kind.starts_with("text search ")) {
    return {};
  }
  // What it is part of would have to be taken away first.
  if (sql.empty()) return not_written(kind);
  Step one = step(phase_of(kind), std::move(sql));
  one.key = key;
  return Steps{one};
}

Steps changed(const Finding& finding, const Sides& sides) {
  const bool on_table = !finding.on.empty();
  const std::string object = on_table ? sides.table(finding) : finding.name;
  const std::string name = on_table ? finding.name : "";
  const Object* should = sides.expected.find(finding.kind, finding.schema, object, name);
  const Object* is =
      sides.live.find(finding.kind, finding.schema, on_table ? finding.on : finding.name, name);
  if (should == nullptr || is == nullptr) return {without("it is not there on both sides")};
  const std::string& kind = finding.kind;
  if (kind == "function" || kind == "procedure")
    return changed_function(finding, *should, *is, sides);
  if (finding.property == "enabled") return {step(kPrograms, {enable(*should, finding.expected)})};
  if (finding.property == "target") {
    return {step(kTuning, {fmt::format("ALTER STATISTICS {} SET STATISTICS {}",
                                       qualified(finding.schema, finding.name),
                                       finding.expected.empty() ? "-1" : finding.expected)})};
  }
  if (auto rare = changed_rarely(finding, *should, *is, sides)) return std::move(*rare);
  const bool loses_condition =
      (!is->structure("using").empty() && should->structure("using").empty()) ||
      (!is->structure("with_check").empty() && should->structure("with_check").empty());
  const bool other_kind = should->structure("command") != is->structure("command") ||
                          should->structure("restrictive") != is->structure("restrictive");
  const std::string key = kind + ' ' + finding.schema + '.' + object + '.' + name;
  if (kind == "policy" && !loses_condition && !other_kind) {
    Step one = step(kPrograms, {alter_policy(finding, *should)});
    one.key = key;
    return {one};
  }
  auto create = creation(*should, sides);
  const auto what = address(kind, finding.schema, object, name);
  if (!create || !what) return not_written(kind);
  create->insert(create->begin(), "DROP " + *what);
  Step one = step(kPrograms, std::move(*create));
  one.atomic = true;
  one.key = key;
  return {one};
}

}  // namespace

Steps program_steps(const Finding& finding, const Sides& sides) {
  const std::string& kind = finding.kind;
  const bool on_table = !finding.on.empty();
  const std::string object = on_table ? sides.table(finding) : finding.name;
  if (!finding.object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  switch (finding.state) {
    case State::kChanged: return changed(finding, sides);
    case State::kMissing: {
      auto create = creation(finding.object, sides);
      if (!create) {
        // Its members come with the classes that are missing with it.
        if (kind == "operator family" && brought_by_a_class(finding.object, sides)) {
          return {follows("the class that is missing brings it")};
        }
        return not_written(kind);
      }
      return {step(phase_of(kind), std::move(*create))};
    }
    case State::kUnexpected: {
      const auto what = address(kind, finding.schema, object, on_table ? finding.name : "");
      if (!what) return not_written(kind);
      return {removal(kind == "function" || kind == "procedure" || kind == "aggregate" ? 6 : 0,
                      "DROP " + *what, "what it does for whoever made it")};
    }
    case State::kRenamed: break;
  }
  const auto what =
      address(kind, finding.schema, on_table ? object : finding.to, on_table ? finding.to : "");
  if (!what || kind == "rule" || kind == "cast" || kind == "operator") return not_written(kind);
  const std::string to = finding.name.substr(
      0, kind == "function" || kind == "procedure" || kind == "aggregate" ? finding.name.find('(')
                                                                          : std::string::npos);
  Step one = step(kSchemas, {fmt::format("ALTER {} RENAME TO {}", *what, written_name(to))});
  return {one};
}

}  // namespace drift::schema
