#include "drift/schema/rules/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace drift::schema {
namespace {

bool any_matches(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_matches(glob, text); });
}

std::string full_name(const Finding& finding) {
  std::string name;
  for (const std::string& part : {finding.schema, finding.on}) {
    if (!part.empty()) name += part + '.';
  }
  return name + finding.name;
}

bool is_gone_or_new(const Finding& finding) {
  return finding.state == State::kMissing || finding.state == State::kUnexpected;
}

// Of a part of a declared family: that it came or went, how it is stored, and names that nobody
// chose. That it differs otherwise from what was expected stays a difference.
bool comes_and_goes(const Rule& rule, const Finding& finding) {
  if (std::none_of(finding.part_of.begin(), finding.part_of.end(),
                   [&](const std::string& table) { return glob_matches(rule.of, table); })) {
    return false;
  }
  const bool is_part = finding.on.empty() && is_gone_or_new(finding);
  const bool clone_name =
      finding.state == State::kRenamed && !finding.object.structure("inherited").empty();
  return is_part || clone_name || finding.facet == Facet::kTuning;
}

bool matches(const Rule& rule, const Finding& finding) {
  if (rule.action == Action::kParts) return comes_and_goes(rule, finding);
  if (!rule.kinds.empty() && !any_matches(rule.kinds, finding.kind)) {
    const bool partition =
        finding.kind == "table" && !finding.object.structure("partition_bound").empty();
    if (!partition || !any_matches(rule.kinds, "partition")) return false;
  }
  if (!rule.names.empty() && !any_matches(rule.names, full_name(finding))) return false;
  if (!rule.property.empty() && !glob_matches(rule.property, finding.property)) return false;
  if (!rule.facet.empty() && rule.facet != facet_name(finding.facet)) return false;
  return rule.state.empty() || rule.state == state_name(finding.state);
}

void judge_by(const Rule& rule, Finding& finding) {
  finding.fails = rule.action == Action::kFail;
  finding.severity = finding.fails ? "critical" : "warning";
  finding.why_not_failing = finding.fails ? "" : rule.reason;
}

std::string date_of(TimePoint time) { return rfc3339(time).substr(0, 10); }

void warn_of_date(const std::string& place, TimePoint until, const std::string& reason,
                  Comparison& comparison) {
  comparison.rule_warnings.push_back(
      fmt::format("the rule at {} ended on {}: {}", place, date_of(until), reason));
}

// What a role should have is what the rules say, whatever the expected side has.
void leave_to_roles(const std::vector<RoleRights>& roles, Comparison& comparison) {
  std::vector<Finding> kept;
  for (Finding& finding : comparison.findings) {
    const auto role = std::find_if(roles.begin(), roles.end(), [&](const RoleRights& each) {
      return each.exact && finding.facet == Facet::kPrivilege &&
             finding.property == "privileges of " + each.role;
    });
    if (role == roles.end()) {
      kept.push_back(std::move(finding));
    } else {
      comparison.ignored.push_back(
          {std::move(finding), role->place, "judged by the rights that the role should have"});
    }
  }
  comparison.findings = std::move(kept);
}

void sort(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.schema, a.on, a.kind, a.name, a.state, a.facet, a.property) <
           std::tie(b.schema, b.on, b.kind, b.name, b.state, b.facet, b.property);
  });
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t at = 0, in = 0;
  std::size_t star = std::string_view::npos, behind = 0;
  while (in < text.size()) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      behind = in;
    } else if (at < glob.size() && (glob[at] == '?' || glob[at] == text[in])) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++behind;
    } else {
      return false;
    }
  }
  while (at < glob.size() && glob[at] == '*') ++at;
  return at == glob.size();
}

void apply_rules(const Rules& rules, const Snapshot& live, TimePoint now, Comparison& comparison) {
  std::vector<RoleRights> roles;
  for (const RoleRights& role : rules.roles) {
    if (role.until && *role.until <= now) {
      warn_of_date(role.place, *role.until, role.reason, comparison);
    } else {
      roles.push_back(role);
    }
  }
  leave_to_roles(roles, comparison);
  for (Finding& finding : privilege_findings(roles, live, comparison.rule_warnings)) {
    comparison.findings.push_back(std::move(finding));
  }
  sort(comparison.findings);
  std::vector<bool> used(rules.rules.size());
  std::vector<Finding> kept;
  for (Finding& finding : comparison.findings) {
    const auto rule = std::find_if(rules.rules.begin(), rules.rules.end(), [&](const Rule& each) {
      return !(each.until && *each.until <= now) && matches(each, finding);
    });
    if (rule == rules.rules.end()) {
      kept.push_back(std::move(finding));
      continue;
    }
    used[static_cast<std::size_t>(rule - rules.rules.begin())] = true;
    if (rule->action == Action::kIgnore || rule->action == Action::kParts) {
      comparison.ignored.push_back({std::move(finding), rule->place, rule->reason});
      continue;
    }
    judge_by(*rule, finding);
    kept.push_back(std::move(finding));
  }
  comparison.findings = std::move(kept);
  for (std::size_t i = 0; i < used.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (rule.until && *rule.until <= now) {
      warn_of_date(rule.place, *rule.until, rule.reason, comparison);
    } else if (!used[i]) {
      comparison.rule_warnings.push_back(
          fmt::format("the rule at {} matches no difference: {}", rule.place, rule.reason));
    }
  }
}

}  // namespace drift::schema
