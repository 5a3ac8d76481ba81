#include "drift/schema/statements/rare_definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "drift/base/text.h"
#include "drift/schema/statements/names.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

// What is quoted may hold whatever parts the rest.
bool has_quotes(std::string_view text) { return text.find('"') != std::string_view::npos; }

// "app.add(text,text)" is "app.add"; nothing where that is not certain.
std::optional<std::string> name_alone(std::string_view signature) {
  if (has_quotes(signature)) return {};
  return std::string(signature.substr(0, signature.find('(')));
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + by.size(), text.size()));
  }
  return parts;
}

// "===(app.pair, app.pair)" as its name and its two types; "NONE" where there is none.
struct OperatorParts {
  std::string name, left, right;
};
std::optional<OperatorParts> operator_parts(const std::string& object) {
  const std::size_t open = object.find('(');
  const std::size_t comma = object.find(", ", open);
  if (has_quotes(object) || open == std::string::npos || comma == std::string::npos ||
      object.find(", ", comma + 2) != std::string::npos || !object.ends_with(')')) {
    return {};
  }
  return OperatorParts{object.substr(0, open), object.substr(open + 1, comma - open - 1),
                       object.substr(comma + 2, object.size() - comma - 3)};
}

// "simple: pg_catalog.simple; word: app.a, app.b" by the kind of token.
std::optional<std::map<std::string, std::string>> mappings(std::string_view text) {
  if (has_quotes(text)) return {};
  std::map<std::string, std::string> all;
  for (const std::string& line : split(text, "; ")) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) return {};
    all[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return all;
}

// As PostgreSQL keeps them: "stopwords = 'english', accept = 'false'".
std::optional<std::map<std::string, std::string>> dictionary_option_map(std::string_view text) {
  if (has_quotes(text) || text.find("E'") != std::string_view::npos ||
      text.find("''") != std::string_view::npos) {
    return {};
  }
  std::map<std::string, std::string> all;
  while (!text.empty()) {
    const std::size_t equals = text.find(" = ");
    if (equals == std::string_view::npos) return {};
    std::size_t end = std::string_view::npos;
    if (text.substr(equals + 3).starts_with('\'')) {
      const std::size_t close = text.find('\'', equals + 4);
      if (close == std::string_view::npos) return {};
      end = close + 1;
    } else {
      end = std::min(text.find(", "), text.size());
    }
    all[std::string(text.substr(0, equals))] =
        std::string(text.substr(equals + 3, end - equals - 3));
    text.remove_prefix(end);
    if (text.starts_with(", ")) text.remove_prefix(2);
  }
  return all;
}

}  // namespace

std::optional<std::string> create_aggregate(const Object& aggregate, bool or_replace) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kFunctions = {
      {{"transition", "SFUNC"},
       {"final", "FINALFUNC"},
       {"combine", "COMBINEFUNC"},
       {"serialize", "SERIALFUNC"},
       {"deserialize", "DESERIALFUNC"},
       {"state_type", "STYPE"}}};
  const auto name = signature(aggregate.schema, aggregate.object);
  if (!name) return {};
  std::string text;
  for (const auto& [property, keyword] : kFunctions) {
    const std::string_view value = aggregate.structure(property);
    if (value.empty()) continue;
    const auto written =
        property == "state_type" ? std::optional(std::string(value)) : name_alone(value);
    if (!written) return {};
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", keyword, *written);
  }
  for (const Property& property : aggregate.properties) {
    if (property.facet != Facet::kStructure || property.name == "arguments") continue;
    if (property.name == "initial") {
      text += ", INITCOND = " + sql::quoted_literal(property.value);
    } else if (property.name == "parallel") {
      text += ", PARALLEL = " + property.value;
    } else if (std::none_of(kFunctions.begin(), kFunctions.end(),
                            [&](const auto& each) { return each.first == property.name; })) {
      return {};
    }
  }
  return fmt::format("CREATE {}AGGREGATE {} ({})", or_replace ? "OR REPLACE " : "", *name, text);
}

std::optional<std::string> create_cast(const Object& cast) {
  const std::string_view by = cast.structure("by");
  const std::string_view context = cast.structure("context");
  return fmt::format("CREATE CAST ({}) {}{}", cast.object,
                     by == "inout"    ? std::string("WITH INOUT")
                     : by == "binary" ? std::string("WITHOUT FUNCTION")
                                      : fmt::format("WITH FUNCTION {}", by),
                     context.empty()         ? ""
                     : context == "implicit" ? " AS IMPLICIT"
                                             : " AS ASSIGNMENT");
}

std::optional<std::string> create_collation(const Object& collation, int version) {
  const std::string_view provider = collation.structure("provider");
  constexpr int kFirstWithRules = 160'000;
  if (provider == "default" || (provider == "icu" && version >= kFirstWithRules)) return {};
  std::string text = fmt::format("provider = {}", provider.empty() ? "libc" : provider);
  for (const auto& [property, keyword] :
       {std::pair{"locale", "locale"}, {"collate", "lc_collate"}, {"ctype", "lc_ctype"}}) {
    const std::string_view value = collation.structure(property);
    if (!value.empty()) text += fmt::format(", {} = {}", keyword, sql::quoted_literal(value));
  }
  if (!collation.structure("nondeterministic").empty()) text += ", deterministic = false";
  return fmt::format("CREATE COLLATION {} ({})", qualified(collation.schema, collation.object),
                     text);
}

std::optional<std::string> create_conversion(const Object& conversion) {
  return fmt::format("CREATE {}CONVERSION {} FOR {} TO {} FROM {}",
                     conversion.structure("default").empty() ? "" : "DEFAULT ",
                     qualified(conversion.schema, conversion.object),
                     sql::quoted_literal(conversion.structure("from")),
                     sql::quoted_literal(conversion.structure("to")),
                     conversion.structure("function"));
}

