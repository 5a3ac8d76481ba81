// One thing of a database's catalog as a value, and as a line of a snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace drift::schema {

// What a property is about; a comparison may care about some and not about others.
enum class Facet { kStructure, kPrivilege, kOwner, kComment, kTuning };
inline constexpr std::size_t kFacets = 5;

// "structure", "privilege", "owner", "comment", "tuning".
std::string_view facet_name(Facet facet);

struct Property {
  Facet facet = Facet::kStructure;
  std::string name;   // "type", "not_null", "privileges of app"
  std::string value;  // never empty where it is the default: then there is no property

  bool operator==(const Property&) const = default;
};

struct Object {
  std::string kind;    // "table", "column", "index", ...
  std::string schema;  // "" for what is in no schema
  // What it is, or belongs to: a column's is its table, a domain constraint's the domain. That of a
  // function has its argument types: "f(integer, text)".
  std::string object;
  std::string name;                  // of what belongs to `object`; "" for that itself
  std::vector<Property> properties;  // sorted by facet, then by name; none twice

  std::tuple<const std::string&, const std::string&, const std::string&, const std::string&> key()
      const {
    return {schema, object, kind, name};
  }
  // The value of a structural property, or "".
  std::string_view structure(std::string_view property) const;
};

// Appends `object` as one line of JSON without the line's end. Lines sorted by bytes have what
// belongs together in one run, because schema and object stand first.
void append_line(std::string& text, const Object& object);

// The object of a line. Nothing where it is no such line.
std::optional<Object> read_line(std::string_view line);

}  // namespace drift::schema
