#include "drift/schema/statements/grants.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "drift/schema/normalise.h"
#include "drift/schema/statements/names.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

using Words = std::map<std::string, bool>;  // true with grant option

constexpr std::string_view kPrivilegesOf = "privileges of ";
constexpr std::string_view kRightsOf = "rights of ";
constexpr int kMaintain = 170'000;

struct Target {
  std::string text;  // behind ON
  Words all;
  bool public_by_default = false;  // everybody has all of it until somebody revokes that
};

Words words(std::initializer_list<const char*> list) {
  Words all;
  for (const char* word : list) all[word] = false;
  return all;
}

Words of_tables(int version) {
  Words all = words({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"});
  if (version >= kMaintain) all["MAINTAIN"] = false;
  return all;
}

// https://www.postgresql.org/docs/18/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE
std::optional<Target> target_of(const Object& object, int version) {
  const std::string& kind = object.kind;
  const std::string name = qualified(object.schema, object.object);
  if (kind == "table" || kind == "view" || kind == "materialized view" || kind == "foreign table") {
    return Target{name, of_tables(version)};
  }
  if (kind == "column") return Target{name, words({"SELECT", "INSERT", "UPDATE", "REFERENCES"})};
  if (kind == "sequence") return Target{"SEQUENCE " + name, words({"SELECT", "UPDATE", "USAGE"})};
  if (kind == "schema") return Target{"SCHEMA " + name, words({"USAGE", "CREATE"})};
  if (kind == "function" || kind == "procedure" || kind == "aggregate") {
    const auto with_arguments = signature(object.schema, object.object);
    if (!with_arguments) return {};
    return Target{(kind == "procedure" ? "PROCEDURE " : "FUNCTION ") + *with_arguments,
                  words({"EXECUTE"}), true};
  }
  if (kind == "enum" || kind == "composite type" || kind == "range type" || kind == "domain") {
    return Target{(kind == "domain" ? "DOMAIN " : "TYPE ") + name, words({"USAGE"}), true};
  }
  if (kind == "language") return Target{"LANGUAGE " + name, words({"USAGE"}), true};
  if (kind == "foreign server") return Target{"FOREIGN SERVER " + name, words({"USAGE"})};
  if (kind == "foreign data wrapper") {
    return Target{"FOREIGN DATA WRAPPER " + name, words({"USAGE"})};
  }
  return {};
}

// "owner on tables": the role as PostgreSQL quotes it, and what they are for.
std::optional<Target> target_of_default(const Object& object, int version) {
  const std::size_t on = object.object.rfind(" on ");
  if (on == std::string::npos) return {};
  const std::string what = object.object.substr(on + 4);
  const bool everywhere = object.schema.empty();
  if (what == "tables") return Target{"TABLES", of_tables(version)};
  if (what == "sequences") return Target{"SEQUENCES", words({"SELECT", "UPDATE", "USAGE"})};
  if (what == "functions") return Target{"FUNCTIONS", words({"EXECUTE"}), everywhere};
  if (what == "types") return Target{"TYPES", words({"USAGE"}), everywhere};
  if (what == "schemas") return Target{"SCHEMAS", words({"USAGE", "CREATE"})};
  return {};
}

std::optional<std::string> role_of(const Object& object, std::string_view who) {
  if (who == "PUBLIC") return "PUBLIC";
  if (who == "@owner") {
    if (object.kind == "default privileges") {
      return object.object.substr(0, object.object.rfind(" on "));
    }
    const std::string_view owner = property_of(object, Facet::kOwner, "owner");
    if (owner.empty()) return {};
    return written_name(owner);
  }
  if (who.starts_with('"') && who.ends_with('"') && who.size() > 2) {
    who = who.substr(1, who.size() - 2);
  }
  return written_name(who);
}

Words words_in(std::string_view value, const Words& all, const Words& by_default) {
  if (value.empty()) return by_default;
  return value == "ALL" ? all : rights_named(value);
}

// "SELECT, UPDATE", or of a column "SELECT (name)".
std::string list_of(const Words& words, const Words& all, const Object& object) {
  const bool is_column = object.kind == "column";
  if (!is_column && words.size() == all.size() && words.size() > 1) return "ALL";
  std::string text;
  for (const auto& [word, grantable] : words) {
    if (!text.empty()) text += ", ";
    text += word;
    if (is_column) text += fmt::format(" ({})", written_name(object.name));
  }
  return text;
}

}  // namespace

std::vector<std::string> privilege_statements(const Object& object, std::string_view property,
                                              std::string_view expected, std::string_view live,
                                              int version) {
  const bool is_default = object.kind == "default privileges";
  const auto target = is_default ? target_of_default(object, version) : target_of(object, version);
  std::string_view who = property;
  for (const std::string_view prefix : {kPrivilegesOf, kRightsOf}) {
    if (who.starts_with(prefix)) who.remove_prefix(prefix.size());
  }
  const auto role = role_of(object, who);
  if (!target || !role) return {};
  const bool has_all = who == "@owner" && !(is_default && !object.schema.empty());
  const Words by_default =
      has_all || (who == "PUBLIC" && target->public_by_default) ? target->all : Words{};
  const Words should = words_in(expected, target->all, by_default);
  const Words has = words_in(live, target->all, by_default);
  Words revoke, no_option, grant, with_option;
  for (const auto& [word, grantable] : has) {
    const auto found = should.find(word);
    if (found == should.end()) {
      revoke[word];
    } else if (grantable && !found->second) {
      no_option[word];
    }
  }
  for (const auto& [word, grantable] : should) {
    const auto found = has.find(word);
    const bool there = found != has.end();
    if (grantable && !(there && found->second)) {
      with_option[word];
    } else if (!there) {
      grant[word];
    }
  }
  std::string begin;
  if (is_default) {
    begin = fmt::format("ALTER DEFAULT PRIVILEGES FOR ROLE {} ",
                        object.object.substr(0, object.object.rfind(" on ")));
    if (!object.schema.empty()) begin += "IN SCHEMA " + written_name(object.schema) + ' ';
  }
  std::vector<std::string> statements;
  const auto write = [&](const Words& which, std::string_view what, std::string_view to,
                         std::string_view end) {
    if (which.empty()) return;
    statements.push_back(fmt::format("{}{} {} ON {} {} {}{}", begin, what,
                                     list_of(which, target->all, object), target->text, to, *role,
                                     end));
  };
  write(revoke, "REVOKE", "FROM", "");
  write(no_option, "REVOKE GRANT OPTION FOR", "FROM", "");
  write(grant, "GRANT", "TO", "");
  write(with_option, "GRANT", "TO", " WITH GRANT OPTION");
  return statements;
}

std::string comment_statement(const Object& object, std::string_view comment) {
  std::optional<std::string> what = address(object.kind, object.schema, object.object, object.name);
  if (!what) return {};
  return fmt::format("COMMENT ON {} IS {}", *what,
                     comment.empty() ? "NULL" : sql::quoted_literal(comment));
}

}  // namespace drift::schema
