#include "drift/schema/renames.h"

#include <set>
#include <tuple>
#include <utility>

#include "drift/schema/identifiers.h"

namespace drift::schema {
namespace {

// The name of a function without its arguments, of an operator class without its method.
std::string bare_name(const Object& object) {
  const std::string& name = object.name.empty() ? object.object : object.name;
  const bool has_more = object.kind == "function" || object.kind == "procedure" ||
                        object.kind == "aggregate" || object.kind == "operator";
  return has_more ? name.substr(0, name.find('(')) : name;
}

std::string rest_of_name(const Object& object) {
  return object.object.substr(std::min(bare_name(object).size(), object.object.size()));
}

// What is equal in two objects that differ by name alone. A definition that begins
// with the name ("CREATE TRIGGER name") counts without it.
std::string essence(const Object& object) {
  const bool says_name =
      object.kind == "trigger" || object.kind == "rule" || object.kind == "statistics";
  std::string text;
  for (const Property& property : object.properties) {
    if (property.facet != Facet::kStructure) continue;
    // An index of a constraint is renamed with it.
    if (object.kind == "index" && property.name == "constraint") {
      text += "constraint\n";
      continue;
    }
    const bool without = says_name && property.name == "definition";
    text += property.name + '=' +
            (without ? without_first(property.value, bare_name(object)) : property.value) + '\n';
  }
  return text;
}

using Place = std::tuple<std::string, std::string, std::string, std::string>;

// kind, schema, what it is on, essence.
using Candidates = std::map<Place, std::vector<const Object*>>;

std::set<std::tuple<std::string, std::string, std::string, std::string>> keys_of(
    const std::vector<Object>& objects) {
  std::set<Place> keys;
  for (const Object& object : objects) keys.insert(object.key());
  return keys;
}

// Of what stands by itself, its columns belong to the essence.
std::map<std::pair<std::string, std::string>, std::string> columns_of(
    const std::vector<Object>& objects) {
  std::map<std::pair<std::string, std::string>, std::string> columns;
  for (const Object& object : objects) {
    if (object.kind != "column" && object.kind != "attribute") continue;
    columns[{object.schema, object.object}] += object.name + '\n' + essence(object);
  }
  return columns;
}

Candidates candidates(const std::vector<Object>& objects, const std::set<Place>& others,
                      bool top_level) {
  const auto columns = columns_of(objects);
  Candidates found;
  for (const Object& object : objects) {
    if (object.name.empty() != top_level || others.count(object.key()) > 0) continue;
    if (object.kind == "schema" || object.kind == "user mapping" || object.kind == "identity" ||
        object.kind == "default privileges" || object.kind == "cast" ||
        object.kind == "extension member") {
      continue;
    }
    std::string what = essence(object);
    std::string on = object.object;
    if (top_level) {
      on = rest_of_name(object);
      const auto its = columns.find({object.schema, object.object});
      if (its != columns.end()) what += its->second;
      // Of nothing, everything is the same.
      if (what.empty() && object.kind != "sequence") continue;
    }
    found[{object.kind, object.schema, on, what}].push_back(&object);
  }
  return found;
}

std::vector<Rename> matches(const std::vector<Object>& expected, const std::vector<Object>& live,
                            bool top_level) {
  std::vector<Rename> renames;
  const Candidates missing = candidates(expected, keys_of(live), top_level);
  const Candidates unexpected = candidates(live, keys_of(expected), top_level);
  for (const auto& [place, objects] : missing) {
    const auto found = unexpected.find(place);
    if (objects.size() != 1 || found == unexpected.end() || found->second.size() != 1) continue;
    renames.push_back({*objects.front(), *found->second.front()});
  }
  return renames;
}

}  // namespace

std::vector<Rename> find_renames(std::vector<Object>& expected, const std::vector<Object>& live,
                                 std::map<std::string, std::string>& names) {
  std::vector<Rename> renames = matches(expected, live, true);
  for (const Rename& rename : renames) {
    for (Object& object : expected) {
      if (object.schema != rename.from.schema || object.object != rename.from.object) continue;
      object.object = rename.to.object;
    }
    names[bare_name(rename.from)] = bare_name(rename.to);
  }
  // A column first: what is on it says its name.
  for (Rename& rename : matches(expected, live, false)) {
    for (Object& object : expected) {
      const bool same = object.schema == rename.from.schema &&
                        object.object == rename.from.object && object.name == rename.from.name;
      const bool goes_along = object.kind == rename.from.kind ||
                              (rename.from.kind == "column" && object.kind == "identity") ||
                              (rename.from.kind == "constraint" && object.kind == "index");
      if (same && goes_along) object.name = rename.to.name;
    }
    names[rename.from.name] = rename.to.name;
    renames.push_back(std::move(rename));
  }
  return renames;
}

}  // namespace drift::schema
