// What two snapshots hold that is not the same.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drift/schema/object.h"

namespace drift::schema {

struct Snapshot;

enum class State { kMissing, kUnexpected, kChanged, kRenamed };
// "missing", "unexpected", "changed", "renamed".
std::string_view state_name(State state);

struct Finding {
  std::string kind;
  State state = State::kChanged;
  std::string schema;
  std::string on;    // of what belongs to something: the table, the domain; else ""
  std::string name;  // as it is expected to be called, or as it is called where nobody expects it
  std::string property;        // of kChanged
  std::string expected, live;  // of kChanged; "" where that side has the default
  std::string to;              // of kRenamed: as it is called now
  Facet facet = Facet::kStructure;
  std::string severity;  // "critical" where it fails, "warning" where a person should know, "info"
  bool fails = true;
  std::string why_not_failing;  // "" where it fails
  // 16 hex digits over what differs, not over how: the same on every run until it is mended.
  std::string fingerprint;
  // Of the object that it is about, for who folds and judges: as it is, or as it should be.
  Object object;
  // Of a table or what is on one: what that is a part or a child of, however far up, nearest first:
  // "app.events_2026", "app.events".
  std::vector<std::string> part_of;
};

// A finding that a rule takes out of the comparison (drift/schema/rules/rules.h).
struct Ignored {
  Finding finding;
  std::string rule;  // "rules.toml:3"
  std::string reason;
};

struct Comparison {
  // Sorted by schema, what they are on, kind, name and property; those that fail are not first.
  std::vector<Finding> findings;
  // By kind: "compared", or "not checked: " and why.
  std::map<std::string, std::string> coverage;
  // Of rules alone; none where there are no rules.
  std::vector<Ignored> ignored;
  std::vector<std::string> rule_warnings;
  bool complete() const;
};

inline constexpr std::string_view kCompared = "compared";
// Of coverage: what deparses differently in every major version of PostgreSQL.
inline constexpr std::string_view kViewDefinition = "view definition";

// A pure function. What neither side could read is `not checked`, never equal. Between two major
// versions of PostgreSQL the text of views is not compared.
// What is missing or unexpected stands for what belongs to it: a table for its columns, a
// constraint for its index, a column for its sequence, a partitioned table for its partitions.
// `strict`: every difference fails; else drift/schema/judgement.h decides.
// Throws Error{kReportUnreadable} for a snapshot with a line that is no object.
Comparison compare(const Snapshot& expected, const Snapshot& live, bool strict);

}  // namespace drift::schema
