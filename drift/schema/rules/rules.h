// What the owner of a schema says of differences: those that do not count, those that only count
// as news, those that fail, partitions that come and go, and the rights that roles should have.
//
//   [[ignore]]                       # or [[report]], or [[fail]]
//   kind = "index"                   # globs (* and ?), one or a list; "partition" is a table, too
//   name = "app.orders.tmp_*"        # schema, what it is on, name
//   property = "where"               # also `facet`, `state`
//   reason = "built for the quarter's reports"
//   until = 2026-12-31               # the first second of that day in UTC
//
//   [[parts]]
//   of = "app.measurements"          # its partitions, however deep, come and go
//   reason = "one a day, by pg_partman"
//
//   [[role]]
//   name = "app_writer"              # "PUBLIC" is everybody
//   rights = ["USAGE on schema app", "INSERT on table app.*", "EXECUTE on function app.*"]
//   exact = true                     # the default: what it has besides is a finding, too
//   reason = "writes and never reads"
//
// The first rule that matches a difference decides, in the order of the file, [[parts]] among them.
// docs/schema.md says the same in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/clock.h"
#include "drift/schema/comparison.h"
#include "drift/schema/snapshot.h"

namespace drift::schema {

enum class Action { kIgnore, kReport, kFail, kParts };

struct Rule {
  Action action = Action::kReport;
  std::vector<std::string> kinds, names;  // globs; none: any
  std::string property, facet, state;     // "": any; `property` is a glob
  std::string of;                         // of kParts: a glob
  std::string reason;
  std::optional<TimePoint> until;
  std::string place;  // "rules.toml:3"
};

struct Right {
  std::string privilege;  // "SELECT"; "ALL" for whatever there is
  std::string kind;       // "table", "schema", "sequence", "function", "default"
  std::string name;       // a glob over schema.name; of a schema, its name
  std::string written;    // as the file has it
};

struct RoleRights {
  std::string role;
  std::vector<Right> rights;
  bool exact = true;
  std::string reason;
  std::optional<TimePoint> until;
  std::string place;
};

struct Rules {
  std::vector<Rule> rules;        // in the order of the file
  std::vector<RoleRights> roles;  // the same
};

// Reads a rules file that `name` names in messages.
// Throws Error{kConfiguration} for what is no TOML, a key that is not known, a rule without a
// reason, or one that would match everything.
Rules read_rules(std::string_view text, const std::string& name);

// A pure function: judges the findings anew, and moves those that a rule ignores to
// `comparison.ignored`. Rules that matched nothing and rules that are past their date are said in
// `comparison.rule_warnings`. What the roles have that they should not, and the other way round,
// is added to the findings; `live` is the side that the rights are read from.
void apply_rules(const Rules& rules, const Snapshot& live, TimePoint now, Comparison& comparison);

// Whether `text` is what `glob` says: * is any text, also none, ? any one byte.
bool glob_matches(std::string_view glob, std::string_view text);

// The findings of the rights of roles alone; part of apply_rules. A right on nothing that was read
// is said in `warnings`.
std::vector<Finding> privilege_findings(const std::vector<RoleRights>& roles, const Snapshot& live,
                                        std::vector<std::string>& warnings);

}  // namespace drift::schema
