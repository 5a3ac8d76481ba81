#include <fmt/format.h>

#include <map>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

Steps schema_steps(const Finding& finding, const Sides& sides) {
  const std::string name = written_name(finding.name);
  if (finding.state == State::kUnexpected) {
    return {
        removal(9, fmt::format("DROP SCHEMA {} CASCADE", name), "the schema and everything in it")};
  }
  if (finding.state == State::kRenamed) {
    return {step(kRenames,
                 {fmt::format("ALTER SCHEMA {} RENAME TO {}", written_name(finding.to), name)})};
  }
  if (finding.state != State::kMissing) return {without("nothing is known to change it")};
  std::vector<std::string> sql = {"CREATE SCHEMA " + name};
  for (std::string& more : said_of_new(finding.object, sides)) {
    sql.push_back(std::move(more));
  }
  Steps steps = {step(kSchemas, std::move(sql))};
  for (const Object* each : sides.expected.in(finding.name)) {
    // What is on something comes with it.
    const bool of_another = !each->name.empty();
    const bool owned = each->kind == "sequence" && !each->structure("owned_by").empty();
    if (of_another || owned) continue;
    for (Step& more : made_anew(*each, sides)) {
      if (more.sql.empty()) {
        more.why_not = fmt::format("{} {}: {}", each->kind, qualified(each->schema, each->object),
                                   more.why_not);
      }
      steps.push_back(std::move(more));
    }
  }
  return steps;
}

Steps extension_steps(const Finding& finding) {
  const std::string name = written_name(finding.name);
  if (finding.state == State::kUnexpected) {
    return {removal(8, "DROP EXTENSION " + name, "refused while anything uses it")};
  }
  if (finding.state == State::kMissing) {
    return {step(kExtensions, {fmt::format("CREATE EXTENSION {} SCHEMA {}", name,
                                           written_name(finding.object.structure("schema")))})};
  }
  if (finding.property == "schema") {
    return {step(kExtensions, {fmt::format("ALTER EXTENSION {} SET SCHEMA {}", name,
                                           written_name(finding.expected))})};
  }
  Step one = step(kExtensions, {fmt::format("ALTER EXTENSION {} UPDATE TO {}", name,
                                            sql::quoted_literal(finding.expected))});
  one.notes.push_back("works where the server has a script from the one version to the other");
  return {one};
}

std::string publishes(const Object& publication) {
  const std::string_view what = publication.structure("publishes");
  return sql::quoted_literal(what.empty() ? "insert, update, delete, truncate" : what);
}

Steps publication_steps(const Finding& finding, const Sides& sides) {
  const std::string name = written_name(finding.name);
  const Object* should = sides.expected.find("publication", "", finding.name);
  if (finding.state == State::kUnexpected) {
    return {removal(0, "DROP PUBLICATION " + name, "whoever subscribes to it")};
  }
  if (should == nullptr || finding.state == State::kRenamed) {
    return {without("no statement is written for this")};
  }
  const std::string_view tables = should->structure("tables");
  const std::string_view schemas = should->structure("schemas");
  const bool all = !should->structure("all_tables").empty();
  if (finding.state == State::kMissing) {
    std::string what;
    if (!tables.empty()) what = fmt::format(" FOR TABLE {}", tables);
    if (!schemas.empty()) {
      what += fmt::format("{} TABLES IN SCHEMA {}", what.empty() ? " FOR" : ",", schemas);
    }
    if (all) what = " FOR ALL TABLES";
    return {step(
        kPublications,
        {fmt::format(
            "CREATE PUBLICATION {}{} WITH (publish = {}{})", name, what, publishes(*should),
            should->structure("via_root").empty() ? "" : ", publish_via_partition_root = true")})};
  }
  if (finding.property == "publishes") {
    return {step(kPublications, {fmt::format("ALTER PUBLICATION {} SET (publish = {})", name,
                                             publishes(*should))})};
  }
  if (finding.property == "via_root") {
    return {step(kPublications,
                 {fmt::format("ALTER PUBLICATION {} SET (publish_via_partition_root = {})", name,
                              finding.expected.empty() ? "false" : "true")})};
  }
  if (finding.property == "tables" && !tables.empty() && schemas.empty() && !all) {
    return {step(kPublications, {fmt::format("ALTER PUBLICATION {} SET TABLE {}", name, tables)})};
  }
  return {without("it would have to be made anew, and its subscribers told")};
}

