#include "drift/schema/statements/script.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "drift/base/text.h"
#include "drift/schema/comparison_text.h"
#include "drift/schema/statements/live_catalog.h"
#include "drift/schema/statements/steps.h"

namespace drift::schema {
namespace {

Steps structure_steps(const Finding& finding, const Sides& sides) {
  const std::string& kind = finding.kind;
  if (kind == "table" || kind == "foreign table") return table_steps(finding, sides);
  if (kind == "column" || kind == "identity") return column_steps(finding, sides);
  if (kind == "index") return index_steps(finding, sides);
  if (kind == "constraint") return constraint_steps(finding, sides);
  if (kind == "view" || kind == "materialized view") return view_steps(finding, sides);
  if (kind == "sequence") return sequence_steps(finding, sides);
  if (kind == "enum" || kind == "domain" || kind == "composite type" || kind == "range type" ||
      kind == "attribute") {
    return type_steps(finding, sides);
  }
  if (kind == "schema" || kind == "extension" || kind == "publication" ||
      kind == "default privileges") {
    return global_steps(finding, sides);
  }
  return program_steps(finding, sides);
}

// A missing thing that is on a renamed table was found under the table's other name.
Finding by_expected_name(Finding finding, const Sides& sides) {
  const std::string table = sides.table(finding);
  if (finding.on.empty() || table == finding.on) return finding;
  if (finding.state == State::kMissing) {
    const Object* own = sides.expected.find(finding.kind, finding.schema, table, finding.name);
    if (own != nullptr) finding.object = *own;
  } else {
    finding.object.object = table;
  }
  return finding;
}

Steps steps_of(const Finding& given, const Sides& sides) {
  const Finding finding = by_expected_name(given, sides);
  const bool described = finding.state == State::kChanged &&
                         (finding.facet == Facet::kPrivilege || finding.facet == Facet::kOwner ||
                          finding.facet == Facet::kComment);
  return described ? description_steps(finding, sides) : structure_steps(finding, sides);
}

// The name that a statement makes: what stands behind CREATE … and before what follows.
std::string made_by(const std::string& sql) {
  if (!sql.starts_with("CREATE ")) return {};
  // They are made of functions and types, which they name, and nobody names them so.
  for (const char* rare :
       {"CREATE CAST ", "CREATE OPERATOR ", "CREATE CONVERSION ", "CREATE DEFAULT CONVERSION ",
        "CREATE AGGREGATE ", "CREATE OR REPLACE AGGREGATE ", "CREATE TEXT SEARCH CONFIGURATION "}) {
    if (sql.starts_with(rare)) return {};
  }
  for (const char* word : {"TABLE ", "VIEW ", "SEQUENCE ", "TYPE ", "DOMAIN ", "FUNCTION ",
                           "PROCEDURE ", "COLLATION ", "DICTIONARY "}) {
    const std::size_t at = sql.find(word);
    if (at == std::string::npos || at > 40) continue;
    const std::size_t begin = at + std::string_view(word).size();
    bool quoted = false;
    std::size_t end = begin;
    for (; end < sql.size(); ++end) {
      if (sql[end] == '"') quoted = !quoted;
      if (!quoted && (sql[end] == ' ' || sql[end] == '(' || sql[end] == '\n')) break;
    }
    return sql.substr(begin, end - begin);
  }
  return {};
}

// Whether `sql` has `name`, and not as a part of a longer one.
bool names(const std::string& sql, const std::string& name) {
  const auto goes_on = [](char c) {
    return is_alnum(c) || c == '_' || c == '$' || c == '"' || static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = sql.find(name); at != std::string::npos; at = sql.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || (!goes_on(sql[at - 1]) && sql[at - 1] != '.')) &&
        (end == sql.size() || !goes_on(sql[end]))) {
      return true;
    }
  }
  return false;
}

// By phase; what another step's statement names is made before that.
Steps ordered(Steps steps) {
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.phase < b.phase; });
  std::multimap<std::string, std::size_t> makers;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].sql.empty() || steps[i].phase >= kRemovals) continue;
    const std::string name = made_by(steps[i].sql.front());
    if (!name.empty()) makers.emplace(name, i);
  }
  Steps result;
  std::vector<bool> seen(steps.size());
  const std::function<void(std::size_t)> visit = [&](std::size_t i) {
    if (seen[i]) return;
    seen[i] = true;
    for (const auto& [name, maker] : makers) {
      if (maker == i || seen[maker] || steps[i].phase >= kRemovals) continue;
      const bool named =
          std::any_of(steps[i].sql.begin(), steps[i].sql.end(),
                      [&, &name = name](const std::string& sql) { return names(sql, name); });
      if (named) visit(maker);
    }
    result.push_back(std::move(steps[i]));
  };
  for (std::size_t i = 0; i < steps.size(); ++i) visit(i);
  return result;
}

}  // namespace

Step step(Phase phase, std::vector<std::string> sql) {
  Step one;
  one.phase = phase;
  one.sql = std::move(sql);
  return one;
}

Step without(std::string why_not) {
  Step one;
  one.phase = kRemovals + 20;
  one.why_not = std::move(why_not);
  return one;
}

Step follows(std::string why) {
  Step one = without(std::move(why));
  one.follows = true;
  return one;
}

Step removal(int order, std::string sql, std::string what) {
  Step one;
  one.phase = kRemovals + order;
  one.sql = {std::move(sql)};
  one.removes = std::move(what);
  return one;
}

std::string Sides::table(const Finding& finding) const {
  const std::string& name = finding.on.empty() ? finding.name : finding.on;
  const auto found = tables.find({finding.schema, name});
  return found == tables.end() ? name : found->second;
}

std::string Sides::column(const Finding& finding) const {
  const auto found = columns.find({finding.schema + '.' + finding.on, finding.name});
  return found == columns.end() ? finding.name : found->second;
}

Script script_of(const Comparison& comparison, const Snapshot& expected, const Snapshot& live) {
  const Known should(expected), is(live);
  Sides sides{should, is, {}, {}};
  for (const Finding& finding : comparison.findings) {
    if (finding.state != State::kRenamed || !finding.fails) continue;
    if (finding.on.empty()) sides.tables[{finding.schema, finding.to}] = finding.name;
    if (finding.kind == "column") {
      sides.columns[{finding.schema + '.' + finding.on, finding.to}] = finding.name;
    }
  }
  Script script;
  std::map<std::string, std::size_t> by_key;
  Steps steps;
  for (const Finding& finding : comparison.findings) {
    if (!finding.fails) {
      ++script.not_failing;
      continue;
    }
    const std::string about = std::string(state_name(finding.state)) + ": " + sentence_of(finding);
    Steps own = steps_of(finding, sides);
    const bool certain = !own.empty() && std::any_of(own.begin(), own.end(), [](const Step& each) {
      return !each.sql.empty();
    });
    const bool brought = !certain && !own.empty() && own.front().follows;
    ++(certain ? script.certain : brought ? script.following : script.without);
    for (Step& one : own) {
      const auto there = one.key.empty() ? by_key.end() : by_key.find(one.key);
      if (there != by_key.end()) {
        steps[there->second].about.push_back(about);
        continue;
      }
      if (!one.key.empty()) by_key[one.key] = steps.size();
      one.about.push_back(about);
      steps.push_back(std::move(one));
    }
  }
  script.steps = ordered(std::move(steps));
  script.live = live_catalog(comparison, live, sides);
  return script;
}

}  // namespace drift::schema
