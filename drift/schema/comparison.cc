#include "drift/schema/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/schema/folding.h"
#include "drift/schema/identifiers.h"
#include "drift/schema/judgement.h"
#include "drift/schema/normalise.h"
#include "drift/schema/renames.h"
#include "drift/schema/snapshot.h"
#include "drift/sql/json_text.h"

namespace drift::schema {
namespace {

constexpr std::size_t kFingerprintDigits = 16;

int major_version(const Snapshot& snapshot) { return snapshot.header.server_version_num / 10'000; }

// What deparses anew in every major version: compared between equal ones alone.
bool is_of_version(const Object& object, const Property& property) {
  const bool view = object.kind == "view" || object.kind == "materialized view";
  return property.facet == Facet::kStructure &&
         ((view && property.name == "definition") || property.name == "sql_body");
}

Object object_of(std::string_view line) {
  std::optional<Object> object = read_line(line);
  if (!object) {
    throw Error{Fault::kReportUnreadable, "a snapshot holds a line that is not an object"};
  }
  return std::move(*object);
}

// What belongs to one side of the comparison.
struct Side {
  std::vector<Object> objects;  // those that are not the same on the other side
};

class Comparing {
 public:
  Comparing(const Snapshot& expected, const Snapshot& live, bool strict)
      : expected_(expected), live_(live), strict_(strict) {}

  Comparison run();

 private:
  void cover();
  void read_differences();
  Side side(const std::vector<std::string_view>& lines) const;
  void add(Finding finding);
  void missing_or_unexpected(const Object& object, State state);
  void extension_member(const Object& object, State state);
  void changed(const Object& expected, const Object& live);
  bool same(const Property& expected, const Property& live) const;
  std::set<std::string> known_roles() const;
  // (schema, table) of what a table inherits from, on either side.
  std::vector<std::pair<std::string, std::string>> parents_of(const std::string& schema,
                                                              const std::string& table) const;
  void note_parts(Finding& finding) const;

  const Snapshot& expected_;
  const Snapshot& live_;
  const bool strict_;
  Side expected_side_, live_side_;
  std::set<std::string> not_compared_;  // kinds
  std::map<std::string, std::string> names_;
  Comparison comparison_;
};

void Comparing::cover() {
  std::set<std::string> kinds;
  for (const Snapshot* side : {&expected_, &live_}) {
    for (const auto& [kind, state] : side->header.coverage) kinds.insert(kind);
  }
  kinds.erase(std::string(kVersionRows));
  for (const std::string& kind : kinds) {
    std::string& coverage = comparison_.coverage[kind];
    coverage = kCompared;
    for (const Snapshot* side : {&expected_, &live_}) {
      const char* which = side == &expected_ ? "expected" : "live";
      const auto found = side->header.coverage.find(kind);
      if (found != side->header.coverage.end() && found->second == kRead) continue;
      constexpr std::string_view kPrefix = "not checked: ";
      std::string_view why = found == side->header.coverage.end()
                                 ? std::string_view("not in the snapshot")
                                 : std::string_view(found->second);
      if (why.starts_with(kPrefix)) why.remove_prefix(kPrefix.size());
      coverage = fmt::format("{}{} side: {}", kPrefix, which, why);
      not_compared_.insert(kind);
    }
  }
  if (major_version(expected_) != major_version(live_)) {
    comparison_.coverage[std::string(kViewDefinition)] =
        fmt::format("not checked: PostgreSQL {} and {} tell the same query in different words",
                    major_version(expected_), major_version(live_));
  }
}

Side Comparing::side(const std::vector<std::string_view>& lines) const {
  Side side;
  const bool across = major_version(expected_) != major_version(live_);
  for (const std::string_view line : lines) {
    Object object = object_of(line);
    if (not_compared_.count(object.kind) > 0) continue;
    if (across) {
      object.properties.erase(
          std::remove_if(object.properties.begin(), object.properties.end(),
                         [&](const Property& each) { return is_of_version(object, each); }),
          object.properties.end());
    }
    // Here and not in the snapshot, so that one of an earlier version is none that differs.
    for (Property& property : object.properties) {
      if (object.kind == "statistics" && property.name == "definition") {
        property.value = sorted_statistics(property.value);
      }
    }
    side.objects.push_back(std::move(object));
  }
  return side;
}

// Lines are sorted, so what is in both is passed over without being read.
void Comparing::read_differences() {
  std::vector<std::string_view> only_expected, only_live;
  std::set_difference(expected_.lines.begin(), expected_.lines.end(), live_.lines.begin(),
                      live_.lines.end(), std::back_inserter(only_expected));
  std::set_difference(live_.lines.begin(), live_.lines.end(), expected_.lines.begin(),
                      expected_.lines.end(), std::back_inserter(only_live));
  expected_side_ = side(only_expected);
  live_side_ = side(only_live);
}

void Comparing::add(Finding finding) {
  std::string print;
  for (const std::string_view part :
       {std::string_view(finding.kind), state_name(finding.state), std::string_view(finding.schema),
        std::string_view(finding.on), std::string_view(finding.name),
        std::string_view(finding.property), std::string_view(finding.to)}) {
    sql::append_json_string(print, part);
  }
  finding.fingerprint = aws::sha256_hex(print).substr(0, kFingerprintDigits);
  comparison_.findings.push_back(std::move(finding));
}

Finding about(const Object& object, State state) {
  Finding finding;
  finding.kind = object.kind;
  finding.state = state;
  finding.schema = object.schema;
  finding.on = object.name.empty() ? "" : object.object;
  finding.name = object.name.empty() ? object.object : object.name;
  finding.object = object;
  return finding;
}

void Comparing::missing_or_unexpected(const Object& object, State state) {
  if (object.kind == "extension member") return extension_member(object, state);
  Finding finding = about(object, state);
  if (object.kind == "default privileges") finding.facet = Facet::kPrivilege;
  add(std::move(finding));
}

bool Comparing::same(const Property& expected, const Property& live) const {
  if (expected.value == live.value) return true;
  return !names_.empty() && equal_but_for_names(expected.value, live.value, names_);
}

void Comparing::changed(const Object& expected, const Object& live) {
  const auto note = [&](Facet facet, const std::string& property, const std::string& should,
                        const std::string& is) {
    Finding finding = about(live, State::kChanged);
    finding.facet = facet;
    finding.property = property;
    finding.expected = should;
    finding.live = is;
    add(std::move(finding));
  };
  auto should = expected.properties.begin();
  auto is = live.properties.begin();
  const auto before = [](const Property& a, const Property& b) {
    return std::tie(a.facet, a.name) < std::tie(b.facet, b.name);
  };
  while (should != expected.properties.end() || is != live.properties.end()) {
    if (is == live.properties.end() ||
        (should != expected.properties.end() && before(*should, *is))) {
      note(should->facet, should->name, should->value, "");
      ++should;
    } else if (should == expected.properties.end() || before(*is, *should)) {
      note(is->facet, is->name, "", is->value);
      ++is;
    } else {
      const bool equal = live.kind == "extension" ? *should == *is : same(*should, *is);
      if (!equal) note(is->facet, is->name, should->value, is->value);
      ++should;
      ++is;
    }
  }
}

// Those that the expected side grants anything to.
std::set<std::string> Comparing::known_roles() const {
  constexpr std::string_view kPrivileges = "\"privilege\":{";
  constexpr std::string_view kPrivilegesOf = "privileges of ";
  std::set<std::string> roles;
  for (const std::string_view line : expected_.lines) {
    if (line.find(kPrivileges) == std::string_view::npos) continue;
    for (const Property& property : object_of(line).properties) {
      if (property.facet != Facet::kPrivilege || !property.name.starts_with(kPrivilegesOf))
        continue;
      roles.insert(property.name.substr(kPrivilegesOf.size()));
    }
  }
  return roles;
}

// The line of a thing that lies in nothing else, by its beginning.
std::optional<Object> find_object(const Snapshot& snapshot, const std::string& kind,
                                  const std::string& schema, const std::string& object) {
  Object key;
  key.kind = kind;
  key.schema = schema;
  key.object = object;
  std::string begin;
  append_line(begin, key);
  begin.pop_back();  // the brace: what follows may be a comma
  const auto found = std::lower_bound(snapshot.lines.begin(), snapshot.lines.end(), begin);
  if (found == snapshot.lines.end() || !found->starts_with(begin)) return {};
  return read_line(*found);
}

std::vector<std::pair<std::string, std::string>> Comparing::parents_of(
    const std::string& schema, const std::string& table) const {
  std::vector<std::pair<std::string, std::string>> parents;
  for (const Snapshot* side : {&live_, &expected_}) {
    const std::optional<Object> found = find_object(*side, "table", schema, table);
    if (!found) continue;
    for (const auto& parts : names_in_list(found->structure("inherits"))) {
      if (parts.size() == 2) parents.emplace_back(parts[0], parts[1]);
    }
  }
  return parents;
}

void Comparing::note_parts(Finding& finding) const {
  if (finding.schema.empty()) return;
  std::vector<std::pair<std::string, std::string>> waiting = {
      {finding.schema, finding.on.empty() ? finding.name : finding.on}};
  std::set<std::pair<std::string, std::string>> seen = {waiting.front()};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (i > 0) finding.part_of.push_back(waiting[i].first + '.' + waiting[i].second);
    // A copy: what follows makes the list longer.
    const auto [schema, table] = waiting[i];
    for (auto& parent : parents_of(schema, table)) {
      if (seen.insert(parent).second) waiting.push_back(std::move(parent));
    }
  }
}

// It stands for what was granted on it, so that one which is not there is one on which nothing was:
// where its extension is on both sides.
void Comparing::extension_member(const Object& object, State state) {
  for (const Snapshot* side : {&expected_, &live_}) {
    if (!find_object(*side, "extension", "", object.object)) return;
  }
  Object nothing = object;
  nothing.properties.clear();
  if (state == State::kMissing) {
    changed(object, nothing);
  } else {
    changed(nothing, object);
  }
}

Comparison Comparing::run() {
  cover();
  if (expected_.root != live_.root) read_differences();
  const std::vector<Rename> renames =
      find_renames(expected_side_.objects, live_side_.objects, names_);
  std::map<std::tuple<std::string, std::string, std::string, std::string>, const Object*> live;
  for (const Object& object : live_side_.objects) live[object.key()] = &object;
  // A type of an extension that lies in another schema has another name, and is the same type.
  for (const Object& object : expected_side_.objects) {
    const auto found = live.find(object.key());
    if (object.kind != "extension" || found == live.end()) continue;
    names_[std::string(object.structure("schema"))] = found->second->structure("schema");
  }
  for (const Object& object : expected_side_.objects) {
    const auto found = live.find(object.key());
    if (found == live.end()) {
      missing_or_unexpected(object, State::kMissing);
    } else {
      changed(object, *found->second);
      live.erase(found);
    }
  }
  for (const auto& [key, object] : live) missing_or_unexpected(*object, State::kUnexpected);
  for (const Rename& rename : renames) {
    Finding finding = about(rename.from, State::kRenamed);
    finding.to = rename.to.name.empty() ? rename.to.object : rename.to.name;
    finding.object = rename.to;
    add(std::move(finding));
  }
  const auto parents = [&](const std::string& schema, const std::string& table) {
    return parents_of(schema, table);
  };
  fold(comparison_.findings, parents);
  for (Finding& finding : comparison_.findings) note_parts(finding);
  const bool privileges =
      std::any_of(comparison_.findings.begin(), comparison_.findings.end(),
                  [](const Finding& finding) { return finding.facet == Facet::kPrivilege; });
  judge(comparison_.findings, privileges ? known_roles() : std::set<std::string>(), strict_);
  std::sort(comparison_.findings.begin(), comparison_.findings.end(),
            [](const Finding& a, const Finding& b) {
              return std::tie(a.schema, a.on, a.kind, a.name, a.state, a.facet, a.property) <
                     std::tie(b.schema, b.on, b.kind, b.name, b.state, b.facet, b.property);
            });
  return std::move(comparison_);
}

}  // namespace

std::string_view state_name(State state) {
  switch (state) {
    case State::kMissing: return "missing";
    case State::kUnexpected: return "unexpected";
    case State::kChanged: return "changed";
    case State::kRenamed: break;
  }
  return "renamed";
}

bool Comparison::complete() const {
  return std::all_of(coverage.begin(), coverage.end(), [](const auto& each) {
    return each.second == kCompared || each.first == kViewDefinition;
  });
}

Comparison compare(const Snapshot& expected, const Snapshot& live, bool strict) {
  return Comparing(expected, live, strict).run();
}

}  // namespace drift::schema
