#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"

namespace drift::schema {
namespace {

// 'a', 'b''c' as the literals that they are.
std::vector<std::string> labels_in(std::string_view list) {
  std::vector<std::string> labels;
  for (std::size_t at = 0; at < list.size();) {
    std::size_t end = list.find('\'', at);
    if (end == std::string_view::npos) break;
    for (++end; end < list.size(); ++end) {
      if (list[end] != '\'') continue;
      if (end + 1 >= list.size() || list[end + 1] != '\'') break;
      ++end;
    }
    const std::size_t begin = list.find_first_not_of(", ", at);
    labels.emplace_back(list.substr(begin, end + 1 - begin));
    at = end + 1;
  }
  return labels;
}

// PostgreSQL adds values to an enum and gives them other names, and takes none away.
Steps changed_labels(const Finding& finding) {
  const std::string type = qualified(finding.schema, finding.name);
  const std::vector<std::string> should = labels_in(finding.expected);
  const std::vector<std::string> is = labels_in(finding.live);
  std::vector<std::string> sql;
  std::size_t at = 0;
  for (std::size_t i = 0; i < should.size(); ++i) {
    if (at < is.size() && is[at] == should[i]) {
      ++at;
      continue;
    }
    sql.push_back(
        fmt::format("ALTER TYPE {} ADD VALUE {}{}", type, should[i],
                    i == 0 ? (is.empty() ? "" : " BEFORE " + is[0]) : " AFTER " + should[i - 1]));
  }
  if (at == is.size()) return {step(kTypes, std::move(sql))};
  std::vector<std::size_t> other;
  for (std::size_t i = 0; i < std::min(should.size(), is.size()); ++i) {
    if (should[i] != is[i]) other.push_back(i);
  }
  if (should.size() == is.size() && other.size() == 1) {
    Step one = step(kTypes, {fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", type, is[other[0]],
                                         should[other[0]])});
    one.notes.push_back("rows that have the one have the other then");
    return {one};
  }
  return {without("PostgreSQL takes no value away from an enum")};
}

std::optional<std::string> create_type(const Object& type, const Known& known) {
  const std::string name = qualified(type.schema, type.object);
  if (type.kind == "enum") {
    return fmt::format("CREATE TYPE {} AS ENUM ({})", name, type.structure("labels"));
  }
  if (type.kind == "domain") {
    std::string text = fmt::format("CREATE DOMAIN {} AS {}", name, type.structure("type"));
    if (const auto collation = type.structure("collation"); !collation.empty()) {
      text += fmt::format(" COLLATE {}", collation);
    }
    if (const auto value = type.structure("default"); !value.empty()) {
      text += fmt::format(" DEFAULT {}", value);
    }
    return text + (type.structure("not_null").empty() ? "" : " NOT NULL");
  }
  if (type.kind == "range type" && type.structure("canonical").empty() &&
      type.structure("difference").empty()) {
    std::string text =
        fmt::format("CREATE TYPE {} AS RANGE (SUBTYPE = {}", name, type.structure("subtype"));
    if (const auto used = type.structure("operator_class"); !used.empty()) {
      text += fmt::format(", SUBTYPE_OPCLASS = {}", used);
    }
    if (const auto collation = type.structure("collation"); !collation.empty()) {
      text += fmt::format(", COLLATION = {}", collation);
    }
    return text + ')';
  }
  if (type.kind != "composite type") return {};
  // Of several attributes the order counts, and is not known.
  std::vector<const Object*> attributes = known.on(type.schema, type.object);
  attributes.erase(std::remove_if(attributes.begin(), attributes.end(),
                                  [](const Object* each) { return each->kind != "attribute"; }),
                   attributes.end());
  if (attributes.size() != 1) return {};
  return fmt::format("CREATE TYPE {} AS ({})", name, column_definition(*attributes[0], nullptr));
}

Steps attribute_steps(const Finding& finding, const Sides&) {
  const std::string alter = "ALTER TYPE " + qualified(finding.schema, finding.on);
  const std::string name = written_name(finding.name);
  switch (finding.state) {
    case State::kMissing:
      return {step(kTypes, {fmt::format("{} ADD ATTRIBUTE {} CASCADE", alter,
                                        column_definition(finding.object, nullptr))})};
    case State::kUnexpected:
      return {removal(3, fmt::format("{} DROP ATTRIBUTE {} CASCADE", alter, name),
                      "every value in it")};
    case State::kRenamed:
      return {step(kSchemas, {fmt::format("{} RENAME ATTRIBUTE {} TO {} CASCADE", alter,
                                          written_name(finding.to), name)})};
    case State::kChanged: break;
  }
  return {without("every value of the type would have to be made anew")};
}

}  // namespace

Steps type_steps(const Finding& finding, const Sides& sides) {
  if (finding.kind == "attribute") return attribute_steps(finding, sides);
  const auto what = address(finding.kind, finding.schema, finding.name, "");
  switch (finding.state) {
    case State::kMissing: {
      const auto create = create_type(finding.object, sides.expected);
      if (!create) return {without("a snapshot does not hold all of it")};
      std::vector<std::string> sql = {*create};
      for (std::string& more : said_of_new(finding.object, sides)) {
        sql.push_back(std::move(more));
      }
      Steps steps = {step(kTypes, std::move(sql))};
      for (const Object* each : sides.expected.on(finding.schema, finding.name)) {
        if (each->kind != "constraint") continue;
        for (Step& more : made_anew(*each, sides)) {
          if (more.phase != kDescriptions) more.phase = kTypes;
          steps.push_back(std::move(more));
        }
      }
      return steps;
    }
    case State::kUnexpected:
      return {removal(7, "DROP " + *what, "refused while anything is of that type")};
    case State::kRenamed:
      return {step(kRenames, {fmt::format("ALTER {} RENAME TO {}",
                                          *address(finding.kind, finding.schema, finding.to, ""),
                                          written_name(finding.name))})};
    case State::kChanged: break;
  }
  if (finding.property == "labels") return changed_labels(finding);
  if (finding.kind == "domain") {
    const std::string alter = "ALTER " + *what;
    if (finding.property == "not_null") {
      return {
          step(kTypes, {alter + (finding.expected.empty() ? " DROP NOT NULL" : " SET NOT NULL")})};
    }
    if (finding.property == "default") {
      return {
          step(kTypes, {alter + (finding.expected.empty() ? std::string(" DROP DEFAULT")
                                                          : " SET DEFAULT " + finding.expected)})};
    }
  }
  return {without("every value of the type would have to be made anew")};
}

}  // namespace drift::schema
