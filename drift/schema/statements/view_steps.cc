#include <fmt/format.h>

#include <algorithm>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"

namespace drift::schema {
namespace {

// CREATE OR REPLACE VIEW adds columns, and changes nothing of those that there are.
bool can_be_replaced(const Known& expected, const Known& live, const std::string& schema,
                     const std::string& view) {
  const std::vector<const Object*> all = live.on(schema, view);
  return std::all_of(all.begin(), all.end(), [&](const Object* each) {
    if (each->kind != "column") return true;
    const Object* other = expected.find("column", schema, view, each->name);
    return other != nullptr && other->structure("type") == each->structure("type") &&
           other->structure("collation") == each->structure("collation");
  });
}

// What goes when it is dropped: what is on it, and what is said of it.
void add_what_belongs(const Object& view, const Sides& sides, std::vector<std::string>& sql) {
  for (std::string& more : said_of_new(view, sides)) sql.push_back(std::move(more));
  for (const Object* each : sides.expected.on(view.schema, view.object)) {
    if (each->kind == "index") sql.push_back(create_index(*each, false));
    if (each->kind == "trigger" || each->kind == "rule") {
      sql.emplace_back(each->structure("definition"));
    }
    if (each->kind == "column") {
      if (const auto value = each->structure("default"); !value.empty()) {
        sql.push_back(fmt::format("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}",
                                  qualified(view.schema, view.object), written_name(each->name),
                                  value));
      }
    }
    if (!each->name.empty()) {
      for (std::string& more : said_of_new(*each, sides)) {
        sql.push_back(std::move(more));
      }
    }
  }
}

Steps redefined(const Finding& finding, const Sides& sides) {
  const std::string name = sides.table(finding);
  const Object* should = sides.expected.find(finding.kind, finding.schema, name);
  if (should == nullptr) return {without("the expected side does not have it")};
  if (finding.kind == "view" && can_be_replaced(sides.expected, sides.live, finding.schema, name)) {
    Step one = step(kViews, {create_view(*should, true)});
    one.key = "view " + qualified(finding.schema, name);
    return {one};
  }
  const auto what = address(finding.kind, finding.schema, name, "");
  Step one = step(kViews, {"DROP " + *what, create_view(*should, false)});
  add_what_belongs(*should, sides, one.sql);
  one.atomic = true;
  one.key = "view " + qualified(finding.schema, name);
  one.notes.push_back("refused while another view uses it");
  return {one};
}

}  // namespace

Steps view_steps(const Finding& finding, const Sides& sides) {
  const bool materialized = finding.kind == "materialized view";
  switch (finding.state) {
    case State::kMissing: {
      Step one = step(kViews, {create_view(finding.object, false)});
      add_what_belongs(finding.object, sides, one.sql);
      return {one};
    }
    case State::kUnexpected:
      return {removal(0, "DROP " + *address(finding.kind, finding.schema, finding.name, ""),
                      "whoever reads it")};
    case State::kRenamed:
      return {step(kRenames, {fmt::format("ALTER {} RENAME TO {}",
                                          *address(finding.kind, finding.schema, finding.to, ""),
                                          written_name(finding.name))})};
    case State::kChanged: break;
  }
  const std::string alter =
      "ALTER " + *address(finding.kind, finding.schema, sides.table(finding), "");
  if (finding.property == "options") {
    std::vector<std::string> sql;
    if (const auto set = options_to_set(finding.expected, finding.live); !set.empty()) {
      sql.push_back(fmt::format("{} SET ({})", alter, set));
    }
    if (const auto reset = options_to_reset(finding.live, finding.expected); !reset.empty()) {
      sql.push_back(fmt::format("{} RESET ({})", alter, reset));
    }
    return {step(materialized ? kTuning : kViews, std::move(sql))};
  }
  if (finding.property == "tablespace") {
    return {step(
        kTuning,
        {fmt::format("{} SET TABLESPACE {}", alter,
                     finding.expected.empty() ? "pg_default" : written_name(finding.expected))})};
  }
  return redefined(finding, sides);
}

Steps sequence_steps(const Finding& finding, const Sides& sides) {
  const std::string name = qualified(finding.schema, sides.table(finding));
  switch (finding.state) {
    case State::kUnexpected:
      return {removal(5, "DROP SEQUENCE " + name, "the number that it has come to")};
    case State::kRenamed:
      return {step(kRenames, {fmt::format("ALTER SEQUENCE {} RENAME TO {}",
                                          qualified(finding.schema, finding.to),
                                          written_name(finding.name))})};
    case State::kMissing: {
      const std::string_view type = finding.object.structure("type");
      Steps steps = {step(
          kSequences, {fmt::format("CREATE {}SEQUENCE {}{} {}",
                                   finding.object.structure("unlogged").empty() ? "" : "UNLOGGED ",
                                   name, type.empty() ? "" : fmt::format(" AS {}", type),
                                   sequence_options(finding.object))})};
      steps[0].notes.push_back(
          "it begins at its start: set it above the largest value that is in use");
      std::vector<std::string> more = said_of_new(finding.object, sides);
      if (const auto owner = finding.object.structure("owned_by"); !owner.empty()) {
        more.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}", name, owner));
      }
      if (!more.empty()) steps.push_back(step(kDescriptions, std::move(more)));
      return steps;
    }
    case State::kChanged: break;
  }
  const Object* should = sides.expected.find("sequence", finding.schema, sides.table(finding));
  if (should == nullptr) return {without("the expected side does not have it")};
  if (finding.property == "owned_by") {
    return {
        step(kDescriptions, {fmt::format("ALTER SEQUENCE {} OWNED BY {}", name,
                                         finding.expected.empty() ? "NONE" : finding.expected)})};
  }
  if (finding.property == "unlogged") {
    return {step(kTuning, {fmt::format("ALTER SEQUENCE {} SET {}", name,
                                       finding.expected.empty() ? "LOGGED" : "UNLOGGED")})};
  }
  const std::string_view type = should->structure("type");
  Step one =
      step(kSequences, {fmt::format("ALTER SEQUENCE {} AS {} {}", name,
                                    type.empty() ? "bigint" : type, sequence_options(*should))});
  one.key = "sequence " + name;
  one.notes.push_back("refused where the number that it has come to lies outside");
  return {one};
}

}  // namespace drift::schema
