#include "drift/schema/object.h"

#include <algorithm>
#include <array>
#include <variant>

#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

constexpr std::array<std::string_view, kFacets> kFacetNames = {"structure", "privilege", "owner",
                                                               "comment", "tuning"};

bool before(const Property& a, const Property& b) {
  return std::tie(a.facet, a.name) < std::tie(b.facet, b.name);
}

}  // namespace

std::string_view facet_name(Facet facet) { return kFacetNames[static_cast<std::size_t>(facet)]; }

std::string_view Object::structure(std::string_view property) const {
  for (const Property& each : properties) {
    if (each.facet == Facet::kStructure && each.name == property) return each.value;
  }
  return {};
}

void append_line(std::string& text, const Object& object) {
  text += "{\"schema\":";
  sql::append_json_string(text, object.schema);
  text += ",\"object\":";
  sql::append_json_string(text, object.object);
  text += ",\"kind\":";
  sql::append_json_string(text, object.kind);
  if (!object.name.empty()) {
    text += ",\"name\":";
    sql::append_json_string(text, object.name);
  }
  const Property* last = nullptr;
  for (const Property& property : object.properties) {
    if (last == nullptr || last->facet != property.facet) {
      text += last == nullptr ? ",\"" : "},\"";
      text += facet_name(property.facet);
      text += "\":{";
    } else {
      text += ',';
    }
    sql::append_json_string(text, property.name);
    text += ':';
    sql::append_json_string(text, property.value);
    last = &property;
  }
  text += last == nullptr ? "}" : "}}";
}

std::optional<Object> read_line(std::string_view line) {
  const auto read = sql::read_json(line);
  const auto* value = std::get_if<sql::JsonValue>(&read);
  using Kind = sql::JsonValue::Kind;
  if (value == nullptr || !value->is(Kind::kObject)) return {};
  Object object;
  for (const auto& [key, member] : value->members) {
    const auto facet = std::find(kFacetNames.begin(), kFacetNames.end(), key);
    if (facet != kFacetNames.end()) {
      if (!member.is(Kind::kObject)) return {};
      for (const auto& [name, content] : member.members) {
        if (!content.is(Kind::kString)) return {};
        object.properties.push_back(
            {static_cast<Facet>(facet - kFacetNames.begin()), name, content.text});
      }
      continue;
    }
    std::string* into = key == "schema"   ? &object.schema
                        : key == "object" ? &object.object
                        : key == "kind"   ? &object.kind
                        : key == "name"   ? &object.name
                                          : nullptr;
    if (into == nullptr || !member.is(Kind::kString)) return {};
    *into = member.text;
  }
  if (object.kind.empty() || value->find("schema") == nullptr || object.object.empty()) return {};
  if (!std::is_sorted(object.properties.begin(), object.properties.end(), before)) return {};
  return object;
}

}  // namespace drift::schema
