#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/text.h"
#include "drift/schema/normalise.h"
#include "drift/schema/rules/rules.h"

namespace drift::schema {
namespace {

using Words = std::set<std::string>;

constexpr std::size_t kFingerprintDigits = 16;
constexpr std::string_view kPublic = "PUBLIC";

// What there is to have on a thing. MAINTAIN came with PostgreSQL 17, and ALL is ALL without it.
// https://www.postgresql.org/docs/18/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE
const std::map<std::string, Words>& all_of_kinds() {
  static const std::map<std::string, Words> kAll = {
      {"table", {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"}},
      {"column", {"SELECT", "INSERT", "UPDATE", "REFERENCES"}},
      {"schema", {"USAGE", "CREATE"}},
      {"sequence", {"SELECT", "UPDATE", "USAGE"}},
      {"function", {"EXECUTE"}}};
  return kAll;
}

// The word that a rights file has for it; "" for what no right is about.
std::string kind_of(const Object& object) {
  const std::string& kind = object.kind;
  if (kind == "view" || kind == "materialized view" || kind == "foreign table") return "table";
  if (kind == "procedure" || kind == "aggregate") return "function";
  if (kind == "default privileges") return "default";
  return all_of_kinds().count(kind) > 0 ? kind : "";
}

// "app.orders"; of default privileges "app.tables", and "tables" for those of every schema.
std::string name_of(const Object& object, const std::string& kind) {
  std::string name = object.object;
  if (kind == "default") {
    const std::size_t last = name.rfind(' ');
    name = name.substr(last == std::string::npos ? 0 : last + 1);
  }
  if (!object.schema.empty()) name = object.schema + '.' + name;
  return object.name.empty() ? name : name + '.' + object.name;
}

std::string table_of(const Object& object) { return object.schema + '.' + object.object; }

// The rights on tables that default privileges give are those on the kind that they are for.
Words everything(const Object& object, const std::string& kind) {
  if (kind != "default") return all_of_kinds().at(kind);
  for (const auto& [word, all] : all_of_kinds()) {
    if (object.object.ends_with(" on " + word + 's')) return all;
  }
  return {};
}

Words words_in(std::string_view value, const Words& all) {
  if (value == "ALL") return all;
  Words words;
  for (const auto& [word, grantable] : rights_named(value)) words.insert(word);
  return words;
}

std::string_view property_of(const Object& object, Facet facet, std::string_view name) {
  for (const Property& property : object.properties) {
    if (property.facet == facet && property.name == name) return property.value;
  }
  return {};
}

// As drift/schema/normalise.h names the property.
std::string property_name(const std::string& role) { return "privileges of " + role; }

Words held(const Object& object, const std::string& kind, const std::string& role) {
  const std::string_view value = property_of(object, Facet::kPrivilege, property_name(role));
  if (!value.empty()) return words_in(value, everything(object, kind));
  return kind == "function" && role == kPublic ? Words{"EXECUTE"} : Words{};
}

std::string text_of(const Words& words) {
  return words.empty() ? "none" : joined(std::vector<std::string>(words.begin(), words.end()));
}

class Judging {
 public:
  explicit Judging(const RoleRights& role) : role_(role), used_(role.rights.size()) {}

  void look_at(const Object& object, const std::string& kind, const Words& of_table);
  std::vector<Finding> take() { return std::move(findings_); }
  void warn(std::vector<std::string>& warnings) const;

 private:
  Words wanted(const Object& object, const std::string& kind, bool of_its_table);

  const RoleRights& role_;
  std::vector<bool> used_;  // by right: there is something that it is on
  std::vector<Finding> findings_;
};

// A name that was misspelled would never be missed.
void Judging::warn(std::vector<std::string>& warnings) const {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (used_[i]) continue;
    warnings.push_back(fmt::format("the right {} of the rule at {} is on nothing that was read",
                                   quoted(role_.rights[i].written), role_.place));
  }
}

Words Judging::wanted(const Object& object, const std::string& kind, bool of_its_table) {
  Words words;
  const std::string name = of_its_table ? table_of(object) : name_of(object, kind);
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const Right& right = role_.rights[i];
    if (right.kind != (of_its_table ? "table" : kind) || !glob_matches(right.name, name)) continue;
    used_[i] = true;
    if (right.privilege == "ALL") {
      words.merge(everything(object, kind));
    } else {
      words.insert(right.privilege);
    }
  }
  return words;
}

// `of_table`: what the role has on the whole table, of a column.
void Judging::look_at(const Object& object, const std::string& kind, const Words& of_table) {
  const Words has = held(object, kind, role_.role);
  Words should = wanted(object, kind, false);
  // Who owns a thing can do everything with it, and take it from himself and give it back.
  if (property_of(object, Facet::kOwner, "owner") == role_.role) return;
  Words missing, excess;
  for (const std::string& word : should) {
    if (has.count(word) == 0 && of_table.count(word) == 0) missing.insert(word);
  }
  // What is allowed on the table is no news on one of its columns.
  Words allowed = should;
  if (kind == "column") allowed.merge(wanted(object, kind, true));
  for (const std::string& word : has) {
    if (role_.exact && allowed.count(word) == 0) excess.insert(word);
  }
  if (missing.empty() && excess.empty()) return;
  Finding finding;
  finding.kind = object.kind;
  finding.state = State::kChanged;
  finding.schema = object.schema;
  finding.on = object.name.empty() ? "" : object.object;
  finding.name = object.name.empty() ? object.object : object.name;
  finding.property = "rights of " + role_.role;
  finding.expected = text_of(should);
  Words told = has;
  if (!role_.exact) {  // what it has besides is nobody's business
    for (auto it = told.begin(); it != told.end();) {
      it = should.count(*it) > 0 ? std::next(it) : told.erase(it);
    }
  }
  finding.live = text_of(told);
  finding.facet = Facet::kPrivilege;
  finding.severity = "critical";
  finding.object = object;
  finding.fingerprint =
      aws::sha256_hex(fmt::format("right\n{}\n{}\n{}\n{}\n{}", finding.kind, finding.schema,
                                  finding.on, finding.name, role_.role))
          .substr(0, kFingerprintDigits);
  findings_.push_back(std::move(finding));
}

}  // namespace

std::vector<Finding> privilege_findings(const std::vector<RoleRights>& roles, const Snapshot& live,
                                        std::vector<std::string>& warnings) {
  if (roles.empty()) return {};
  std::vector<Judging> judging;
  judging.reserve(roles.size());
  for (const RoleRights& role : roles) judging.emplace_back(role);
  struct Wanted {
    Object object;
    std::string kind;
  };
  std::vector<Wanted> columns;
  std::map<std::pair<std::string, std::string>, std::vector<Words>> on_tables;
  for (const std::string_view line : live.lines) {
    std::optional<Object> object = read_line(line);
    if (!object) continue;
    const std::string kind = kind_of(*object);
    if (kind.empty()) continue;
    if (kind == "column") {
      columns.push_back({std::move(*object), kind});
      continue;
    }
    for (std::size_t i = 0; i < roles.size(); ++i) {
      judging[i].look_at(*object, kind, {});
      if (kind == "table") {
        on_tables[{object->schema, object->object}].push_back(held(*object, kind, roles[i].role));
      }
    }
  }
  for (const Wanted& column : columns) {
    const auto found = on_tables.find({column.object.schema, column.object.object});
    if (found == on_tables.end()) continue;  // an attribute of a type
    for (std::size_t i = 0; i < roles.size(); ++i) {
      judging[i].look_at(column.object, column.kind, found->second[i]);
    }
  }
  std::vector<Finding> findings;
  for (Judging& each : judging) {
    for (Finding& finding : each.take()) findings.push_back(std::move(finding));
    each.warn(warnings);
  }
  return findings;
}

}  // namespace drift::schema