std::optional<std::string> create_operator(const Object& made) {
  const auto parts = operator_parts(made.object);
  if (!parts) return {};
  std::string text = fmt::format("FUNCTION = {}", made.structure("function"));
  if (parts->left != "NONE") text += ", LEFTARG = " + parts->left;
  if (parts->right != "NONE") text += ", RIGHTARG = " + parts->right;
  for (const auto& [property, keyword] :
       {std::pair{"commutator", "COMMUTATOR"}, {"negator", "NEGATOR"}}) {
    const std::string_view other = made.structure(property);
    if (other.empty()) continue;
    const auto name = name_alone(other);
    if (!name) return {};
    text += fmt::format(", {} = OPERATOR({})", keyword, *name);
  }
  for (const auto& [property, keyword] : {std::pair{"restrict", "RESTRICT"}, {"join", "JOIN"}}) {
    const std::string_view function = made.structure(property);
    if (!function.empty()) text += fmt::format(", {} = {}", keyword, function);
  }
  if (!made.structure("merges").empty()) text += ", MERGES";
  if (!made.structure("hashes").empty()) text += ", HASHES";
  return fmt::format("CREATE OPERATOR {}{} ({})",
                     made.schema.empty() ? "" : written_name(made.schema) + ".", parts->name, text);
}

std::optional<std::string> create_operator_class(const Object& made) {
  constexpr std::string_view kUsing = " USING ";
  const std::size_t at = made.object.rfind(kUsing);
  const std::string_view members = made.structure("members");
  if (at == std::string::npos || has_quotes(members) || members.empty()) return {};
  const std::string name = qualified(made.schema, made.object.substr(0, at));
  std::string text;
  for (const std::string& member : split(members, "; ")) {
    const std::size_t word = member.find(' ');
    if (word == std::string::npos || member.ends_with(" for order by")) return {};
    text +=
        fmt::format("{}{}{}", text.empty() ? "" : ", ",
                    member.starts_with("operator ") ? "OPERATOR" : "FUNCTION", member.substr(word));
  }
  if (const auto storage = made.structure("storage"); !storage.empty()) {
    text += fmt::format(", STORAGE {}", storage);
  }
  const std::string_view family = made.structure("family");
  return fmt::format("CREATE OPERATOR CLASS {}{} FOR TYPE {} USING {}{} AS {}", name,
                     made.structure("default").empty() ? "" : " DEFAULT", made.structure("type"),
                     made.object.substr(at + kUsing.size()),
                     family == name ? "" : fmt::format(" FAMILY {}", family), text);
}

std::optional<std::string> create_operator_family(const Object& family) {
  constexpr std::string_view kUsing = " USING ";
  const std::size_t at = family.object.rfind(kUsing);
  if (at == std::string::npos || !family.structure("members").empty()) return {};
  return fmt::format("CREATE OPERATOR FAMILY {}{}",
                     qualified(family.schema, family.object.substr(0, at)),
                     family.object.substr(at));
}

std::optional<std::string> create_dictionary(const Object& dictionary) {
  const std::string_view options = dictionary.structure("options");
  return fmt::format("CREATE TEXT SEARCH DICTIONARY {} (TEMPLATE = {}{}{})",
                     qualified(dictionary.schema, dictionary.object),
                     dictionary.structure("template"), options.empty() ? "" : ", ", options);
}

std::optional<std::vector<std::string>> create_configuration(const Object& configuration) {
  const auto wanted = mappings(configuration.structure("mappings"));
  if (!wanted) return {};
  const std::string name = qualified(configuration.schema, configuration.object);
  std::vector<std::string> sql = {fmt::format("CREATE TEXT SEARCH CONFIGURATION {} (PARSER = {})",
                                              name, configuration.structure("parser"))};
  for (const auto& [token, dictionaries] : *wanted) {
    sql.push_back(fmt::format("ALTER TEXT SEARCH CONFIGURATION {} ADD MAPPING FOR {} WITH {}", name,
                              token, dictionaries));
  }
  return sql;
}

std::optional<std::vector<std::string>> mapping_changes(const Object& should, const Object& is) {
  const auto wanted = mappings(should.structure("mappings"));
  const auto there = mappings(is.structure("mappings"));
  if (!wanted || !there) return {};
  const std::string alter =
      "ALTER TEXT SEARCH CONFIGURATION " + qualified(should.schema, should.object);
  std::vector<std::string> sql;
  for (const auto& [token, dictionaries] : *wanted) {
    const auto found = there->find(token);
    if (found != there->end() && found->second == dictionaries) continue;
    sql.push_back(fmt::format("{} {} MAPPING FOR {} WITH {}", alter,
                              found == there->end() ? "ADD" : "ALTER", token, dictionaries));
  }
  for (const auto& [token, dictionaries] : *there) {
    if (wanted->count(token) == 0)
      sql.push_back(fmt::format("{} DROP MAPPING FOR {}", alter, token));
  }
  return sql;
}

std::optional<std::string> dictionary_options(const Object& should, const Object& is) {
  const auto wanted = dictionary_option_map(should.structure("options"));
  const auto there = dictionary_option_map(is.structure("options"));
  if (!wanted || !there) return {};
  std::vector<std::string> parts;
  for (const auto& [name, value] : *wanted) parts.push_back(fmt::format("{} = {}", name, value));
  for (const auto& [name, value] : *there) {
    if (wanted->count(name) == 0) parts.push_back(name);
  }
  return fmt::format("ALTER TEXT SEARCH DICTIONARY {} ({})",
                     qualified(should.schema, should.object), fmt::join(parts, ", "));
}

}  // namespace drift::schema