// As a whole: each role's rights, from or to the default.
Steps default_privilege_steps(const Finding& finding, const Sides& sides) {
  std::vector<std::string> sql;
  for (const Property& property : finding.object.properties) {
    if (property.facet != Facet::kPrivilege) continue;
    const bool missing = finding.state == State::kMissing;
    for (std::string& one : privilege_statements(
             finding.object, property.name, missing ? std::string_view(property.value) : "",
             missing ? "" : std::string_view(property.value), sides.live.version())) {
      sql.push_back(std::move(one));
    }
  }
  if (sql.empty()) return {without("no statement is written for default privileges of this kind")};
  return {step(kDescriptions, std::move(sql))};
}

}  // namespace

Steps global_steps(const Finding& finding, const Sides& sides) {
  if (finding.kind == "schema") return schema_steps(finding, sides);
  if (finding.kind == "extension") return extension_steps(finding);
  if (finding.kind == "publication") return publication_steps(finding, sides);
  return default_privilege_steps(finding, sides);
}

std::vector<std::string> said_of_new(const Object& object, const Sides& sides) {
  const int version = sides.live.version();
  std::vector<std::string> all;
  std::map<std::string, std::string> given;  // by property, what default privileges give it
  constexpr std::string_view kOn = " on ";
  const std::string_view what =
      object.kind == "sequence" ? "sequences"
      : object.kind == "function" || object.kind == "procedure" || object.kind == "aggregate"
          ? "functions"
      : object.kind == "schema" ? "schemas"
      : object.kind == "enum" || object.kind == "domain" || object.kind == "range type" ||
              object.kind == "composite type"
          ? "types"
      : object.kind == "table" || object.kind == "foreign table" || object.kind == "view" ||
              object.kind == "materialized view"
          ? "tables"
          : "";
  for (const std::string& schema : {std::string(), object.schema}) {
    if (what.empty()) break;
    for (const Object* each : sides.live.in(schema)) {
      if (each->kind != "default privileges" ||
          !each->object.ends_with(std::string(kOn) + std::string(what))) {
        continue;
      }
      for (const Property& property : each->properties) {
        if (property.facet == Facet::kPrivilege) given[property.name] = property.value;
      }
    }
  }
  std::map<std::string, std::string> wanted;
  for (const Property& property : object.properties) {
    if (property.facet == Facet::kPrivilege) wanted[property.name] = property.value;
  }
  for (const auto& [property, value] : given) wanted.try_emplace(property, "");
  for (const auto& [property, value] : wanted) {
    const auto found = given.find(property);
    const std::string& has = found == given.end() ? std::string() : found->second;
    for (std::string& one : privilege_statements(object, property, value, has, version)) {
      all.push_back(std::move(one));
    }
  }
  if (const auto comment = property_of(object, Facet::kComment, "comment"); !comment.empty()) {
    std::string one = comment_statement(object, comment);
    if (!one.empty()) all.push_back(std::move(one));
  }
  return all;
}

Steps description_steps(const Finding& finding, const Sides& sides) {
  Object object = finding.object;
  if (!sides.table(finding).empty() && !finding.on.empty()) object.object = sides.table(finding);
  if (finding.on.empty()) object.object = sides.table(finding);
  std::vector<std::string> sql;
  if (finding.facet == Facet::kPrivilege) {
    sql = privilege_statements(object, finding.property, finding.expected, finding.live,
                               sides.live.version());
  } else if (finding.facet == Facet::kComment) {
    std::string one = comment_statement(object, finding.expected);
    const bool of_domain =
        finding.kind == "constraint" && sides.live.kind_of(finding.schema, finding.on) == "domain";
    if (of_domain) one.replace(one.find(" ON ", 11), 4, " ON DOMAIN ");
    if (!one.empty()) sql.push_back(std::move(one));
  } else {
    const auto what = address(object.kind, object.schema, object.object, object.name);
    // A sequence of a column belongs to whom its table belongs to.
    const bool with_its_table = object.kind == "sequence" && !object.structure("owned_by").empty();
    if (with_its_table) return {follows("it belongs to whom the table of its column belongs to")};
    if (what && !finding.expected.empty()) {
      sql.push_back(fmt::format("ALTER {} OWNER TO {}", *what, written_name(finding.expected)));
    }
  }
  if (sql.empty()) return {without("no statement is written for this")};
  return {step(kDescriptions, std::move(sql))};
}

}  // namespace drift::schema
