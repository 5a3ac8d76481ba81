#include <fmt/format.h>

#include <algorithm>

#include "drift/base/text.h"
#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
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
  if (kind == "event trigger") create = create_event_trigger(object);
  if (!create) return {};
  std::vector<std::string> sql = {*create};
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
  return kind == "function" || kind == "procedure" ? kFunctions : kPrograms;
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
      if (!create) return not_written(kind);
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
  if (!what || kind == "rule") return not_written(kind);
  const std::string to = finding.name.substr(
      0, kind == "function" || kind == "procedure" || kind == "aggregate" ? finding.name.find('(')
                                                                          : std::string::npos);
  Step one = step(kSchemas, {fmt::format("ALTER {} RENAME TO {}", *what, written_name(to))});
  return {one};
}

}  // namespace drift::schema
