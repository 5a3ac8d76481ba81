// Names of things as statements write them, and the two sides by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "drift/schema/object.h"
#include "drift/schema/snapshot.h"

namespace drift::schema {

// A snapshot's objects, to be asked for by what they are.
class Known {
 public:
  explicit Known(const Snapshot& snapshot);

  const Object* find(std::string_view kind, const std::string& schema, const std::string& object,
                     const std::string& name = "") const;
  // What is, or is on, `schema`.`object`, by kind and name.
  std::vector<const Object*> on(const std::string& schema, const std::string& object) const;
  // All of a schema, by object and kind.
  std::vector<const Object*> in(const std::string& schema) const;
  // The kind of what is called so: "table", "view", ...; "" for none.
  std::string kind_of(const std::string& schema, const std::string& object) const;
  // The sequences that a column owns, or any column of the table where `column` is "".
  std::vector<const Object*> sequences_of(const std::string& schema, const std::string& table,
                                          const std::string& column) const;
  int version() const { return version_; }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, Object, std::less<>> objects_;  // schema, object, kind, name
  int version_;
};

std::string_view property_of(const Object& object, Facet facet, std::string_view name);

// `name` as SQL has it: in quotation marks where it is not plain, or a word of SQL's own.
std::string written_name(std::string_view name);

// "app.orders", quoted where it must be; without a schema the name alone.
std::string qualified(const std::string& schema, const std::string& name);

// As COMMENT ON, ALTER and DROP write it: "TABLE app.orders", "FUNCTION app.f(integer)",
// "TRIGGER t ON app.orders". Nothing for what has no such form, or whose arguments cannot be told
// from its name.
std::optional<std::string> address(std::string_view kind, const std::string& schema,
                                   const std::string& object, const std::string& name);

// app.f(integer): of functions, procedures and aggregates.
std::optional<std::string> signature(const std::string& schema, const std::string& object);

}  // namespace drift::schema
